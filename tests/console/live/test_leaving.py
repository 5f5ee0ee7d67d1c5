"""Quitting a run: asked where it goes on, and closed to what is typed ahead."""

from __future__ import annotations

from pathlib import Path

from textual.events import Key

from console.dialogs.leave import LeaveDialog
from console.screens.live import LiveScreen
from console.start import StartAttach
from core.clock import SystemClock
from core.runs.lock import EngineLock
from core.runs.records import RunState
from tests.console.live.opening import opened
from tests.console.pilots import shown, until
from tests.core.runs.factory import write_run


async def test_quitting_an_ended_run_asks_nothing(finished_run: Path) -> None:
    async with opened(StartAttach(finished_run)) as (pilot, _):
        await pilot.press("q")
        await until(pilot, lambda: not pilot.app.is_running)


async def test_quitting_a_running_one_asks_unless_read_only(isolated: Path) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: "goes on without a console" in shown(pilot))
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
            assert pilot.app.is_running
            await pilot.press("q", "l")
            await until(pilot, lambda: not pilot.app.is_running)
        async with opened(StartAttach(run, read_only=True)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: not pilot.app.is_running)


async def test_keys_typed_ahead_of_leaving_are_not_taken(isolated: Path) -> None:
    """What is typed for the shell behind must not open dialogs in a console that is closing."""
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        async with opened(StartAttach(run)) as (pilot, _):
            await pilot.press("q")
            await until(pilot, lambda: isinstance(pilot.app.screen, LeaveDialog))
            for key in ("l", "o", "l", "enter"):
                pilot.app.post_message(Key(key, "\r" if key == "enter" else key))
            await until(pilot, lambda: not pilot.app.is_running)
