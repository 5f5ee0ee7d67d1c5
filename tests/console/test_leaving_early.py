"""Screens that are left before they are complete, as happens to quick hands on a slow machine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from console.app import RlscaleApp
from console.screens.setup import SetupScreen
from console.settings import Settings
from console.start import StartSetup
from tests.console.pilots import console, settled

MOMENTS = range(5)
"""After how many turns of the event loop a screen is left: its parts come in as many."""
Opener = Callable[[RlscaleApp, Path], None]


def _live(app: RlscaleApp, run: Path) -> None:
    app.open_live(run)


def _debug(app: RlscaleApp, run: Path) -> None:
    app.open_debug(run)


def _guide(app: RlscaleApp, _run: Path) -> None:
    app.open_guide()


def _runs(app: RlscaleApp, _run: Path) -> None:
    app.action_open_runs()


def _bench(app: RlscaleApp, _run: Path) -> None:
    app.action_open_bench()


def _cluster(app: RlscaleApp, _run: Path) -> None:
    assert isinstance(app.screen, SetupScreen)
    app.screen.environment.choose("cluster")


@pytest.mark.parametrize("opened", [_live, _debug, _guide, _runs, _bench])
async def test_going_back_while_a_screen_is_made(opened: Opener, finished_run: Path) -> None:
    app = console(StartSetup(), settings=Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for turns in MOMENTS:
            opened(app, finished_run)
            for _ in range(turns):
                await asyncio.sleep(0)
            app.pop_screen()
            await settled(pilot)
            assert isinstance(app.screen, SetupScreen)


@pytest.mark.parametrize("opened", [_live, _guide, _cluster])
@pytest.mark.parametrize("turns", MOMENTS)
async def test_quitting_while_a_screen_is_made(
    opened: Opener, turns: int, finished_run: Path
) -> None:
    app = console(StartSetup(), settings=Settings())
    # Leaving the block raises what went wrong on the way.
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        opened(app, finished_run)
        for _ in range(turns):
            await asyncio.sleep(0)
        app.exit()
    assert app.return_code == 0
