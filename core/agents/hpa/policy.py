"""The HPA as a policy: pods with samples made up from a cluster's aggregates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from core.agents.hpa.calculator import MOST_REPLICAS
from core.agents.hpa.controller import Adjustment, HpaController
from core.agents.hpa.manifest import read_manifest
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.pods import PodGroup, PodPhase, Sample
from core.agents.hpa.rules import DEFAULT_BEHAVIOR
from core.agents.hpa.setting import HpaSetting
from core.agents.hpa.spec import HpaSettings, HpaSpec
from core.agents.hpa.words import explain
from core.agents.policy import Situation
from core.errors import InputError
from core.state import ClusterState, Decision, DeploymentFacts

TARGET_UTILIZATION: Final = 0.70
TOLERANCE: Final = 0.10
DOWN_STABILIZATION_S: Final = 300.0

REQUEST_MILLI: Final = 1_000_000
"""Any request will do where only usage divided by request is known; this keeps its digits."""
LATENESS: Final = 1e-4
"""Every sync of a real controller is late by a little, so no age ever equals a window."""

_UTILIZATIONS: Final = {"cpu": "cpu_utilization", "memory": "memory_utilization"}


@dataclass(frozen=True, slots=True)
class _Advice:
    """What was recommended last, to see afterwards whether it was followed."""

    time_s: float
    current: int
    desired: int


@dataclass(frozen=True, slots=True)
class ReadyBefore:
    """How many pods were ready at the sync before."""

    count: int
    time_s: float


class HpaPolicy:
    """An HPA with default behavior on CPU utilisation, or any HPA from its manifest.

    Args:
        target: CPU utilisation of the request to aim at, above 0; whole percents.
        tolerance: Ratios within 1 ± this change nothing, bounds included.
        down_stabilization_s: Scaling down goes no lower than the highest recommendation of this
            many seconds; one exactly as old as that no longer counts.
        adjust: A second opinion on the number that metrics ask for, before it is smoothed and
            limited.
    """

    def __init__(
        self,
        target: float = TARGET_UTILIZATION,
        tolerance: float = TOLERANCE,
        down_stabilization_s: float = DOWN_STABILIZATION_S,
        adjust: Adjustment | None = None,
    ) -> None:
        percent = max(round(target * 100.0), 1)
        metric = MetricSpec(MetricSource.RESOURCE, "cpu", TargetKind.UTILIZATION, percent)
        spec = HpaSpec(MOST_REPLICAS, metrics=(metric,), behavior=DEFAULT_BEHAVIOR)
        settings = HpaSettings(tolerance=tolerance, downscale_stabilization_s=down_stabilization_s)
        self._setting = HpaSetting(target, down_stabilization_s)
        self._name = "hpa" if target == TARGET_UTILIZATION else f"hpa:{target:g}"
        if down_stabilization_s != DOWN_STABILIZATION_S:
            self._name = self._setting.spec
        self._has_own_bounds = False
        self._adjust = adjust
        self._controller = HpaController(spec, settings)
        self._advice: _Advice | None = None
        self._ready_before: ReadyBefore | None = None

    @classmethod
    def from_spec(cls, spec: HpaSpec, name: str) -> HpaPolicy:
        """A policy that follows a given HPA, its bounds included.

        Args:
            spec: The HPA; all its metrics must be utilisations, which is what a cluster's state
                tells.
            name: What the policy shall be called.

        Raises:
            InputError: It has a metric that a cluster's state does not tell.
        """
        for metric in spec.metrics:
            of_request = metric.target_kind is TargetKind.UTILIZATION
            if not (of_request and metric.name in _UTILIZATIONS):
                raise InputError(
                    f"expected metrics cpu or memory with an averageUtilization, found "
                    f"{metric.source} {metric.name} with {metric.target_kind}.",
                    "A cluster's state tells usage only as a share of the request.",
                )
        policy = cls()
        policy._name = name
        policy._has_own_bounds = True
        policy._controller = HpaController(spec)
        return policy

    @classmethod
    def from_file(cls, path: Path) -> HpaPolicy:
        """A policy that follows the HPA in a manifest's file; see `from_spec`.

        Raises:
            InputError: The file holds no such HPA.
        """
        spec = read_manifest(path)
        try:
            return cls.from_spec(spec, f"hpa:{path.name}")
        except InputError as error:
            raise InputError(f"{path}: {error.message}", error.hint) from error

    @property
    def name(self) -> str:
        """See `Policy`."""
        return self._name

    @property
    def setting(self) -> HpaSetting | None:
        """All there is to know of it; None if it follows a manifest or is unusual otherwise."""
        usual = self._controller.settings.tolerance == TOLERANCE and self._adjust is None
        return None if self._has_own_bounds or not usual else self._setting

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`."""
        spec = self._controller.spec
        if not self._has_own_bounds:
            spec = replace(spec, min_replicas=facts.min_replicas, max_replicas=facts.max_replicas)
        self._controller = HpaController(spec, self._controller.settings)
        self._advice = None
        self._ready_before = None

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        state, controller = situation.state, self._controller
        current = state.replicas_desired
        now_s = state.time_s * (1.0 + LATENESS)
        self._follow_up(current)
        pods = pods_of(state, controller.spec.metrics, now_s, self._ready_before)
        self._ready_before = ReadyBefore(state.replicas_ready, now_s)
        found = controller.recommend(now_s, pods, current, adjust=self._adjust)
        target = current if found.desired is None else found.desired
        self._advice = _Advice(now_s, current, target)
        words = explain(found, controller.spec, controller.settings)
        return Decision(target, target - current, words)

    def _follow_up(self, current: int) -> None:
        """Report the last advice as carried out, as far as the replicas moved that way."""
        advice = self._advice
        if advice is None:
            return
        low, high = sorted((advice.current, advice.desired))
        reached = min(max(current, low), high)
        self._controller.carry_out(advice.current, reached, advice.time_s)


def pods_of(
    state: ClusterState,
    metrics: tuple[MetricSpec, ...],
    now_s: float,
    before: ReadyBefore | None = None,
) -> list[PodGroup]:
    """Pods as an HPA would see them, from a cluster's aggregates.

    Each ready pod uses the mean. Those that were not ready at the sync before became so since, and
    no sample is wholly of their time; all others are long past their start. Starting pods are
    Pending: not ready, without a sample.

    Args:
        state: What was measured.
        metrics: Utilisations of CPU or memory.
        now_s: Time of the sync.
        before: What was ready at the sync before; None at the first one.
    """
    requests = {metric.key: REQUEST_MILLI for metric in metrics}
    before = before or ReadyBefore(state.replicas_ready, now_s)
    samples = {}
    for metric in metrics:
        usage: float | None = getattr(state, _UTILIZATIONS[metric.name])
        if usage is not None:
            measured_s = now_s - state.metrics_age_s
            window_s = now_s - before.time_s
            samples[metric.key] = Sample(round(usage * REQUEST_MILLI), measured_s, window_s)
    old = min(state.replicas_ready, before.count)
    return [
        PodGroup(old, samples, requests),
        PodGroup(
            state.replicas_ready - old,
            samples,
            requests,
            started_s=now_s,
            ready_changed_s=now_s,
        ),
        PodGroup(
            state.replicas_starting,
            requests_milli=requests,
            phase=PodPhase.PENDING,
            ready=None,
            started_s=None,
        ),
    ]
