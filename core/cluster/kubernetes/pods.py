"""Tells the pods of a Deployment apart, from their JSON alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from core.cluster.kubernetes.redaction import redact
from core.cluster.kubernetes.view import PodCounts

Json = Mapping[str, Any]


class PodCondition(StrEnum):
    """What a pod is to an autoscaler; every pod is exactly one of these."""

    READY = "ready"
    STARTING = "starting"
    TERMINATING = "terminating"
    CRASH_LOOPING = "crash_looping"
    UNSCHEDULABLE = "unschedulable"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class PodReport:
    """One pod."""

    condition: PodCondition
    node: str = ""
    """Empty while it has none."""
    problem: str = ""
    """Why it cannot become ready, in words; empty if nothing is known against it."""
    startup_s: float | None = None
    """From creation to ready; None if it is not ready or was restarted."""


_CANNOT_START = frozenset(
    {
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "CreateContainerError",
        "ErrImageNeverPull",
        "ErrImagePull",
        "ImageInspectError",
        "ImagePullBackOff",
        "InvalidImageName",
        "RunContainerError",
        "StartError",
    }
)
"""Reasons of a waiting container that time alone does not cure."""

_RESTARTS_OF_A_LOOP = 3
"""So many restarts of a container that still is not ready are a loop, also while it runs again."""


def classify(pod: Json) -> PodReport:
    """What a pod is at the moment.

    A container that crashes is shown as waiting (`CrashLoopBackOff`), as running for some seconds
    and as terminated in turn; all three count as crash-looping once it has restarted three times.

    Args:
        pod: As the API gives it.
    """
    status, spec = pod.get("status") or {}, pod.get("spec") or {}
    node = str(spec.get("nodeName") or "")
    if (pod.get("metadata") or {}).get("deletionTimestamp"):
        return PodReport(PodCondition.TERMINATING, node)
    if status.get("phase") in ("Failed", "Succeeded"):
        return PodReport(PodCondition.FINISHED, node, str(status.get("reason") or ""))
    conditions = {item.get("type"): item for item in status.get("conditions") or ()}
    ready = conditions.get("Ready") or {}
    if ready.get("status") == "True":
        return PodReport(PodCondition.READY, node, startup_s=_startup_s(pod, ready))
    scheduled = conditions.get("PodScheduled") or {}
    if scheduled.get("status") == "False" and scheduled.get("reason") == "Unschedulable":
        words = redact(str(scheduled.get("message") or "no node has room"))
        return PodReport(PodCondition.UNSCHEDULABLE, node, words.rstrip("."))
    for container in _containers(pod):
        if problem := _container_problem(container):
            return PodReport(PodCondition.CRASH_LOOPING, node, problem)
    return PodReport(PodCondition.STARTING, node)


def _containers(pod: Json) -> Iterator[Json]:
    status = pod.get("status") or {}
    yield from status.get("initContainerStatuses") or ()
    yield from status.get("containerStatuses") or ()


def _container_problem(container: Json) -> str:
    """Why a container of a pod that is not ready never will be; empty if it may be."""
    name = container.get("name")
    state = container.get("state") or {}
    reason = str((state.get("waiting") or {}).get("reason") or "")
    ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated") or {}
    code = ended.get("exitCode")
    last = f", last exit code {code} {ended.get('reason') or ''}".rstrip() if ended else ""
    if reason in _CANNOT_START:
        return f"{reason} in container {name}{last}"
    loops = int(container.get("restartCount") or 0) >= _RESTARTS_OF_A_LOOP
    if loops and code and not container.get("ready"):
        return f"container {name} keeps restarting{last}"
    return ""


def _startup_s(pod: Json, ready: Json) -> float | None:
    if any(int(container.get("restartCount") or 0) for container in _containers(pod)):
        return None
    created = (pod.get("metadata") or {}).get("creationTimestamp")
    since = ready.get("lastTransitionTime")
    if not created or not since:
        return None
    try:
        elapsed_s = (
            datetime.fromisoformat(str(since)) - datetime.fromisoformat(str(created))
        ).total_seconds()
    except (ValueError, TypeError):
        return None
    return elapsed_s if elapsed_s >= 0 else None


def count(reports: Iterable[PodReport]) -> PodCounts:
    """How many pods there are of each kind."""
    found = Counter(report.condition for report in reports)
    return PodCounts(**{condition.value: found[condition] for condition in PodCondition})


def pods_problem(reports: Iterable[PodReport]) -> str:
    """Why pods cannot become ready, in words, with the commonest reason; empty if they can."""
    parts = []
    reports = tuple(reports)
    for condition, words in (
        (PodCondition.CRASH_LOOPING, "cannot start"),
        (PodCondition.UNSCHEDULABLE, "fit no node"),
    ):
        found = [report.problem for report in reports if report.condition is condition]
        if found:
            commonest = Counter(found).most_common(1)[0][0]
            parts.append(f"{len(found)} of {len(reports)} pods {words} ({commonest})")
    return "; ".join(parts)


def label_selector(selector: Json) -> str:
    """A Deployment's selector in the form that list and watch take.

    Args:
        selector: Its `spec.selector`, with matchLabels and matchExpressions.
    """
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or ():
        key, values = expression["key"], ",".join(expression.get("values") or ())
        match expression["operator"]:
            case "In":
                parts.append(f"{key} in ({values})")
            case "NotIn":
                parts.append(f"{key} notin ({values})")
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
    return ",".join(parts)
