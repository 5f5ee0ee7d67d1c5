"""Times lead to steps by the times of the steps, however they are spaced."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.errors import InputError, RunError
from core.runs.database import FILE_NAME
from core.runs.moments import decision_at
from core.runs.reader import RunReader
from core.runs.records import RunKind
from tests.core.runs.factory import write_run
from tests.core.runs.uneven import paused


@pytest.mark.parametrize(
    ("time_s", "step"),
    [(-5.0, 0), (0.0, 0), (134.0, 8), (135.0, 9), (700.0, 9), (750.0, 10), (780.0, 12), (1e9, 99)],
)
def test_the_last_step_up_to_a_time(tmp_path: Path, time_s: float, step: int) -> None:
    reader = RunReader(paused(write_run(tmp_path / "run", 100), 10))
    assert reader.step_at(time_s) == step


def test_a_time_counts_to_the_second(tmp_path: Path) -> None:
    reader = RunReader(paused(write_run(tmp_path / "run", 100), 1, 0.4))
    assert reader.step(8).state.time_s == 120.4
    assert reader.step_at(120.0) == 8
    assert reader.step_at(119.0) == 7


def test_every_step_of_a_long_run_is_found(tmp_path: Path) -> None:
    reader = RunReader(paused(write_run(tmp_path / "run", 3000), 1234))
    times = reader.steps_after(-1, 3000).time_s
    assert [reader.step_at(float(time_s)) for time_s in times] == list(range(3000))


def test_a_run_without_steps_has_none(tmp_path: Path) -> None:
    assert RunReader(write_run(tmp_path / "run", 0)).step_at(10.0) == -1


def test_a_time_to_come_is_refused(tmp_path: Path) -> None:
    reader = RunReader(paused(write_run(tmp_path / "run", 100), 10))
    assert decision_at(reader, 700.0) == 9
    assert decision_at(reader, 99 * 15.0 + 600.0 + 15.0) == 99
    with pytest.raises(InputError, match=r"expected a time up to 00:34:45, found 00:35:01\."):
        decision_at(reader, 2101.0)
    with pytest.raises(RunError, match="expected a first decision"):
        decision_at(RunReader(write_run(tmp_path / "none", 0)), 0.0)


def test_in_a_training_the_newest_episode_counts(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 100, kind=RunKind.TRAINING)
    connection = sqlite3.connect(directory / FILE_NAME)
    with connection:
        connection.execute("UPDATE steps SET episode = 1, time_s = time_s - 900 WHERE step >= 60")
    connection.close()
    reader = RunReader(directory)
    assert reader.step_at(0.0) == 60
    assert reader.step_at(150.0) == 70
    assert reader.step_at(1e9) == 99
