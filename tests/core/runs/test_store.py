from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cluster.base import ScaleOutcome
from core.errors import RunError
from core.runs.database import create_run_file
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunState, RunTotals
from core.runs.rows import StatusRow, StepRecord
from core.runs.schema import BUCKET_SIZES, SERIES
from core.runs.store import FLUSH_INTERVAL_S, RunWriter
from core.state import (
    Actor,
    ControlMode,
    Decision,
    RewardComponents,
    Step,
    ValuesKind,
)
from tests.core.runs.clocks import ManualClock
from tests.core.runs.factory import write_run
from tests.core.runs.fakes import state_at
from tests.core.runs.steps import CAPACITY_RPS


def record(index: int, **state: float | None) -> StepRecord:
    decision = Decision(
        target=6,
        change=2,
        reason="cover the peak",
        action=3,
        action_values=(0.25, 0.75),
        values_kind=ValuesKind.PROBABILITIES,
        value=-1.5,
    )
    step = Step(
        index=index,
        wall_time=1_800_000_000.25 + index,
        state=state_at(index * 15.0, **state),  # type: ignore[arg-type]
        mode=ControlMode.AUTO,
        actor=Actor.POLICY,
        decision=decision,
        target=6,
        guardrail="",
        reward=RewardComponents(slo=-0.5, cost=-0.25, churn=-0.125, error=0.0),
        observation=(0.5, -1.0, 0.125),
    )
    totals = RunTotals(index * 10.0, index * 1.0, 0.0, index * 60.0, 2.0, index * -0.875)
    return StepRecord(step, 200.0, totals)


def fresh(tmp_path: Path, clock: ManualClock | None = None, durable: bool = False) -> RunWriter:
    directory = tmp_path / "run"
    write_run(directory, 0, state=RunState.STARTING)
    return RunWriter(directory, clock or ManualClock(), durable=durable)


def test_a_step_comes_back_as_it_was(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    original = record(0, rps=None, latency_p95_ms=None)
    writer.add_step(original)
    writer.close()
    reader = RunReader(tmp_path / "run")
    assert reader.step(0) == original.step
    assert reader.totals() == original.totals
    assert np.isnan(reader.tail(1).rps[0])
    with pytest.raises(RunError, match="expected a step from 0 to 0, found 1"):
        reader.step(1)


def test_files_are_for_the_owner_only(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    writer.add_step(record(0))
    writer.flush()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "run").iterdir()}
    assert modes == dict.fromkeys(
        ("run.db", "run.db-wal", "run.db-shm", "engine.lock", "operator.key"), 0o600
    )
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o700


def test_the_file_is_in_wal_mode(tmp_path: Path) -> None:
    fresh(tmp_path)
    connection = sqlite3.connect(tmp_path / "run" / "run.db")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_rows_wait_no_longer_than_the_interval(tmp_path: Path) -> None:
    clock = ManualClock()
    writer = fresh(tmp_path, clock)
    reader = RunReader(tmp_path / "run")
    writer.add_step(record(0))
    assert reader.last_step() == -1
    clock.wait(FLUSH_INTERVAL_S + 0.001)
    writer.flush_if_due()
    assert reader.last_step() == 0
    assert FLUSH_INTERVAL_S <= 0.1


def test_a_durable_writer_commits_the_intent_before_the_call(tmp_path: Path) -> None:
    writer = fresh(tmp_path, durable=True)
    reader = RunReader(tmp_path / "run")
    number = writer.begin_scaling(
        step=0, time_s=0.0, actor=Actor.POLICY, replicas_before=4, target=6
    )
    intent = reader.scalings_after(0)[0]
    assert (intent.id, intent.target, intent.accepted) == (number, 6, None)
    writer.finish_scaling(number, ScaleOutcome(accepted=False, message="forbidden"))
    outcome = reader.scalings_after(0)[0]
    assert (outcome.accepted, outcome.message) == (False, "forbidden")


def test_a_durable_writer_commits_a_decision_as_one(tmp_path: Path) -> None:
    clock = ManualClock()
    writer = fresh(tmp_path, clock, durable=True)
    reader = RunReader(tmp_path / "run")
    clock.wait(15.0)
    writer.add_event(EventKind.EXTERNAL, Actor.EXTERNAL, "rollout began", time_s=15.0, step=0)
    writer.add_step(record(0))
    assert reader.last_step() == -1
    assert reader.last_events(9) == []
    writer.set_status(replace(writer.status, step=0, time_s=15.0))
    assert reader.last_step() == reader.status().step == 0
    assert [event.message for event in reader.last_events(9)] == ["rollout began"]


@pytest.mark.parametrize("flushed", [False, True])
def test_the_newest_step_can_be_amended(tmp_path: Path, flushed: bool) -> None:
    writer = fresh(tmp_path)
    writer.add_step(record(0))
    writer.add_step(record(1))
    if flushed:
        writer.flush()
    writer.amend_step(ControlMode.MANUAL, Actor.OPERATOR, 12, "clamped")
    writer.close()
    steps = RunReader(tmp_path / "run").tail(2)
    assert steps.target.tolist() == [6, 12]
    assert steps.policy_target.tolist() == [6, 6]
    assert steps.mode == (ControlMode.AUTO, ControlMode.MANUAL)
    assert steps.actor[1] is Actor.OPERATOR
    assert steps.guardrail == ("", "clamped")


def test_an_amended_step_reaches_its_bucket(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    for index in range(BUCKET_SIZES[0]):
        writer.add_step(record(index))
    writer.amend_step(ControlMode.MANUAL, Actor.OPERATOR, 33, "")
    writer.add_step(record(BUCKET_SIZES[0]))
    writer.close()
    connection = sqlite3.connect(tmp_path / "run" / "run.db")
    assert connection.execute("SELECT target_max FROM buckets").fetchall() == [(33.0,)]


def test_steps_must_follow_each_other(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    with pytest.raises(RunError, match="expected step 0, found step 1"):
        writer.add_step(record(1))


def test_amending_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="found none"):
        fresh(tmp_path).amend_step(ControlMode.AUTO, Actor.POLICY, 3, "")


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("long") / "run", 2100)


def buckets_of(directory: Path) -> list[tuple[float, ...]]:
    return (
        sqlite3.connect(directory / "run.db")
        .execute("SELECT * FROM buckets ORDER BY size, first_step")
        .fetchall()
    )


@pytest.mark.parametrize("cut", [31, 32, 33, 1023, 1024, 1025, 1500])
def test_a_reopened_writer_goes_on_with_its_buckets(
    tmp_path: Path, long_run: Path, cut: int
) -> None:
    source = RunReader(long_run).steps(0, 2099)
    writer = fresh(tmp_path)
    for step in source:
        if step.index == cut:
            writer.close()
            writer = RunWriter(tmp_path / "run", ManualClock())
            assert writer.next_step == cut
        capacity_rps = step.state.replicas_ready * CAPACITY_RPS
        writer.add_step(StepRecord(step, capacity_rps, RunTotals()))
    writer.close()
    assert buckets_of(tmp_path / "run") == buckets_of(long_run)
    assert len(buckets_of(long_run)) == 65 + 2


def test_status_is_kept(tmp_path: Path) -> None:
    status = StatusRow(
        state=RunState.RUNNING,
        mode=ControlMode.MANUAL,
        former_mode=ControlMode.SHADOW,
        override_target=7,
        override_ends_s=900.0,
        paused=True,
        time_s=600.0,
        step=40,
    )
    writer = fresh(tmp_path)
    writer.set_status(status)
    writer.close()
    assert RunWriter(tmp_path / "run", ManualClock()).status == status
    read = RunReader(tmp_path / "run").status()
    assert (read.override_target, read.override_remaining_s) == (7, 300.0)
    assert read.former_mode is ControlMode.SHADOW


def test_events_carry_their_moment(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    writer.add_event(EventKind.MODE, Actor.OPERATOR, "mode HOLD", time_s=30.0, step=2)
    writer.close()
    event = RunReader(tmp_path / "run").events_after(0)[0]
    assert (event.kind, event.actor, event.step, event.time_s) == (
        EventKind.MODE,
        Actor.OPERATOR,
        2,
        30.0,
    )


def test_an_existing_run_is_not_overwritten(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 1)
    with pytest.raises(RunError, match=r"expected to write .*, found: File exists\. Choose"):
        create_run_file(directory, {}, StatusRow())


def test_nothing_is_lost_of_a_failed_transaction(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    writer.add_step(record(0))
    blocker = sqlite3.connect(tmp_path / "run" / "run.db", isolation_level=None)
    writer._connection.execute("PRAGMA busy_timeout = 1")
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(RunError, match=r"cannot write .*: database is locked"):
        writer.flush()
    blocker.execute("COMMIT")
    writer.flush()
    assert RunReader(tmp_path / "run").last_step() == 0


def test_a_full_disk_is_called_so(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    pages = writer._connection.execute("PRAGMA page_count").fetchone()[0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    for index in range(200):
        writer.add_step(record(index))
    with pytest.raises(RunError, match=r"cannot write .*: database or disk is full"):
        writer.flush()
    writer._connection.execute("PRAGMA max_page_count = 100000")
    writer.flush()
    assert RunReader(tmp_path / "run").last_step() == 199


def test_buckets_cover_every_series(long_run: Path) -> None:
    connection = sqlite3.connect(long_run / "run.db")
    steps = np.array(
        connection.execute(f"SELECT {', '.join(SERIES)} FROM steps ORDER BY step").fetchall(),
        dtype=float,
    )
    for size in BUCKET_SIZES:
        for side, extreme in (("min", np.fmin), ("max", np.fmax)):
            names = ", ".join(f"{name}_{side}" for name in SERIES)
            found = connection.execute(
                f"SELECT {names} FROM buckets WHERE size = ? ORDER BY first_step", (size,)
            ).fetchall()
            whole = 2100 // size
            blocks = steps[: whole * size].reshape(whole, size, len(SERIES))
            np.testing.assert_array_equal(np.array(found), extreme.reduce(blocks, axis=1))


def test_unmeasured_intervals_take_no_part_in_buckets(tmp_path: Path) -> None:
    writer = fresh(tmp_path)
    for index in range(BUCKET_SIZES[0] + 1):
        item = record(index, rps=None, latency_p95_ms=None if index else 77.0)
        writer.add_step(replace(item))
    writer.close()
    connection = sqlite3.connect(tmp_path / "run" / "run.db")
    row = connection.execute("SELECT rps_min, latency_p95_ms_max FROM buckets").fetchone()
    assert row == (None, 77.0)
