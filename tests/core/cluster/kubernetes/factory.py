"""Pods and Deployments as the API gives them."""

from __future__ import annotations

from typing import Any


def pod(
    *,
    ready: bool = False,
    phase: str = "Running",
    deleted: bool = False,
    unschedulable: str = "",
    waiting: str = "",
    terminated: int | None = None,
    last_exit: int | None = None,
    restarts: int = 0,
    init_waiting: str = "",
    created: str = "2026-03-01T12:00:00Z",
    ready_at: str = "2026-03-01T12:00:07Z",
    node: str = "node-1",
    name: str = "web-5d9c7b8f6-abcde",
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "uid": f"uid-{name}", "creationTimestamp": created}
    if deleted:
        metadata["deletionTimestamp"] = "2026-03-01T12:30:00Z"
    conditions: list[dict[str, Any]] = [
        {
            "type": "Ready",
            "status": "True" if ready else "False",
            "lastTransitionTime": ready_at,
        },
        {"type": "PodScheduled", "status": "True"},
    ]
    if unschedulable:
        conditions[1] = {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": unschedulable,
        }
    state: dict[str, Any] = {"running": {"startedAt": created}}
    if waiting:
        state = {"waiting": {"reason": waiting}}
    if terminated is not None:
        state = {"terminated": {"exitCode": terminated, "reason": "Error"}}
    container: dict[str, Any] = {
        "name": "app",
        "ready": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": {},
    }
    if last_exit is not None:
        container["lastState"] = {"terminated": {"exitCode": last_exit, "reason": "Error"}}
    status: dict[str, Any] = {
        "phase": phase,
        "conditions": conditions,
        "containerStatuses": [container],
    }
    if init_waiting:
        status["initContainerStatuses"] = [
            {"name": "setup", "restartCount": 0, "state": {"waiting": {"reason": init_waiting}}}
        ]
    spec = {} if unschedulable else {"nodeName": node}
    return {"metadata": metadata, "spec": spec, "status": status}


def deployment(
    *,
    replicas: int = 4,
    current: int = 4,
    updated: int = 4,
    progressing: str | None = "NewReplicaSetAvailable",
    failure: str = "",
) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = []
    if progressing is not None:
        conditions.append({"type": "Progressing", "status": "True", "reason": progressing})
    if failure:
        conditions.append(
            {
                "type": "ReplicaFailure",
                "status": "True",
                "reason": "FailedCreate",
                "message": failure,
            }
        )
    return {
        "metadata": {"name": "web", "generation": 3},
        "spec": {"replicas": replicas},
        "status": {
            "observedGeneration": 3,
            "replicas": current,
            "updatedReplicas": updated,
            "conditions": conditions,
        },
    }
