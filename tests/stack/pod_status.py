"""The status documents that a kubelet and a scheduler write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Json = dict[str, Any]


def timestamp(micro: bool = False) -> str:
    """Now, as Kubernetes writes a time (`micro` for leases)."""
    now = datetime.now(UTC)
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if micro else "%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> float:
    """A Kubernetes time in seconds since the epoch."""
    return datetime.fromisoformat(text).timestamp()


def _condition(pod: Json, kind: str, holds: bool, reason: str = "", message: str = "") -> Json:
    """One condition; its transition time is kept where the pod already has that status."""
    condition = {"type": kind, "status": str(holds), "lastTransitionTime": timestamp()}
    for known in pod.get("status", {}).get("conditions") or ():
        if known["type"] == kind and known["status"] == str(holds):
            condition["lastTransitionTime"] = known["lastTransitionTime"]
    if reason:
        condition |= {"reason": reason, "message": message}
    return condition


def _conditions(pod: Json, ready: bool) -> list[Json]:
    reason = "" if ready else "ContainersNotReady"
    message = "" if ready else "containers with unready status: [app]"
    return [
        _condition(pod, "Initialized", True),
        _condition(pod, "Ready", ready, reason, message),
        _condition(pod, "ContainersReady", ready, reason, message),
        _condition(pod, "PodScheduled", True),
    ]


def _container(
    pod: Json, ready: bool, state: Json, restarts: int = 0, last: Json | None = None
) -> Json:
    spec = pod["spec"]["containers"][0]
    return {
        "name": spec["name"],
        "image": spec["image"],
        "imageID": "",
        "ready": ready,
        "started": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": last or {},
    }


def starting(pod: Json) -> Json:
    """Bound to a node, its container not there yet."""
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    return {
        "phase": "Pending",
        "startTime": timestamp(),
        "hostIP": "127.0.0.1",
        "conditions": _conditions(pod, ready=False),
        "containerStatuses": [_container(pod, False, waiting)],
    }


def running(pod: Json, ready: bool = True, restarts: int = 0) -> Json:
    """Its container runs; `ready` says whether it passes its readiness probe."""
    state = {"running": {"startedAt": timestamp()}}
    return {
        "phase": "Running",
        "podIP": "127.0.0.1",
        "podIPs": [{"ip": "127.0.0.1"}],
        "conditions": _conditions(pod, ready),
        "containerStatuses": [_container(pod, ready, state, restarts)],
    }


def crash_looping(pod: Json, restarts: int) -> Json:
    """Its container has ended `restarts` times and waits for the next start."""
    now = timestamp()
    waiting = {
        "waiting": {
            "reason": "CrashLoopBackOff",
            "message": "back-off 10s restarting failed container=app",
        }
    }
    ended = {"exitCode": 1, "reason": "Error", "startedAt": now, "finishedAt": now}
    return {
        "phase": "Running",
        "podIP": "127.0.0.1",
        "conditions": _conditions(pod, ready=False),
        "containerStatuses": [_container(pod, False, waiting, restarts, {"terminated": ended})],
    }


def unschedulable(pod: Json, nodes: int) -> Json:
    """The scheduler found no room."""
    message = f"0/{nodes} nodes are available: {nodes} Too many pods."
    return {
        "phase": "Pending",
        "conditions": [_condition(pod, "PodScheduled", False, "Unschedulable", message)],
    }


def is_ready(pod: Json) -> bool:
    """Whether the pod serves: Ready and not being deleted."""
    if pod["metadata"].get("deletionTimestamp"):
        return False
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod.get("status", {}).get("conditions") or ()
    )


def is_finished(pod: Json) -> bool:
    """Whether it will never run again."""
    return pod.get("status", {}).get("phase") in ("Succeeded", "Failed")


def node_status(pods: int) -> Json:
    """A healthy node with room for `pods`."""
    room = {"cpu": "64", "memory": "256Gi", "pods": str(pods)}
    now = timestamp()
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "KubeletReady",
        "message": "kubelet is posting ready status",
        "lastHeartbeatTime": now,
        "lastTransitionTime": now,
    }
    return {
        "capacity": room,
        "allocatable": room,
        "conditions": [condition],
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "nodeInfo": {
            "architecture": "amd64",
            "bootID": "",
            "containerRuntimeVersion": "none://",
            "kernelVersion": "",
            "kubeProxyVersion": "",
            "kubeletVersion": "v1.20.2",
            "machineID": "",
            "operatingSystem": "linux",
            "osImage": "",
            "systemUUID": "",
        },
    }
