"""A home with runs in every state that the list can show, and ways to go about that list."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from console.screens.runs import RunsScreen
from console.widgets.run_table import RunTable
from core.locations import runs_directory
from core.runs.lock import EngineLock
from core.runs.records import RunKind, RunState
from tests.console.pilots import until
from tests.core.runs.factory import write_run

FINISHED = "20260101-100000-ppo-flash-crowd-0001"
STOPPED = "20260101-110000-hpa-flash-crowd-0002"
TRAINED = "20260101-120000-ppo-random-0003"
LOST = "20260101-130000-dqn-random-0004"
LIVE = "20260101-140000-ppo-bursty-0005"
BROKEN = "broken"
# From the newest to the oldest, which is how they are listed.
ORDER = ("0005", "0004", "0003", "0002", "0001", "oken")


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


def runs(pilot: Pilot[None]) -> RunsScreen:
    """The Runs screen, wherever it is in the stack."""
    (screen,) = [s for s in pilot.app.screen_stack if isinstance(s, RunsScreen)]
    return screen


def table(pilot: Pilot[None]) -> RunTable:
    """The list of runs."""
    return runs(pilot).query_one(RunTable)


def notices(pilot: Pilot[None]) -> list[str]:
    """All notices so far."""
    return [notice.message for notice in pilot.app._notifications]


def note(pilot: Pilot[None]) -> str:
    """The words about the selected run."""
    return str(runs(pilot).query_one("#runs-note", Static).visual)


async def listed(pilot: Pilot[None]) -> None:
    """Wait until runs are listed."""
    await until(pilot, lambda: len(table(pilot).rows_shown) > 0, "runs are listed")
    await pilot.pause()


async def go_to(pilot: Pilot[None], ending: str) -> None:
    """Select the run whose name has this ending."""
    await listed(pilot)
    for _ in range(len(ORDER)):
        selected = table(pilot).selected
        if selected is not None and selected.run_id.endswith(ending):
            return
        await pilot.press("down")
    raise AssertionError(f"no run {ending}")
