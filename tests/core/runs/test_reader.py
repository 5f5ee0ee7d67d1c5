"""What a run's file says of the run: what it is, how it stands, what happened."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import RunError
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunKind, RunState
from core.runs.store import RunWriter
from core.state import ControlMode
from tests.core.runs.factory import write_odd_run, write_run
from tests.core.runs.steps import ACTIONS, CAPACITY_RPS, FEATURES


def test_info_tells_what_never_changes(tmp_path: Path) -> None:
    info = RunReader(write_run(tmp_path / "my-run", 5, seed=7)).info()
    assert (info.run_id, info.kind, info.seed, info.interval_s) == (
        "my-run",
        RunKind.INFERENCE,
        7,
        15.0,
    )
    assert info.facts is not None
    assert info.facts.pod_capacity_rps == CAPACITY_RPS
    assert info.action_labels == ACTIONS
    assert info.feature_names == FEATURES


def test_status_is_lost_without_an_engine_and_live_with_one(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 5, state=RunState.RUNNING)
    reader = RunReader(directory)
    assert reader.status().state is RunState.LOST
    with EngineLock(directory):
        assert reader.status().state is RunState.RUNNING
    assert reader.status().state is RunState.LOST


def test_an_engine_that_came_and_went_is_noticed(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 5, state=RunState.STOPPED)
    reader = RunReader(directory)
    assert reader.status().state is RunState.STOPPED
    writer = RunWriter(directory, SystemClock())
    writer.set_status(replace(writer.status, state=RunState.FINISHED))
    writer.close()
    assert not (directory / "run.db-wal").exists()
    assert reader.status().state is RunState.FINISHED


def test_a_paused_run_says_so(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 5, state=RunState.RUNNING, paused=True)
    with EngineLock(directory):
        assert RunReader(directory).status().state is RunState.PAUSED


def test_ended_runs_need_no_lock(tmp_path: Path) -> None:
    for state in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED):
        directory = write_run(tmp_path / state, 3, state=state, message="why")
        status = RunReader(directory).status()
        assert (status.state, status.message) == (state, "why")


def test_training_status(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 400, kind=RunKind.TRAINING)
    reader = RunReader(directory)
    training = reader.status().training
    assert training is not None
    assert (training.timesteps, training.total_timesteps) == (400 * 128, 400 * 256)
    rows = reader.training_after(0)
    assert reader.training_after(rows[-1].id) == []
    assert rows[0].q_loss is None
    assert [row.best for row in reader.evaluations_after(0)] == [True, True, True]


def test_rows_after_the_last_seen_come_once(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 100))
    seen: list[int] = []
    while len(steps := reader.steps_after(seen[-1] if seen else -1, limit=33)):
        seen += steps.step.tolist()
    assert seen == list(range(100))
    events = reader.events_after(0)
    assert reader.events_after(events[0].id) == events[1:]
    assert reader.last_events(2) == events[-2:]
    assert {event.kind for event in events} == {EventKind.GUARDRAIL, EventKind.OVERRIDE}


def test_an_empty_run_reads_as_empty(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 0))
    assert reader.last_step() == -1
    assert len(reader.tail(10)) == 0
    assert len(reader.window(0, 100, 50)) == 0
    assert reader.totals().slo_violation_ratio is None
    assert reader.status().step == -1


def test_totals_at_any_step(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 100))
    assert 0 < reader.totals(10).requests < reader.totals().requests
    assert reader.totals(99) == reader.totals()


def test_manual_mode_in_the_header(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 10, mode=ControlMode.MANUAL, override_target=12)
    status = RunReader(directory).status()
    assert (status.mode, status.override_target) == (ControlMode.MANUAL, 12)
    assert status.override_remaining_s == pytest.approx(10 * 15 + 272 - 9 * 15)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("facts", '{"zone": "a"}', "unexpected keyword argument 'zone'"),
        ("facts", "5", "must be a mapping"),
        ("kind", '"dream"', "'dream' is not a valid RunKind"),
        ("created_wall_time", '"yesterday"', "could not convert string to float: 'yesterday'"),
        ("interval_s", "null", "not 'NoneType'"),
        ("run_id", None, "no 'run_id'"),
        ("policy_name", "{", "Expecting property name"),
    ],
)
def test_an_odd_fact_is_said_in_one_line(
    tmp_path: Path, key: str, text: str | None, words: str
) -> None:
    reader = RunReader(write_odd_run(tmp_path / "run", key, text))
    for read in (reader.info, reader.status):
        with pytest.raises(RunError, match="as this version writes it") as found:
            read()
        assert words in str(found.value)
        assert "\n" not in str(found.value)


def test_an_odd_status_and_an_odd_scenario_are_said_in_one_line(tmp_path: Path) -> None:
    reader = RunReader(write_odd_run(tmp_path / "run", "scenario", '{"name": "x", "seed": "y"}'))
    with pytest.raises(RunError, match="traffic: Field required") as found:
        reader.scenario()
    assert "\n" not in str(found.value)
    with sqlite3.connect(reader.path) as connection:
        connection.execute("UPDATE status SET mode = 'DREAM'")
    with pytest.raises(RunError, match="'DREAM' is not a valid ControlMode"):
        reader.status()


def test_a_missing_config_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no 'config'"):
        RunReader(write_odd_run(tmp_path / "run", "config", None)).config()
