"""Opening the Live screen in a test, and asking which decision is inspected."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from console.app import RlscaleApp
from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartRequest
from tests.console.pilots import console, shown, until


@asynccontextmanager
async def opened(
    start: StartRequest, size: tuple[int, int] = (80, 24), *, ascii_only: bool = False
) -> AsyncIterator[tuple[Pilot[None], LiveScreen]]:
    """The Live screen with the first picture drawn."""
    app: RlscaleApp = console(start, settings=Settings(), ascii_only=ascii_only)
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await until(pilot, lambda: screen.scene.snapshot is not None, "first picture")
        await until(pilot, lambda: "p99" in shown(pilot) or "score" in shown(pilot), "charts")
        yield pilot, screen


def cursor(screen: LiveScreen) -> int | None:
    """Which decision is inspected, if any."""
    inspected = screen.scene.snapshot.inspected if screen.scene.snapshot is not None else None
    return None if inspected is None else inspected.index
