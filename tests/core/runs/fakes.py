"""A small deterministic cluster, a scripted policy and a journal that remembers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.agents.policy import Situation
from core.cluster.base import ScaleOutcome
from core.runs.records import EventKind
from core.runs.rows import StepRecord
from core.state import Actor, ClusterState, ControlMode, Decision, DeploymentFacts

FACTS = DeploymentFacts(
    pod_capacity_rps=50.0,
    slo_ms=250.0,
    min_replicas=2,
    max_replicas=40,
    interval_s=15.0,
    startup_median_s=20.0,
)


def state_at(time_s: float, desired: int = 4, **changes: float | None) -> ClusterState:
    state = ClusterState(
        time_s=time_s,
        rps=100.0,
        latency_p50_ms=40.0,
        latency_p95_ms=120.0,
        latency_p99_ms=180.0,
        slo_violation_ratio=0.001,
        error_ratio=0.0,
        cpu_utilization=0.5,
        memory_utilization=0.4,
        queue_requests=0.0,
        replicas_desired=desired,
        replicas_ready=desired,
        replicas_starting=0,
        nodes=3,
        metrics_age_s=5.0,
    )
    return replace(state, **changes)  # type: ignore[arg-type]


class FakeCluster:
    """Does at once what it is asked; measures what it is told to."""

    def __init__(self, turns: int = 100, changes: dict[int, dict[str, float | None]] | None = None):
        self._turns = turns
        self._changes = changes or {}
        self._turn = 0
        self.desired = 4
        self.calls: list[int] = []
        self.refuses = False
        self.closed = False

    @property
    def facts(self) -> DeploymentFacts:
        return FACTS

    @property
    def finished(self) -> bool:
        return self._turn >= self._turns

    def reset(self, seed: int) -> ClusterState:
        self._turn = 0
        return self._state()

    def scale(self, target: int) -> ScaleOutcome:
        self.calls.append(target)
        if self.refuses:
            return ScaleOutcome(accepted=False, message="quota exceeded")
        self.desired = target
        return ScaleOutcome(accepted=True)

    def advance(self) -> ClusterState:
        self._turn += 1
        return self._state()

    def close(self) -> None:
        self.closed = True

    def _state(self) -> ClusterState:
        return state_at(self._turn * 15.0, self.desired, **self._changes.get(self._turn, {}))


class ScriptedPolicy:
    """Wants the targets of a script, one after the other, then the last for ever."""

    name = "scripted"
    action_labels: tuple[str, ...] = ()

    def __init__(self, targets: Sequence[int]) -> None:
        self._targets = targets
        self.asked = 0

    def reset(self, facts: DeploymentFacts) -> None:
        self.asked = 0

    def decide(self, situation: Situation) -> Decision:
        target = self._targets[min(self.asked, len(self._targets) - 1)]
        self.asked += 1
        return Decision(target, target - situation.state.replicas_desired, "as scripted")


@dataclass
class MemoryJournal:
    """Keeps everything, in the order in which it was told."""

    records: list[StepRecord] = field(default_factory=list)
    events: list[tuple[EventKind, Actor, str]] = field(default_factory=list)
    scalings: list[tuple[Actor, int, int, bool | None]] = field(default_factory=list)
    amendments: list[tuple[ControlMode, Actor, int, str]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)

    def add_step(self, record: StepRecord) -> None:
        self.records.append(record)
        self.order.append("step")

    def amend_step(self, mode: ControlMode, actor: Actor, target: int, guardrail: str) -> None:
        self.amendments.append((mode, actor, target, guardrail))

    def add_event(
        self, kind: EventKind, actor: Actor, message: str, *, time_s: float, step: int
    ) -> None:
        self.events.append((kind, actor, message))

    def begin_scaling(
        self, *, step: int, time_s: float, actor: Actor, replicas_before: int, target: int
    ) -> int:
        self.scalings.append((actor, replicas_before, target, None))
        self.order.append("intent")
        return len(self.scalings) - 1

    def finish_scaling(self, number: int, outcome: ScaleOutcome) -> None:
        actor, before, target, _ = self.scalings[number]
        self.scalings[number] = (actor, before, target, outcome.accepted)
        self.order.append("outcome")

    def kinds(self) -> list[EventKind]:
        return [kind for kind, _, _ in self.events]
