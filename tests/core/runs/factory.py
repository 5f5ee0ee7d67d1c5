"""Synthetic but valid runs, written fast: for tests of whatever reads runs, and for benchmarks."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from core.agents.sink import EvaluationResult, TrainingProgress
from core.clock import SystemClock
from core.cluster.base import ScaleOutcome
from core.runs.database import FILE_NAME, command_record, create_run_file
from core.runs.lock import LOCK_NAME
from core.runs.records import EventKind, RunKind, RunState, RunTotals
from core.runs.rights import read_key
from core.runs.rows import StatusRow, StepRecord
from core.runs.schema import BUCKETS, STEPS
from core.runs.store import RunWriter
from core.state import (
    Actor,
    ClusterState,
    ControlMode,
    Decision,
    RewardComponents,
    Step,
    ValuesKind,
)

CAPACITY_RPS: Final = 57.0
INTERVAL_S: Final = 15.0
ACTIONS: Final = tuple(
    f"{window} x {factor}"
    for window in ("15 s", "1 min", "3 min", "10 min")
    for factor in (1.05, 1.2, 1.4, 1.6, 1.9, 2.3, 2.8)
)
FEATURES: Final = tuple(f"feature_{number}" for number in range(24))
FIRST_WALL_TIME: Final = 1_800_000_000.0

_BLOCK: Final = 20_480
"""Steps that are made one by one; longer runs repeat them."""


def write_run(
    directory: Path,
    steps: int = 400,
    *,
    kind: RunKind = RunKind.INFERENCE,
    state: RunState = RunState.FINISHED,
    policy: str = "ppo (shipped)",
    scenario: str = "flash-crowd",
    mode: ControlMode = ControlMode.AUTO,
    override_target: int | None = None,
    paused: bool = False,
    message: str = "",
    degraded: str = "",
    seed: int = 0,
    total_timesteps: int | None = None,
    lock_file: bool = True,
) -> Path:
    """Write a run of `steps` decisions into `directory` and return that directory.

    Nobody holds its lock: a `state` of running reads as lost, unless the caller takes an
    `EngineLock` on the directory.

    Args:
        directory: Becomes the run directory; its name is the run's id.
        steps: Rows of `steps`; in a training a tenth of that many progress reports too.
        kind: Inference or training.
        state: As it stands in the status row.
        policy: Display name.
        scenario: Name of the scenario.
        mode: Control mode at the end (before it, all modes occur).
        override_target: Pinned replicas at the end.
        paused: Whether it is paused at the end.
        message: Status message.
        degraded: Reason for degraded decisions at the end.
        seed: Source of the synthetic numbers.
        total_timesteps: Length of a training; twice what is done by default.
        lock_file: Whether an engine has ever worked here.
    """
    training = kind is RunKind.TRAINING
    create_run_file(directory, _meta(directory.name, kind, policy, scenario, seed), StatusRow())
    writer = RunWriter(directory, SystemClock())
    for record in _records(min(steps, _BLOCK + 1), np.random.default_rng(seed), mode):
        writer.add_step(record)
        _add_happenings(writer, record.step)
    if training:
        _add_training(writer, steps)
    writer.set_status(
        StatusRow(
            state=state,
            message=message,
            mode=mode,
            former_mode=ControlMode.AUTO if mode is ControlMode.MANUAL else None,
            override_target=override_target,
            override_ends_s=None if override_target is None else steps * INTERVAL_S + 272.0,
            speed=10.0,
            paused=paused,
            degraded=degraded,
            time_s=max(0, steps - 1) * INTERVAL_S,
            step=steps - 1,
            timesteps=steps * 128 if training else 0,
            total_timesteps=(total_timesteps or steps * 256) if training else 0,
            steps_per_s=21_500.0 if training else 0.7,
            eta_s=31.0 if training else None,
            best_score=2.31 if training else None,
            baseline_score=2.9 if training else None,
            started_wall_time=FIRST_WALL_TIME,
            ended_wall_time=None if state.is_live else FIRST_WALL_TIME + steps * 1.5,
        )
    )
    writer.close()
    if steps > _BLOCK:
        _repeat(directory / "run.db", steps)
    if lock_file:
        (directory / LOCK_NAME).touch(mode=0o600)
    return directory


def _meta(run_id: str, kind: RunKind, policy: str, scenario: str, seed: int) -> dict[str, Any]:
    training = kind is RunKind.TRAINING
    config = (
        {"algo": "ppo", "scenarios": [scenario], "steps": 100_000, "seed": seed}
        if training
        else {"policy": "ppo", "scenario": scenario, "seed": seed, "speed": 10.0}
    )
    return {
        "run_id": run_id,
        "kind": kind.value,
        "created_wall_time": FIRST_WALL_TIME,
        "environment": "sim",
        "scenario_name": scenario,
        "policy_name": policy,
        "seed": seed,
        "interval_s": INTERVAL_S,
        "duration_s": None if training else 7200.0,
        "parent": None,
        "program_version": "0.1.0",
        "config": config,
        "facts": None
        if training
        else {
            "pod_capacity_rps": CAPACITY_RPS,
            "slo_ms": 250.0,
            "min_replicas": 2,
            "max_replicas": 60,
            "interval_s": INTERVAL_S,
            "startup_median_s": 20.0,
        },
        "action_labels": ACTIONS,
        "feature_names": FEATURES,
    }


def _records(count: int, rng: np.random.Generator, last_mode: ControlMode) -> list[StepRecord]:
    if count == 0:
        return []
    time_s = np.arange(count) * INTERVAL_S
    rps = 400 + 250 * np.sin(time_s / 900) + rng.normal(0, 15, count)
    rps[count // 2 : count // 2 + 12] *= 2.5
    wanted = np.clip(np.ceil(rps / CAPACITY_RPS * 1.4), 2, 60).astype(int)
    ready = np.concatenate([wanted[:1], wanted[:1], wanted[:-2]])[:count]
    load = rps / (ready * CAPACITY_RPS)
    p95 = 105 + 900 * np.clip(load - 0.8, 0, None)
    values = rng.dirichlet(np.ones(len(ACTIONS)), size=min(count, 512))
    observations = rng.random((min(count, 512), len(FEATURES)))
    records: list[StepRecord] = []
    totals = RunTotals()
    desired = int(wanted[0])
    for index in range(count):
        before, desired = desired, int(wanted[max(0, index - 1)])
        mode, actor, target = _control(index, count, desired, int(wanted[index]), last_mode)
        violations = float(np.clip(load[index] - 0.85, 0.0008, 1))
        state = ClusterState(
            time_s=float(time_s[index]),
            rps=float(rps[index]),
            latency_p50_ms=None if index % 97 == 5 else float(p95[index] / 3),
            latency_p95_ms=None if index % 97 == 5 else float(p95[index]),
            latency_p99_ms=None if index % 97 == 5 else float(p95[index] * 1.6),
            slo_violation_ratio=violations,
            error_ratio=violations / 10,
            cpu_utilization=float(load[index]),
            memory_utilization=0.4,
            queue_requests=float(max(0.0, load[index] - 1) * 100),
            replicas_desired=desired,
            replicas_ready=int(ready[index]),
            replicas_starting=max(0, desired - int(ready[index])),
            nodes=4,
            metrics_age_s=5.0,
        )
        requests = float(rps[index]) * INTERVAL_S
        reward = RewardComponents(-30 * violations, -float(ready[index]) / 60, 0.0, 0.0)
        totals = RunTotals(
            requests=totals.requests + requests,
            violations=totals.violations + requests * violations,
            errors=totals.errors + requests * violations / 10,
            pod_seconds=totals.pod_seconds + int(ready[index]) * INTERVAL_S,
            churn=totals.churn + abs(desired - before),
            reward=totals.reward + reward.total,
        )
        step = Step(
            index=index,
            wall_time=FIRST_WALL_TIME + index * 1.5,
            state=state,
            mode=mode,
            actor=actor,
            decision=Decision(
                target=int(wanted[index]),
                change=int(wanted[index]) - desired,
                reason=f"cover the 3-minute peak of {rps[index]:.0f} rps with 1.4x",
                action=index % len(ACTIONS),
                action_values=tuple(values[index % 512].tolist()),
                values_kind=ValuesKind.PROBABILITIES,
                value=-3.5,
            ),
            target=target,
            guardrail="scale-down vetoed while the SLO is violated"
            if actor is Actor.GUARDRAIL
            else "",
            reward=reward,
            observation=tuple(observations[index % 512].tolist()),
        )
        records.append(StepRecord(step, int(ready[index]) * CAPACITY_RPS, totals))
    return records


def _control(
    index: int, count: int, desired: int, wanted: int, last_mode: ControlMode
) -> tuple[ControlMode, Actor, int]:
    if index == count - 1 and last_mode is not ControlMode.AUTO:
        actor = Actor.OPERATOR if last_mode is ControlMode.MANUAL else Actor.NOBODY
        return last_mode, actor, desired
    if index % 50 in (30, 31, 32):
        return ControlMode.MANUAL, Actor.OPERATOR, 12
    if index % 50 == 40:
        return ControlMode.SHADOW, Actor.NOBODY, desired
    if index % 50 == 45:
        return ControlMode.HOLD, Actor.NOBODY, desired
    if index % 50 == 20:
        return ControlMode.AUTO, Actor.GUARDRAIL, desired
    return ControlMode.AUTO, Actor.POLICY, wanted


def _add_happenings(writer: RunWriter, step: Step) -> None:
    time_s, index = step.state.time_s, step.index
    if index % 50 == 0:
        number = writer.begin_scaling(
            step=index,
            time_s=time_s,
            actor=step.actor,
            replicas_before=step.state.replicas_desired,
            target=step.target,
        )
        writer.finish_scaling(number, ScaleOutcome(accepted=index % 100 == 0, message=""))
    if index % 50 == 20:
        writer.add_event(
            EventKind.GUARDRAIL, Actor.GUARDRAIL, step.guardrail, time_s=time_s, step=index
        )
    if index % 50 == 30:
        writer.add_event(
            EventKind.OVERRIDE, Actor.OPERATOR, "pinned 12 replicas", time_s=time_s, step=index
        )


def _add_training(writer: RunWriter, steps: int) -> None:
    for report in range(1, max(2, steps // 10)):
        share = report / max(2, steps // 10)
        writer.add_training(
            TrainingProgress(
                timesteps=report * 1280,
                total_timesteps=steps * 256,
                wall_s=report * 0.06,
                steps_per_s=21_500.0,
                eta_s=60 * (1 - share),
                episode_reward=-900 + 500 * share,
                episode_length=480.0,
                policy_loss=-0.01,
                value_loss=4.0 * (1 - share) + 0.2,
                entropy=3.3 - share,
                learning_rate=1e-3 * (1 - share),
            )
        )
        if report % 10 == 0:
            writer.add_evaluation(
                EvaluationResult(
                    timesteps=report * 1280,
                    wall_s=report * 0.06,
                    score=4.5 - 2.2 * share,
                    baseline_score=2.9,
                    slo_violation_ratio=0.01 * (1 - share),
                    pod_hours=18.0,
                    churn=90.0,
                    reward=-420.0,
                    best=True,
                )
            )


def insert_command(
    directory: Path, name: str, arguments: str, *, key_of: Path | None = None
) -> None:
    """Hand in a command as a console does, whatever stands in it.

    Args:
        directory: The run.
        name: What is asked for.
        arguments: As they stand in the file.
        key_of: The run whose key proves it; this one's by default.
    """
    connection = sqlite3.connect(directory / FILE_NAME)
    last = connection.execute("SELECT coalesce(max(id), 0) FROM commands").fetchone()[0]
    said = (last + 1, 0.0, "x", name)
    connection.execute(
        "INSERT INTO commands (id, wall_time, issuer, name, arguments, result) "
        "VALUES (?, ?, ?, ?, ?, '')",
        (*said, arguments),
    )
    [row] = connection.execute("SELECT * FROM commands WHERE id = ?", said[:1])
    proof = read_key(key_of or directory).proof(*said, command_record(row).arguments)
    connection.execute("UPDATE commands SET proof = ? WHERE id = ?", (proof, last + 1))
    connection.commit()
    connection.close()


def _repeat(path: Path, steps: int) -> None:
    """Fill up to `steps` with shifted copies of the first block."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    connection.execute("DELETE FROM steps WHERE step >= ?", (_BLOCK,))
    last = connection.execute("SELECT * FROM steps ORDER BY step DESC LIMIT 1").fetchone()
    totals = {name: last[STEPS.names.index(name)] for name in STEPS.names if "total_" in name}
    for start in range(_BLOCK, steps, _BLOCK):
        repeats, size = start // _BLOCK, min(_BLOCK, steps - start)
        shifts: dict[str, float] = {name: total * repeats for name, total in totals.items()}
        shifts |= {"step": start, "first_step": start, "wall_time": start * 1.5}
        shifts |= dict.fromkeys(("time_s", "time_s_min", "time_s_max"), start * INTERVAL_S)
        connection.execute(
            f"INSERT INTO steps SELECT {_shifted(STEPS.names, shifts)} FROM steps WHERE step < ?",
            (size,),
        )
        connection.execute(
            f"INSERT INTO buckets SELECT {_shifted(BUCKETS.names, shifts)} FROM buckets "
            "WHERE first_step + size <= ?",
            (size,),
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def _shifted(names: Sequence[str], shifts: dict[str, float]) -> str:
    return ", ".join(f"{name} + {shifts[name]}" if name in shifts else name for name in names)
