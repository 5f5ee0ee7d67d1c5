from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.monitor.health import Health, examine
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import RunState
from tests.core.runs.clocks import ManualClock
from tests.core.runs.factory import write_run

STEPS = 10
NEWEST_S = (STEPS - 1) * 1.5
"""When the newest decision was taken, by the manual clock."""
STUCK_S = 4 * 15.0 + 30.0
STALE_S = 4 * 15.0


@pytest.fixture
def alive(tmp_path: Path) -> Iterator[Path]:
    """A run of an engine that lives."""
    directory = write_run(tmp_path / "run", STEPS, state=RunState.RUNNING)
    lock = EngineLock(directory)
    yield directory
    lock.release()


def probe(directory: Path, time_s: float) -> Health:
    reader = RunReader(directory)
    try:
        return examine(reader, ManualClock(time_s))
    finally:
        reader.close()


def change(directory: Path, sql: str, *arguments: object) -> None:
    with sqlite3.connect(directory / "run.db") as connection:
        connection.execute(sql, arguments)


def test_a_loop_that_turns_is_alive_and_ready(alive: Path) -> None:
    health = probe(alive, NEWEST_S + STUCK_S)
    assert health.alive.ok
    assert health.ready.ok
    assert health.ready.words == "decision 9, 90 s ago"


def test_a_loop_that_stands_is_neither(alive: Path) -> None:
    health = probe(alive, NEWEST_S + STUCK_S + 1.0)
    assert not health.alive.ok
    assert not health.ready.ok
    assert health.alive.words.startswith("stuck: decision 9")


def test_a_loop_that_may_stand_is_alive(alive: Path) -> None:
    change(alive, "UPDATE status SET paused = 1")
    assert probe(alive, NEWEST_S + STUCK_S + 1.0).alive.ok


def test_blind_is_alive_but_not_ready(alive: Path) -> None:
    change(alive, "UPDATE steps SET metrics_age_s = ? WHERE step = 9", STALE_S)
    assert probe(alive, NEWEST_S).ready.ok
    change(alive, "UPDATE steps SET metrics_age_s = ? WHERE step = 9", STALE_S + 1.0)
    health = probe(alive, NEWEST_S)
    assert health.alive.ok
    assert not health.ready.ok
    assert "61 s old" in health.ready.words


def test_the_first_decision_may_take_a_while(alive: Path) -> None:
    change(alive, "DELETE FROM steps")
    early, late = probe(alive, 180.0), probe(alive, 181.0)
    assert early.alive.ok
    assert not early.ready.ok
    assert not late.alive.ok


def test_without_an_engine_nothing_lives(tmp_path: Path) -> None:
    lost = write_run(tmp_path / "lost", STEPS, state=RunState.RUNNING)
    failed = write_run(tmp_path / "failed", STEPS, state=RunState.FAILED, message="no such thing")
    assert not probe(lost, NEWEST_S).alive.ok
    assert probe(failed, NEWEST_S).alive.words == "failed: no such thing"
