"""Frozen values that cross every border: what was seen, what was decided, what was done."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class ControlMode(StrEnum):
    """Who is in control. Shown in the header at all times."""

    AUTO = "AUTO"
    """The policy acts."""
    SHADOW = "SHADOW"
    """The policy only advises; replicas stay as they are."""
    MANUAL = "MANUAL"
    """The operator pinned a replica count; the policy's advice is still recorded."""
    HOLD = "HOLD"
    """Frozen: nothing is scaled."""


class Actor(StrEnum):
    """Who set the replica count of a step."""

    POLICY = "policy"
    OPERATOR = "operator"
    GUARDRAIL = "guardrail"
    """A guardrail changed or vetoed what the policy or the operator wanted."""
    FALLBACK = "fallback"
    """The reactive baseline that stands in while metrics are too old to decide on."""
    EXTERNAL = "external"
    """Somebody else, such as kubectl or an HPA (real clusters only)."""
    NOBODY = "nobody"
    """Nobody acted: shadow or hold."""


class ValuesKind(StrEnum):
    """What the numbers beside the actions of a decision mean."""

    NONE = "none"
    PROBABILITIES = "probabilities"
    Q_VALUES = "q_values"


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What was measured over one decision interval that ends at `time_s`.

    A value that could not be measured is None, never 0. Ratios are shares in 0…1;
    utilisations are of the pods' request and may exceed 1.
    """

    time_s: float
    rps: float | None
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    slo_violation_ratio: float | None
    """Share of the interval's requests that were slower than the SLO or failed."""
    error_ratio: float | None
    cpu_utilization: float | None
    memory_utilization: float | None
    queue_requests: float | None
    replicas_desired: int
    replicas_ready: int
    replicas_starting: int
    nodes: int
    metrics_age_s: float
    """Age of the newest sample behind the measured values."""


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """What is known about the scaled service beforehand: from the scenario or fitted to it."""

    pod_capacity_rps: float
    """Requests per second that one ready pod serves at full utilisation."""
    slo_ms: float
    min_replicas: int
    max_replicas: int
    interval_s: float
    """Seconds between two decisions."""
    startup_median_s: float


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy wants, and why, in words."""

    target: int
    """Replicas wanted, before guardrails."""
    change: int
    """`target` minus the desired replicas at that moment."""
    reason: str
    action: int | None = None
    """Index in the policy's action set; None for baselines without one."""
    action_values: tuple[float, ...] = ()
    """One number per action, see `values_kind`."""
    values_kind: ValuesKind = ValuesKind.NONE
    value: float | None = None
    """The critic's estimate of the return from here, where there is a critic."""


@dataclass(frozen=True, slots=True)
class RewardComponents:
    """The named parts of a reward; each is at most 0, and their sum is the reward."""

    slo: float
    cost: float
    churn: float
    error: float

    @property
    def total(self) -> float:
        """The reward."""
        return self.slo + self.cost + self.churn + self.error


@dataclass(frozen=True, slots=True)
class Step:
    """One turn of the control loop, one row of `run.db`.

    The state was measured over the interval that ends at `state.time_s`, and the reward judges
    that interval. The decision was taken at that moment, and `target` is what was then asked of
    the cluster for the next interval.
    """

    index: int
    wall_time: float
    """Seconds since the epoch."""
    state: ClusterState
    mode: ControlMode
    actor: Actor
    decision: Decision
    target: int
    """Replicas asked of the cluster after mode, override and guardrails."""
    guardrail: str
    """Why a guardrail changed the target, in words; empty if none did."""
    reward: RewardComponents
    observation: tuple[float, ...] = field(default=(), repr=False)
