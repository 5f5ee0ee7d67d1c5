from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.screens.help import HelpScreen
from console.screens.live import LiveScreen
from console.start import StartAttach, StartDebug, StartRequest, StartRuns, StartSetup
from core.clock import SystemClock
from core.runs.commands import CommandName
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import RunState
from tests.console.pilots import console, settled, shown, until
from tests.core.runs.factory import write_run

SMALL = (40, 10)


@pytest.mark.parametrize("start", [StartSetup(), StartRuns()])
async def test_a_terminal_that_is_too_small_says_so_until_it_grows(start: StartRequest) -> None:
    async with console(start).run_test(size=(59, 20)) as pilot:
        await settled(pilot)
        text = " ".join(shown(pilot).split())
        assert text == "Needs 60x16, is 59x20. Make it larger; q quits."
        await pilot.resize_terminal(60, 16)
        await settled(pilot)
        assert "Needs 60x16" not in shown(pilot)
        assert "rlscale-console" in shown(pilot)
        await pilot.resize_terminal(100, 15)
        await settled(pilot)
        assert "is 100x15" in shown(pilot)


@pytest.mark.parametrize(
    "start", [lambda _: StartRuns(), lambda _: StartSetup(), StartAttach, StartDebug]
)
async def test_help_and_quit_answer_where_nothing_else_does(
    start: Callable[[Path], StartRequest], finished_run: Path
) -> None:
    app = console(start(finished_run))
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, lambda: "Needs 60x16" in shown(pilot))
        screen = app.screen
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(app.screen, HelpScreen))
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


async def test_quitting_does_not_type_into_a_hidden_field() -> None:
    app = console(StartSetup())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash")
        await pilot.resize_terminal(*SMALL)
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)


async def test_a_run_that_cannot_be_seen_is_not_commanded(isolated: Path) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        app = console(StartAttach(run))
        async with app.run_test(size=SMALL) as pilot:
            screen = app.screen
            assert isinstance(screen, LiveScreen)
            await until(pilot, lambda: screen.is_ready)
            await pilot.press("space", "n", "m", "o", "D")
            await settled(pilot)
            assert app.screen is screen
            await pilot.resize_terminal(80, 24)
            await until(pilot, lambda: "p99" in shown(pilot))
            await pilot.press("space")
            await until(pilot, lambda: bool(asked(run)))
    assert asked(run) == [CommandName.PAUSE.value]


def asked(run: Path) -> list[str]:
    return [command.name for command in RunReader(run).commands_after(0)]
