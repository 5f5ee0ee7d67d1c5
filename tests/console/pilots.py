"""Driving the console in tests: waiting for what is to come, with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from textual.pilot import Pilot
from textual.widget import Widget

from console.app import RlscaleApp
from console.settings import LoadedSettings, Settings
from console.start import StartRequest

DEADLINE_S = 15.0
WidgetKind = TypeVar("WidgetKind", bound=Widget)


def console(
    start: StartRequest, *, settings: Settings | None = None, ascii_only: bool = False
) -> RlscaleApp:
    """The application with settings of its own, whatever the file says."""
    loaded = None if settings is None else LoadedSettings(settings)
    return RlscaleApp(start, ascii_only=ascii_only, loaded=loaded)


async def until(
    pilot: Pilot[None],
    condition: Callable[[], bool],
    what: str = "",
    within_s: float = DEADLINE_S,
    every_s: float = 0.01,
) -> None:
    """Let the application go on until `condition` holds; fails after a deadline."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not reached within {within_s:g} s: {what or condition}")
        await pilot.pause(every_s)


async def settled(pilot: Pilot[None]) -> None:
    """Wait for all workers and for what they brought to be drawn."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def typed(pilot: Pilot[None], text: str) -> None:
    """Press the keys of `text`, one after the other."""
    names = {" ": "space", "/": "slash", ".": "full_stop", "-": "minus", ":": "colon", "_": "_"}
    await pilot.press(*(names.get(letter, letter) for letter in text))


def shown(pilot: Pilot[None]) -> str:
    """The characters on the screen, one line per row."""
    width, height = pilot.app.size
    lines = pilot.app.screen._compositor.render_strips()
    assert len(lines) == height
    return "\n".join("".join(segment.text for segment in strip)[:width] for strip in lines)
