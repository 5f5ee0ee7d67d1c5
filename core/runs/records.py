"""What a reader of a run gets: frozen values, and arrays where there are many rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.state import Actor, ControlMode, DeploymentFacts


class RunKind(StrEnum):
    """What the engine does in a run."""

    INFERENCE = "inference"
    TRAINING = "training"


class RunState(StrEnum):
    """How a run stands."""

    STARTING = "starting"
    """The engine is loading."""
    RUNNING = "running"
    PAUSED = "paused"
    """The engine lives and waits for `resume` or `step`."""
    FINISHED = "finished"
    """The scenario or the training came to its end."""
    STOPPED = "stopped"
    """Ended early, in order, because somebody asked."""
    FAILED = "failed"
    """The engine met an error; the status message says which, engine.log has the details."""
    LOST = "lost"
    """The file says that it runs, but no engine holds the lock: it was killed."""

    @property
    def is_live(self) -> bool:
        """True while an engine works on the run and takes commands."""
        return self in (RunState.STARTING, RunState.RUNNING, RunState.PAUSED)


class EventKind(StrEnum):
    """What sort of thing an event tells about."""

    ENGINE = "engine"
    """Started, resumed, finished, stopped, failed."""
    MODE = "mode"
    """The control mode changed."""
    OVERRIDE = "override"
    """The operator pinned replicas, or a pin ended."""
    GUARDRAIL = "guardrail"
    """A guardrail changed a target."""
    SCALING = "scaling"
    """A request to scale was refused by the cluster; accepted ones are in `scalings`."""
    DEGRADED = "degraded"
    """Decisions became degraded (old metrics), or recovered."""
    FAULT = "fault"
    """A fault of the scenario began or ended."""
    EXTERNAL = "external"
    """Somebody else scaled the Deployment, or a rollout began or ended (real clusters only)."""
    CONTROL = "control"
    """Control of a real Deployment was taken, given back or lost."""
    PACE = "pace"
    """Paused, resumed, or another speed."""
    TRAINING = "training"
    """Progress of a training in words."""
    EVALUATION = "evaluation"
    """A policy was evaluated during training."""


@dataclass(frozen=True, slots=True)
class RunTotals:
    """Sums since the start of the episode."""

    requests: float = 0.0
    violations: float = 0.0
    errors: float = 0.0
    pod_seconds: float = 0.0
    churn: float = 0.0
    reward: float = 0.0

    @property
    def slo_violation_ratio(self) -> float | None:
        """Share of requests slower than the SLO or failed; None before the first request."""
        return self.violations / self.requests if self.requests > 0 else None

    @property
    def error_ratio(self) -> float | None:
        """Share of requests that failed; None before the first request."""
        return self.errors / self.requests if self.requests > 0 else None

    @property
    def pod_hours(self) -> float:
        """Pods that were paid for times hours."""
        return self.pod_seconds / 3600.0


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What never changes during a run. Written by `launch`, completed by the engine."""

    run_id: str
    directory: Path
    kind: RunKind
    created_wall_time: float
    """Seconds since the epoch."""
    environment: str
    """"sim"; or, on a cluster, "k8s CONTEXT/NAMESPACE/DEPLOYMENT"."""
    scenario: str
    """Name of the scenario; names joined by commas in a training on several."""
    policy: str
    """Display name of the policy ("ppo (shipped)"); of a training, its algorithm."""
    seed: int
    interval_s: float
    """Simulated seconds between two decisions."""
    duration_s: float | None
    """Length of the scenario; None if it has no end or in a training."""
    parent: str | None
    """The run that this one restarts or branched from; None for an original."""
    program_version: str
    facts: DeploymentFacts | None
    """Of the scaled service; None until the engine has loaded it, and in a training."""
    action_labels: tuple[str, ...]
    """One per action of the policy; empty for baselines and until the engine has loaded."""
    feature_names: tuple[str, ...]
    """One per number of an observation; empty until the engine has loaded."""
    target: str = ""
    """context/namespace/deployment on a real cluster; empty in a simulation."""
    may_write: bool = False
    """Whether a run on a real cluster may scale it, once that is confirmed."""
    steers_floor: bool = False
    """Whether it moves the floor of an HPA, above which there may be more replicas."""


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """How far a training is."""

    timesteps: int
    total_timesteps: int
    steps_per_s: float | None
    eta_s: float | None
    best_score: float | None
    """Score of the best evaluation so far; lower is better."""
    baseline_score: float | None
    """What the HPA scores on the same traffic."""


@dataclass(frozen=True, slots=True)
class RunStatus:
    """The run as it stands now: all that the header shows."""

    run_id: str
    kind: RunKind
    state: RunState
    message: str
    """One line: why it stopped or failed, or why a running one holds; empty otherwise."""
    environment: str
    scenario: str
    policy: str
    mode: ControlMode
    former_mode: ControlMode | None
    """Where `release` (or the end of the override's time) leads; None without an override."""
    override_target: int | None
    override_remaining_s: float | None
    """Simulated seconds until the override ends; None: until released, or no override."""
    speed: float | None
    """Simulated seconds per second; None: as fast as possible."""
    paused: bool
    degraded: str
    """Why decisions are degraded, in words; empty if they are not."""
    time_s: float
    """Simulated time of the newest step."""
    step: int
    """Number of the newest step (the last row of `steps`); -1 before the first."""
    episode: int
    steps_per_s: float | None
    """Decisions per second of late."""
    totals: RunTotals
    training: TrainingStatus | None
    """None in inference."""
    started_wall_time: float | None
    ended_wall_time: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the event log."""

    id: int
    step: int
    time_s: float
    wall_time: float
    kind: EventKind
    actor: Actor
    message: str


@dataclass(frozen=True, slots=True)
class Scaling:
    """One call that changed replicas; `accepted` is None if the answer never came."""

    id: int
    step: int
    time_s: float
    wall_time: float
    actor: Actor
    replicas_before: int
    target: int
    done_wall_time: float | None
    accepted: bool | None
    message: str


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """One command and its answer; `ok` is None while it waits."""

    id: int
    wall_time: float
    issuer: str
    name: str
    arguments: Mapping[str, object]
    done_wall_time: float | None
    ok: bool | None
    result: str
    proof: str = ""
    """That the issuer holds the operator's key; see `core.runs.rights`."""


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One report of progress; None where the algorithm has no such number."""

    id: int
    timesteps: int
    wall_s: float
    episode_reward: float | None
    episode_length: float | None
    policy_loss: float | None
    value_loss: float | None
    entropy: float | None
    q_loss: float | None
    exploration: float | None
    learning_rate: float | None
    steps_per_s: float
    eta_s: float | None


@dataclass(frozen=True, slots=True)
class EvaluationRow:
    """One evaluation during a training; lower scores are better."""

    id: int
    timesteps: int
    wall_s: float
    score: float
    baseline_score: float
    slo_violation_ratio: float
    pod_hours: float
    churn: float
    reward: float
    best: bool
