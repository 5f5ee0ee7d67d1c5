"""From one metric to a replica count.

Sources: kubernetes `pkg/controller/podautoscaler/replica_calculator.go` and
`metrics/utilization.go`, version 1.36. Counts of pods stand where the original has maps of pods.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.agents.hpa.metrics import MetricSpec, TargetKind
from core.agents.hpa.pods import PodClass, PodGroup, classify, ready_count
from core.agents.hpa.spec import HpaSettings, HpaSpec

MOST_REPLICAS: Final = 2**31 - 1
"""What the API can store."""


@dataclass(frozen=True, slots=True)
class Tolerances:
    """Ratios of usage to target that change nothing."""

    down: float
    up: float

    def hold(self, ratio: float) -> bool:
        """Whether a ratio changes nothing; the bounds are included."""
        return 1.0 - self.down <= ratio <= 1.0 + self.up


class Outcome(StrEnum):
    """How a replica count came about."""

    RATIO = "ratio"
    """Usage divided by target, times pods."""
    WITHIN_TOLERANCE = "within tolerance"
    """Current replicas: the ratio is near 1."""
    UNCERTAIN = "uncertain"
    """Current replicas: with pods that have no usable sample, the ratio would not hold."""
    FAILED = "failed"
    """None: the metric is not usable."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one metric asks for."""

    metric: MetricSpec
    replicas: int | None
    """None if the metric failed."""
    outcome: Outcome
    usage: int | None = None
    """Mean of the pods that count, before assumptions: percent of request, or thousandths."""
    pods: int = 0
    """Pods that count."""
    assumed: int = 0
    """Pods for which a usage was assumed."""
    others: int = 0
    """Pods that are unready or have no sample."""
    problem: str = ""
    """Why the metric failed."""


@dataclass(frozen=True, slots=True)
class Observation:
    """All that the controller looks at in one sync."""

    now_s: float
    pods: Sequence[PodGroup]
    current: int
    """`spec.replicas` of the scaled workload."""
    existing: int
    """`status.replicas` of the scaled workload."""
    values: Mapping[str, int]
    """Sums of object and external metrics in thousandths, by `MetricSpec.key`."""


def tolerances_of(spec: HpaSpec, settings: HpaSettings) -> Tolerances:
    """Tolerance per direction: of `behavior` where given, else of the controller."""
    down = up = settings.tolerance
    if spec.behavior is not None:
        rules_down, rules_up = spec.behavior.scale_down, spec.behavior.scale_up
        down = settings.tolerance if rules_down.tolerance is None else rules_down.tolerance
        up = settings.tolerance if rules_up.tolerance is None else rules_up.tolerance
    return Tolerances(down, up)


def propose(
    metric: MetricSpec, seen: Observation, tolerances: Tolerances, settings: HpaSettings
) -> Proposal:
    """The replica count that one metric asks for, before anything smooths or limits it.

    Args:
        metric: The metric and its target.
        seen: Pods, samples and current replicas.
        tolerances: When to leave things as they are.
        settings: The controller's.
    """
    if metric.of_pods:
        return _from_pods(metric, seen, tolerances, settings)
    value = seen.values.get(metric.key)
    if value is None:
        return _failure(metric, "no value")
    if metric.target_kind is TargetKind.AVERAGE_VALUE:
        return _from_share(metric, value, seen, tolerances)
    return _from_total(metric, value, seen, tolerances)


@dataclass(slots=True)
class _Sums:
    """Over the pods whose usage counts."""

    pods: int = 0
    usage_milli: int = 0
    request_milli: int = 0

    def add(self, group: PodGroup, usage_milli: int, key: str) -> None:
        self.pods += group.count
        self.usage_milli += group.count * usage_milli
        self.request_milli += group.count * group.requests_milli.get(key, 0)

    def mean(self, metric: MetricSpec) -> int:
        """Whole percent of the request or whole thousandths, truncated."""
        if metric.target_kind is TargetKind.UTILIZATION:
            return _quotient(self.usage_milli * 100, self.request_milli)
        return _quotient(self.usage_milli, self.pods)


def _from_pods(
    metric: MetricSpec, seen: Observation, tolerances: Tolerances, settings: HpaSettings
) -> Proposal:
    key, of_request = metric.key, metric.target_kind is TargetKind.UTILIZATION
    sums, unready, missing = _Sums(), [], []
    for group in seen.pods:
        if group.count == 0:
            continue
        kind = classify(group, metric, seen.now_s, settings)
        if kind is PodClass.READY:
            sums.add(group, group.samples[key].milli, key)
        elif kind is PodClass.UNREADY:
            unready.append(group)
        elif kind is PodClass.MISSING:
            missing.append(group)
    if sums.pods == 0:
        return _failure(metric, "no sample of a ready pod")
    # One pod without a request, even one that does not count, makes utilisation meaningless.
    if of_request and any(key not in group.requests_milli for group in seen.pods if group.count):
        return _failure(metric, "a pod without a request")
    if of_request and sums.request_milli == 0:
        return _failure(metric, "a request of 0")

    ready, usage = sums.pods, sums.mean(metric)
    ratio = usage / metric.target
    unready_matter = bool(unready) and ratio > 1.0
    if not unready_matter and not missing:
        if tolerances.hold(ratio):
            return Proposal(metric, seen.current, Outcome.WITHIN_TOLERANCE, usage, ready)
        return Proposal(metric, _ceil(ratio * ready), Outcome.RATIO, usage, ready)

    if ratio != 1.0:
        for group in missing:
            sums.add(group, _assumed_milli(metric, group) if ratio < 1.0 else 0, key)
    if unready_matter:
        for group in unready:
            sums.add(group, 0, key)
    new_ratio = sums.mean(metric) / metric.target
    replicas = _ceil(new_ratio * sums.pods)
    crossed = (ratio < 1.0 < new_ratio) or (new_ratio < 1.0 < ratio)
    backwards = (new_ratio < 1.0 and replicas > seen.current) or (
        new_ratio > 1.0 and replicas < seen.current
    )
    outcome = Outcome.RATIO
    if tolerances.hold(new_ratio) or crossed or backwards:
        replicas, outcome = seen.current, Outcome.UNCERTAIN
    others = sum(group.count for group in (*unready, *missing))
    return Proposal(metric, replicas, outcome, usage, ready, sums.pods - ready, others)


def _assumed_milli(metric: MetricSpec, group: PodGroup) -> int:
    """What a pod without a sample is taken to use while scaling down."""
    if metric.target_kind is TargetKind.UTILIZATION:
        return group.requests_milli[metric.key] * max(100, metric.target) // 100
    return metric.target


def _from_total(
    metric: MetricSpec, value: int, seen: Observation, tolerances: Tolerances
) -> Proposal:
    """An object's or external value that all pods share."""
    ratio = value / metric.target
    if tolerances.hold(ratio):
        return Proposal(metric, seen.current, Outcome.WITHIN_TOLERANCE, value)
    if not any(group.count for group in seen.pods):
        return _failure(metric, "no pods")
    ready = ready_count(seen.pods)
    return Proposal(metric, _ceil(ratio * ready), Outcome.RATIO, value, ready)


def _from_share(
    metric: MetricSpec, value: int, seen: Observation, tolerances: Tolerances
) -> Proposal:
    """An object's or external value of which each existing pod has its share."""
    usage = math.ceil(value / seen.existing) if seen.existing else 0
    if seen.existing and tolerances.hold(value / (float(metric.target) * float(seen.existing))):
        return Proposal(metric, seen.existing, Outcome.WITHIN_TOLERANCE, usage, seen.existing)
    return Proposal(metric, _ceil(value / metric.target), Outcome.RATIO, usage, seen.existing)


def _failure(metric: MetricSpec, problem: str) -> Proposal:
    return Proposal(metric, None, Outcome.FAILED, problem=problem)


def _ceil(replicas: float) -> int:
    return math.ceil(min(replicas, float(MOST_REPLICAS)))


def _quotient(dividend: int, divisor: int) -> int:
    """Integer division towards zero, as the controller's language has it."""
    return dividend // divisor if dividend >= 0 else -(-dividend // divisor)
