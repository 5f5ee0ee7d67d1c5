"""The console replays a run picture by picture, as fast as it can draw."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from textual.pilot import Pilot

from console.app import RlscaleApp
from console.live.playhead import PlayHead
from console.recording.driver import MemoryDriver, colourful
from console.screens.live import LiveScreen
from console.start import StartReplay
from core.errors import RunError

_PATIENCE_S: Final = 30.0
"""For one picture; a run of a million decisions takes a second."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """The terminal in memory."""

    columns: int = 120
    rows: int = 36
    ascii: bool = False


class Stage:
    """A replay whose play head moves when it is told to.

    Args:
        application: The console.
        driver: Its terminal.
        screen: The replay.
        pilot: Waits for what is to be drawn.
    """

    def __init__(
        self,
        application: RlscaleApp,
        driver: MemoryDriver,
        screen: LiveScreen,
        pilot: Pilot[object],
    ) -> None:
        self.application = application
        self.driver = driver
        self._screen = screen
        self._pilot = pilot

    async def show(self, step: int) -> None:
        """Draw a step.

        Raises:
            RunError: It cannot be read, or is not drawn in time.
        """
        screen = self._screen
        await self._until(lambda: screen.is_ready)
        screen.seek(step)
        await self._until(lambda: screen.shown_head == step)
        await self._pilot.pause()

    async def _until(self, condition: Callable[[], bool]) -> None:
        begin = time.monotonic()
        while not condition():
            if self.application._exit:
                # Told to leave by a signal, as a command is by Ctrl-C.
                raise KeyboardInterrupt
            if self._screen.scene.problem:
                raise RunError(self._screen.scene.problem)
            if time.monotonic() - begin > _PATIENCE_S:
                raise RunError(f"expected a picture within {_PATIENCE_S:g} s, found none.")
            await asyncio.sleep(0.001)


class _StandingClock:
    """Time does not pass by itself: the play head moves when it is told to."""

    def now(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return 0.0

    def wait(self, seconds: float, wake: threading.Event | None = None) -> None:
        """See `Clock`; nobody waits here."""


def replay(
    directory: Path,
    canvas: Canvas,
    head: PlayHead,
    act: Callable[[Stage], Awaitable[None]],
) -> None:
    """Open the replay of a run on a terminal in memory and let `act` use it.

    Args:
        directory: The run.
        canvas: The terminal.
        head: Where the play head begins, and what the header says of it.
        act: What is done there.

    Raises:
        RunError: The run cannot be read.
        KeyboardInterrupt: The console was told to leave before `act` was done.
    """
    with colourful():
        application = RlscaleApp(StartReplay(directory), ascii_only=canvas.ascii)
    screen = LiveScreen(directory, replay=True, head=head, clock=_StandingClock())
    application.get_default_screen = lambda: screen  # type: ignore[method-assign]
    application.driver_class = MemoryDriver
    application.animation_level = "none"
    done = False

    async def pilot_act(pilot: Pilot[object]) -> None:
        nonlocal done
        driver = cast("MemoryDriver", application._driver)
        try:
            await act(Stage(application, driver, screen, pilot))
            done = True
        finally:
            application.exit()

    asyncio.run(
        application.run_async(mouse=False, size=(canvas.columns, canvas.rows), auto_pilot=pilot_act)
    )
    if not done:
        raise KeyboardInterrupt
