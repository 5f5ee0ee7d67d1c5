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
from core.runs.records import EventKind, RunKind, RunState
from core.runs.rights import read_key
from core.runs.rows import StatusRow
from core.runs.schema import BUCKETS, STEPS
from core.runs.store import RunWriter
from core.state import Actor, ControlMode, Step
from tests.core.runs.steps import (
    ACTIONS,
    CAPACITY_RPS,
    FEATURES,
    FIRST_WALL_TIME,
    INTERVAL_S,
    records,
)

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
    for record in records(min(steps, _BLOCK + 1), np.random.default_rng(seed), mode):
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


def write_odd_run(directory: Path, key: str, text: str | None, **options: Any) -> Path:
    """A run with a fact that no version of ours writes; see `write_run`.

    Args:
        directory: Becomes the run directory.
        key: Of the fact.
        text: What stands there instead; None removes it.
        options: Of `write_run`.
    """
    write_run(directory, 3, **options)
    connection = sqlite3.connect(directory / FILE_NAME)
    connection.execute("DELETE FROM meta WHERE key = ?", (key,))
    if text is not None:
        connection.execute("INSERT INTO meta VALUES (?, ?)", (key, text))
    connection.commit()
    connection.close()
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
