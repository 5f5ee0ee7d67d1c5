"""Quitting a run: asked where it goes on, and closed to what is typed ahead."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key

from console.dialogs.leave import LeaveDialog
from console.screens.live import LiveScreen
from console.start import StartAttach, StartRuns
from core.clock import SystemClock
from core.runs.lock import EngineLock
from core.runs.records import RunState
from tests.console.live.opening import opened
from tests.console.pilots import console, shown, until
from tests.core.runs.factory import write_run

_LONG = "20261122-141503-static-120-black-friday-morning-of-last-year-3f2a"


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


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24)])
@pytest.mark.parametrize("controls", ["", "prod-eu/shop/checkout"])
async def test_the_answers_are_in_sight_however_small_the_terminal(
    size: tuple[int, int], controls: str
) -> None:
    app = console(StartRuns())
    async with app.run_test(size=size) as pilot:
        await app.push_screen(LeaveDialog(_LONG, training=True, controls=controls))
        stops = ["stop and hold", "stop and restore"] if controls else ["stop it"]
        words = ["The engine of this run", "leave it running", *stops, "stay (esc)"]
        await until(pilot, lambda: all(word in shown(pilot) for word in words))
        await pilot.press(*["down"] * 10)
        await until(pilot, lambda: ("puts back" if controls else "so far.") in shown(pilot))


async def test_the_command_to_come_back_is_copied_in_one_go() -> None:
    app = console(StartRuns())
    async with app.run_test(size=(160, 50)) as pilot:
        await app.push_screen(LeaveDialog(_LONG, training=False))
        await until(pilot, lambda: f"  rlscale-console attach {_LONG}  " in shown(pilot))


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
