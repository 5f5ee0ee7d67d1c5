"""One sync of the horizontal pod autoscaler, and an object that remembers between syncs.

Source: kubernetes `reconcileAutoscaler` and `computeReplicasForMetrics` of
`pkg/controller/podautoscaler/horizontal.go`, version 1.36. `docs/hpa.md` has the rules in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.agents.hpa.calculator import Observation, Proposal, propose, tolerances_of
from core.agents.hpa.limits import Limit, limit
from core.agents.hpa.pods import PodGroup
from core.agents.hpa.spec import HpaSettings, HpaSpec
from core.agents.hpa.stabilization import stabilize
from core.agents.hpa.state import HpaState, with_event, with_first


class SyncOutcome(StrEnum):
    """Which way a sync went."""

    SCALED = "metrics"
    """By metrics, smoothed and limited; also when that changes nothing."""
    FORCED = "bounds"
    """To minReplicas or maxReplicas, without asking metrics."""
    DISABLED = "disabled"
    """Not at all: the workload has 0 replicas."""
    FAILED = "failed"
    """Not at all: no metric is usable, or one failed and the others would scale down."""


@dataclass(frozen=True, slots=True)
class HpaDecision:
    """What one sync came to."""

    outcome: SyncOutcome
    proposed: int | None
    """By metrics alone; None if they were not asked or the sync failed."""
    desired: int | None
    """Replicas to ask for; None if the sync failed."""
    current: int
    aim: int | None = None
    """`proposed` after smoothing."""
    limited_by: Limit = Limit.NONE
    proposals: tuple[Proposal, ...] = ()
    """One per metric, in the order of the manifest; empty if they were not asked."""


Adjustment = Callable[[int], int]
"""What is made of the number that metrics ask for, before it is smoothed and limited."""


def synchronize(
    spec: HpaSpec,
    settings: HpaSettings,
    state: HpaState,
    seen: Observation,
    adjust: Adjustment | None = None,
) -> tuple[HpaDecision, HpaState]:
    """One sync, as a pure function.

    The move, if any, is not yet in the returned state: `with_event` puts it there once it is
    carried out.

    Args:
        spec: The HPA.
        settings: The controller's.
        state: What it remembers.
        seen: What it sees.
        adjust: A second opinion on the proposed number, which no real controller has.
    """
    current = seen.current
    state = with_first(state, current, seen.now_s)
    if current == 0:
        return HpaDecision(SyncOutcome.DISABLED, None, 0, current), state
    if current > spec.max_replicas:
        by = Limit.MAXIMUM
        return HpaDecision(SyncOutcome.FORCED, None, spec.max_replicas, current, None, by), state
    if current < spec.min_replicas:
        by = Limit.MINIMUM
        return HpaDecision(SyncOutcome.FORCED, None, spec.min_replicas, current, None, by), state

    tolerances = tolerances_of(spec, settings)
    proposals = tuple([propose(metric, seen, tolerances, settings) for metric in spec.metrics])
    usable = [one.replicas for one in proposals if one.replicas is not None]
    proposed = max(usable, default=-1)
    if not usable or (len(usable) < len(proposals) and proposed < current):
        failed = HpaDecision(SyncOutcome.FAILED, None, None, current, proposals=proposals)
        return failed, state
    proposed = proposed if adjust is None else adjust(proposed)
    aim, state = stabilize(
        state,
        spec.behavior,
        current,
        max(proposed, 0),
        seen.now_s,
        settings.downscale_stabilization_s,
    )
    desired, limited_by = limit(spec, state, current, aim, seen.now_s)
    decision = HpaDecision(
        SyncOutcome.SCALED, proposed, desired, current, aim, limited_by, proposals
    )
    return decision, state


class HpaController:
    """An HPA's controller: `decide` once per sync, in the order of time.

    Args:
        spec: The HPA.
        settings: How the controller is set up.
    """

    def __init__(self, spec: HpaSpec, settings: HpaSettings | None = None) -> None:
        self.spec = spec
        self.settings = settings or HpaSettings()
        self.state = HpaState()

    def reset(self) -> None:
        """Forget everything, as when the HPA is created anew."""
        self.state = HpaState()

    def decide(
        self,
        now_s: float,
        pods: Sequence[PodGroup],
        current: int,
        *,
        carried_out_s: float | None = None,
        existing: int | None = None,
        values: Mapping[str, int] | None = None,
    ) -> HpaDecision:
        """One sync whose outcome is carried out at once.

        Args:
            now_s: Time of the sync, on the clock of the pods' times.
            pods: The workload's pods, in groups of pods alike.
            current: `spec.replicas` of the workload.
            carried_out_s: When the workload was scaled, if that was later than `now_s`.
            existing: `status.replicas` of the workload; None if it equals `current`.
            values: Object and external metrics in thousandths, by `MetricSpec.key`.
        """
        decision = self.recommend(now_s, pods, current, existing=existing, values=values)
        if decision.desired is not None:
            moment_s = now_s if carried_out_s is None else carried_out_s
            self.carry_out(current, decision.desired, moment_s)
        return decision

    def recommend(
        self,
        now_s: float,
        pods: Sequence[PodGroup],
        current: int,
        *,
        existing: int | None = None,
        values: Mapping[str, int] | None = None,
        adjust: Adjustment | None = None,
    ) -> HpaDecision:
        """One sync whose outcome somebody else may or may not carry out; see `decide`.

        Rate limits count only what is reported through `carry_out`. `adjust` is that of
        `synchronize`.
        """
        seen = Observation(
            now_s, pods, current, current if existing is None else existing, values or {}
        )
        decision, self.state = synchronize(self.spec, self.settings, self.state, seen, adjust)
        return decision

    def carry_out(self, before: int, after: int, now_s: float) -> None:
        """Remember that the replicas were changed on this controller's advice."""
        if after != before:
            self.state = with_event(self.state, self.spec.behavior, before, after, now_s)
