"""A home with runs in every state that the list can show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.locations import runs_directory
from core.runs.lock import EngineLock
from core.runs.records import RunKind, RunState
from tests.core.runs.factory import write_run

FINISHED = "20260101-100000-ppo-flash-crowd-0001"
STOPPED = "20260101-110000-hpa-flash-crowd-0002"
TRAINED = "20260101-120000-ppo-random-0003"
LOST = "20260101-130000-dqn-random-0004"
LIVE = "20260101-140000-ppo-bursty-0005"
BROKEN = "broken"


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let wall times read the same everywhere."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def home() -> Iterator[Path]:
    """Six runs, one of them live and one of them unreadable."""
    home = runs_directory()
    home.mkdir(parents=True)
    write_run(home / FINISHED, 120)
    write_run(
        home / STOPPED,
        90,
        policy="hpa",
        seed=3,
        state=RunState.STOPPED,
        message="stopped by ops@host",
    )
    write_run(home / TRAINED, 60, kind=RunKind.TRAINING, policy="ppo", scenario="random")
    write_run(
        home / LOST,
        60,
        kind=RunKind.TRAINING,
        policy="dqn",
        scenario="random",
        state=RunState.RUNNING,
        seed=1,
    )
    write_run(home / LIVE, 40, scenario="bursty", state=RunState.RUNNING)
    (home / BROKEN).mkdir()
    (home / BROKEN / "run.db").write_text("not a database")
    with EngineLock(home / LIVE):
        yield home
