from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.app import App
from textual.pilot import Pilot

from console.screens.compare import CompareScreen
from console.screens.runs import RunsScreen
from console.settings import Settings
from console.start import StartRuns
from console.widgets.run_table import RunTable
from core.locations import runs_directory
from tests.console.pilots import console, settled, until

SnapCompare = Callable[..., bool]
SIZES = [(80, 24), (160, 50)]
FINISHED = "20260101-100000-ppo-flash-crowd-0001"
STOPPED = "20260101-110000-hpa-flash-crowd-0002"


def app() -> App[None]:
    return console(StartRuns(), settings=Settings())


def pressing(*keys: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def run_before(pilot: Pilot[None]) -> None:
        await settled(pilot)
        for key in keys:
            await pilot.press(key)
            await settled(pilot)

    return run_before


async def comparing(pilot: Pilot[None]) -> None:
    home = runs_directory()
    screen = CompareScreen(home / FINISHED, home / STOPPED)
    await pilot.app.push_screen(screen)
    await settled(pilot)
    await pilot.press("left")
    await settled(pilot)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("size", SIZES)
def test_runs(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    async def run_before(pilot: Pilot[None]) -> None:
        await settled(pilot)
        screen = pilot.app.screen
        assert isinstance(screen, RunsScreen)
        await until(pilot, lambda: len(screen.query_one(RunTable).rows_shown) == 6)
        await pressing("end", "up", "space")(pilot)

    assert snap_compare(app(), terminal_size=size, run_before=run_before)


def test_no_runs_yet(snap_compare: SnapCompare) -> None:
    assert snap_compare(app(), terminal_size=(80, 24), run_before=pressing())


@pytest.mark.usefixtures("home")
def test_deleting(snap_compare: SnapCompare) -> None:
    assert snap_compare(app(), terminal_size=(80, 24), run_before=pressing("down", "D"))


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("size", SIZES)
def test_compare(snap_compare: SnapCompare, size: tuple[int, int]) -> None:
    assert snap_compare(app(), terminal_size=size, run_before=comparing)
