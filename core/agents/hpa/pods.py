"""The pods that the controller sees, and which of them count."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto

from core.agents.hpa.metrics import MetricSpec
from core.agents.hpa.spec import HpaSettings


class PodPhase(StrEnum):
    """`status.phase` of a pod."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Sample:
    """What the metrics API says of one pod."""

    milli: int
    """Thousandths of the metric's unit: millicores, thousandths of bytes."""
    time_s: float = math.inf
    """When it was measured."""
    window_s: float = 0.0
    """Over how many seconds before that."""


@dataclass(frozen=True, slots=True)
class PodGroup:
    """Pods that are alike in everything that matters. Times are of the caller's clock."""

    count: int = 1
    samples: Mapping[str, Sample] = field(default_factory=dict)
    """Of each pod, by `MetricSpec.key`; no entry where the metrics API has none."""
    requests_milli: Mapping[str, int] = field(default_factory=dict)
    """Resource request of each pod, in thousandths, by `MetricSpec.key`."""
    phase: PodPhase = PodPhase.RUNNING
    ready: bool | None = True
    """The condition Ready; None if the pod has no such condition yet."""
    deleting: bool = False
    """Whether the pod has a deletion timestamp."""
    started_s: float | None = -math.inf
    """`status.startTime`; None before a node has accepted the pod."""
    ready_changed_s: float = -math.inf
    """Last transition of the condition Ready."""


class PodClass(Enum):
    """How a pod counts for one metric."""

    READY = auto()
    UNREADY = auto()
    """Its sample is not used; on the way up it counts as using nothing."""
    MISSING = auto()
    """It has no sample; what it uses is assumed, against the direction of scaling."""
    IGNORED = auto()


def classify(pod: PodGroup, metric: MetricSpec, now_s: float, settings: HpaSettings) -> PodClass:
    """How a pod counts for one metric of pods.

    Source: kubernetes `groupPods` of `replica_calculator.go`.

    Args:
        pod: The pod, or a group of pods alike.
        metric: The metric.
        now_s: Time of the sync.
        settings: The controller's.
    """
    if pod.deleting or pod.phase == PodPhase.FAILED:
        return PodClass.IGNORED
    if pod.phase == PodPhase.PENDING:
        return PodClass.UNREADY
    sample = pod.samples.get(metric.key)
    if sample is None:
        return PodClass.MISSING
    if metric.is_cpu and _is_unready(pod, sample, now_s, settings):
        return PodClass.UNREADY
    return PodClass.READY


def _is_unready(pod: PodGroup, sample: Sample, now_s: float, settings: HpaSettings) -> bool:
    if pod.ready is None or pod.started_s is None:
        return True
    if pod.started_s + settings.cpu_initialization_s > now_s:
        # While it may still be initialising: ready, and measured wholly after it became so.
        return not pod.ready or sample.time_s < pod.ready_changed_s + sample.window_s
    # Later it is left out only if it has never been ready.
    return (
        not pod.ready and pod.started_s + settings.initial_readiness_delay_s > pod.ready_changed_s
    )


def ready_count(pods: Iterable[PodGroup]) -> int:
    """Running pods with the condition Ready, also such that are being deleted.

    Source: kubernetes `getReadyPodsCount` of `replica_calculator.go`.
    """
    return sum(pod.count for pod in pods if pod.phase == PodPhase.RUNNING and pod.ready)
