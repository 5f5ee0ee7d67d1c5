"""Opening the debugger in a test, and waiting for what it works out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from console.screens.debug import DebugScreen
from console.settings import Settings
from console.start import StartDebug
from tests.console.pilots import console, until


@asynccontextmanager
async def opened(
    directory: Path,
    step: int | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    ascii_only: bool = False,
    read_only: bool = False,
) -> AsyncIterator[tuple[Pilot[None], DebugScreen]]:
    """The debugger with its first picture drawn."""
    start = StartDebug(directory, step, read_only=read_only)
    app = console(start, settings=Settings(), ascii_only=ascii_only)
    async with app.run_test(size=size, notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, DebugScreen)
        await until(pilot, lambda: screen.picture is not None, "first picture")
        if step is not None:
            await at(pilot, screen, step)
        yield pilot, screen


async def at(pilot: Pilot[None], screen: DebugScreen, step: int) -> None:
    """Wait until a step is shown."""
    await until(
        pilot,
        lambda: screen.picture is not None and screen.picture.index == step,
        f"step {step}, shown is {screen.picture.index if screen.picture else None}",
    )


async def futures(pilot: Pilot[None], screen: DebugScreen) -> None:
    """Wait until the shown moment has been played forward."""
    await until(
        pilot,
        lambda: screen.scene.played is not None and screen.scene.played.progress is None,
        "the futures",
    )
    await pilot.pause()


def told(pilot: Pilot[None]) -> str:
    """All notices so far."""
    return "; ".join(notice.message for notice in pilot.app._notifications)
