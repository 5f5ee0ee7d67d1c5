from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.dialogs.leave import LeaveDialog
from console.leaving import LeftRun
from console.screens.live import LiveScreen
from console.screens.runs import RunsScreen
from console.start import StartRuns
from core.errors import RunError
from core.locations import runs_directory
from core.runs.lock import EngineLock
from core.runs.records import RunState
from tests.console.pilots import console, until
from tests.core.runs.factory import write_odd_run, write_run


@pytest.fixture
def lock() -> Iterator[EngineLock]:
    """A run that reads as live until the lock is released."""
    directory = write_run(runs_directory() / "20260101-000000-live", 30, state=RunState.RUNNING)
    with EngineLock(directory) as held:
        yield held


async def left_behind(pilot: Pilot[None]) -> None:
    """Watch the run, then go back to the list."""
    await until(pilot, lambda: "20260101" in str(pilot.app.screen.query_one("#runs-note").visual))  # type: ignore[attr-defined]
    await pilot.press("enter")
    await until(
        pilot,
        lambda: (
            isinstance(pilot.app.screen, LiveScreen) and pilot.app.screen.commands_running_engine
        ),
    )
    await pilot.press("R")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))


@pytest.mark.usefixtures("lock")
async def test_quitting_asks_about_a_run_that_no_screen_shows_any_more() -> None:
    app = console(StartRuns())
    async with app.run_test(size=(80, 24)) as pilot:
        await left_behind(pilot)
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, LeaveDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        assert app.is_running
        await pilot.press("q")
        await until(pilot, lambda: isinstance(pilot.app.screen, LeaveDialog))
        await pilot.press("l")
        await until(pilot, lambda: not app.is_running)


@pytest.mark.usefixtures("lock")
async def test_stopping_it_then_quits(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    monkeypatch.setattr(
        "core.runs.catalogue.stop_run",
        lambda directory, timeout_s, rule: stopped.append(directory.name),
    )
    app = console(StartRuns())
    async with app.run_test(size=(80, 24)) as pilot:
        await left_behind(pilot)
        await pilot.press("q", "s")
        await until(pilot, lambda: not app.is_running)
    assert stopped == ["20260101-000000-live"]


@pytest.mark.usefixtures("lock")
async def test_an_engine_that_does_not_stop_keeps_the_console_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(directory: Path, timeout_s: float, rule: object) -> None:
        raise RunError("expected an answer, found none.")

    monkeypatch.setattr("core.runs.catalogue.stop_run", refuse)
    app = console(StartRuns())
    async with app.run_test(size=(80, 24)) as pilot:
        await left_behind(pilot)
        await pilot.press("q", "s")
        await until(
            pilot, lambda: any("found none" in notice.message for notice in app._notifications)
        )
        assert app.is_running


async def test_a_run_that_has_ended_meanwhile_is_not_asked_about(lock: EngineLock) -> None:
    app = console(StartRuns())
    async with app.run_test(size=(80, 24)) as pilot:
        await left_behind(pilot)
        lock.release()
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


def test_a_run_that_cannot_be_understood_is_not_asked_about(tmp_path: Path) -> None:
    directory = write_odd_run(tmp_path / "run", "facts", '{"zone": "a"}', state=RunState.RUNNING)
    with EngineLock(directory):
        assert not LeftRun(directory, training=False).is_live
