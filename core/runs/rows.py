"""Between the values of `core.state` and the rows of the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from core.errors import RunError
from core.runs.records import RunInfo, RunKind, RunState, RunTotals
from core.runs.schema import SERIES, STATE_COLUMNS, STEPS
from core.state import (
    Actor,
    ClusterState,
    ControlMode,
    Decision,
    DeploymentFacts,
    RewardComponents,
    Step,
    ValuesKind,
)

ACTORS: Final = tuple(Actor)
"""The order of the bits of `buckets.actors`."""
MODES: Final = tuple(ControlMode)
"""The order of the bits of `buckets.modes`."""

_STATE_NAMES: Final = tuple(column.name for column in STATE_COLUMNS)
_POSITION: Final = {name: position for position, name in enumerate(STEPS.names)}
SERIES_POSITIONS: Final = tuple(_POSITION[name] for name in SERIES)
"""Where the series stand in a row of `steps`."""
TARGET_POSITION: Final = _POSITION["target"]
DESIRED_POSITION: Final = _POSITION["replicas_desired"]
MODE_POSITION: Final = _POSITION["mode"]
ACTOR_POSITION: Final = _POSITION["actor"]
GUARDRAIL_POSITION: Final = _POSITION["guardrail"]


@dataclass(frozen=True, slots=True)
class StepRecord:
    """A step and what a file keeps beside it."""

    step: Step
    capacity_rps: float | None
    """Ready pods times per-pod capacity; None where that is not known."""
    totals: RunTotals
    """Sums up to and including this step's interval."""
    episode: int = 0


@dataclass(frozen=True, slots=True)
class StatusRow:
    """The row of `status`, without its id; see the schema for the meaning of the fields."""

    state: RunState = RunState.STARTING
    message: str = ""
    mode: ControlMode = ControlMode.AUTO
    former_mode: ControlMode | None = None
    override_target: int | None = None
    override_ends_s: float | None = None
    speed: float | None = None
    paused: bool = False
    degraded: str = ""
    time_s: float = 0.0
    step: int = -1
    episode: int = 0
    timesteps: int = 0
    total_timesteps: int = 0
    steps_per_s: float | None = None
    eta_s: float | None = None
    best_score: float | None = None
    baseline_score: float | None = None
    started_wall_time: float | None = None
    ended_wall_time: float | None = None


_STATUS_NAMES: Final = tuple(item.name for item in fields(StatusRow))


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """What is read in here from the file at `path` is as this version writes it.

    Raises:
        RunError: It is not: something is missing, unknown, or of another kind.
    """
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"expected a run file as this version writes it, found {path}: {_odd(error)}.",
            "Restore it from a copy, or delete the run.",
        ) from error


def _odd(error: KeyError | TypeError | ValueError) -> str:
    if isinstance(error, KeyError):
        return f"no {error}"
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return " ".join(str(error).split())


def status_of(row: Mapping[str, Any]) -> StatusRow:
    """The status from a row of `status`, by column name."""
    values = {name: row[name] for name in _STATUS_NAMES}
    values["state"] = RunState(row["state"])
    values["mode"] = ControlMode(row["mode"])
    values["former_mode"] = ControlMode(row["former_mode"]) if row["former_mode"] else None
    values["paused"] = bool(row["paused"])
    return StatusRow(**values)


def _floats(values: tuple[float, ...]) -> bytes | None:
    return np.asarray(values, dtype="<f4").tobytes() if values else None


def _tuple(blob: bytes | None) -> tuple[float, ...]:
    return tuple(np.frombuffer(blob, dtype="<f4").tolist()) if blob else ()


def step_row(record: StepRecord) -> tuple[Any, ...]:
    """One row of `steps`, in the order of its columns."""
    step, decision, totals = record.step, record.step.decision, record.totals
    state, reward = step.state, step.reward
    return (
        step.index,
        record.episode,
        step.wall_time,
        state.time_s,
        state.rps,
        state.latency_p50_ms,
        state.latency_p95_ms,
        state.latency_p99_ms,
        state.slo_violation_ratio,
        state.error_ratio,
        state.cpu_utilization,
        state.memory_utilization,
        state.queue_requests,
        state.replicas_desired,
        state.replicas_ready,
        state.replicas_starting,
        state.nodes,
        state.metrics_age_s,
        record.capacity_rps,
        decision.target,
        decision.change,
        decision.reason,
        decision.action,
        _floats(decision.action_values),
        decision.values_kind.value,
        decision.value,
        step.mode.value,
        step.actor.value,
        step.target,
        step.guardrail,
        reward.total,
        reward.slo,
        reward.cost,
        reward.churn,
        reward.error,
        _floats(step.observation),
        totals.requests,
        totals.violations,
        totals.errors,
        totals.pod_seconds,
        totals.churn,
        totals.reward,
    )


def read_step(row: Mapping[str, Any]) -> Step:
    """A step from a row of `steps`, by column name."""
    return Step(
        index=row["step"],
        wall_time=row["wall_time"],
        state=ClusterState(**{name: row[name] for name in _STATE_NAMES}),
        mode=ControlMode(row["mode"]),
        actor=Actor(row["actor"]),
        decision=Decision(
            target=row["policy_target"],
            change=row["policy_change"],
            reason=row["policy_reason"],
            action=row["policy_action"],
            action_values=_tuple(row["policy_action_values"]),
            values_kind=ValuesKind(row["policy_values_kind"]),
            value=row["policy_value"],
        ),
        target=row["target"],
        guardrail=row["guardrail"],
        reward=RewardComponents(
            slo=row["reward_slo"],
            cost=row["reward_cost"],
            churn=row["reward_churn"],
            error=row["reward_error"],
        ),
        observation=_tuple(row["observation"]),
    )


def read_totals(row: Mapping[str, Any] | None) -> RunTotals:
    """The cumulative columns of a row of `steps`; zeros if there is none."""
    if row is None:
        return RunTotals()
    return RunTotals(
        requests=row["total_requests"],
        violations=row["total_violations"],
        errors=row["total_errors"],
        pod_seconds=row["total_pod_seconds"],
        churn=row["total_churn"],
        reward=row["total_reward"],
    )


def info_of(directory: Path, meta: Mapping[str, Any]) -> RunInfo:
    """What never changes, from the facts in `meta`."""
    facts, duration_s = meta.get("facts"), meta["duration_s"]
    return RunInfo(
        run_id=meta["run_id"],
        directory=directory,
        kind=RunKind(meta["kind"]),
        created_wall_time=float(meta["created_wall_time"]),
        environment=meta["environment"],
        scenario=meta["scenario_name"],
        policy=meta["policy_name"],
        seed=meta["seed"],
        interval_s=float(meta["interval_s"]),
        duration_s=None if duration_s is None else float(duration_s),
        parent=meta["parent"],
        program_version=meta["program_version"],
        facts=None if facts is None else DeploymentFacts(**facts),
        action_labels=tuple(meta.get("action_labels", ())),
        feature_names=tuple(meta.get("feature_names", ())),
        target=meta.get("target", ""),
        may_write=bool(meta.get("may_write", False)),
        steers_floor=bool(meta.get("steers_floor", False)),
    )
