"""Pictures of the debugger, compared with those that were looked at and found good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from console.screens.debug import DebugScreen
from console.screens.versus import VersusScreen
from console.settings import Settings
from console.start import StartDebug, StartRuns
from tests.console.debug.opening import futures
from tests.console.pilots import console, until

Compare = Callable[..., bool]

SMALL, LARGE = (80, 24), (160, 50)
STEP = 33


def pressing(*keys: str) -> Callable[[Pilot[None]], object]:
    async def act(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, DebugScreen)
        await until(pilot, lambda: screen.picture is not None and screen.picture.index == STEP)
        await futures(pilot, screen)
        await pilot.press(*keys)
        await pilot.pause(0.2)

    return act


def test_everything_at_once(snap_compare: Compare, sample_run: Path) -> None:
    app = console(StartDebug(sample_run, STEP), settings=Settings())
    assert snap_compare(app, terminal_size=LARGE, run_before=pressing("4", "down"))


@pytest.mark.parametrize("key", ["1", "2", "3", "4"])
def test_one_panel(snap_compare: Compare, sample_run: Path, key: str) -> None:
    app = console(StartDebug(sample_run, STEP), settings=Settings())
    assert snap_compare(app, terminal_size=SMALL, run_before=pressing(key, "down"))


def test_in_ascii(snap_compare: Compare, sample_run: Path) -> None:
    app = console(StartDebug(sample_run, STEP), settings=Settings(), ascii_only=True)
    assert snap_compare(app, terminal_size=SMALL, run_before=pressing("3"))


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_side_by_side(
    snap_compare: Compare, sample_run: Path, hpa_run: Path, size: tuple[int, int]
) -> None:
    async def act(pilot: Pilot[None]) -> None:
        screen = VersusScreen(sample_run, hpa_run, STEP)
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.picture is not None and screen.picture.index == STEP)
        await pilot.pause(0.2)

    app = console(StartRuns(), settings=Settings())
    assert snap_compare(app, terminal_size=size, run_before=act)
