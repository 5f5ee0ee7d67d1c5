"""What a story does on the screens: the same actions and keys that an operator has."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from textual import events
from textual.screen import Screen

from core.clock import Clock

if TYPE_CHECKING:
    from console.app import RlscaleApp

BEAT_S: Final = 0.05
"""How often something that is waited for is looked at."""

_PATIENCE_S: Final = 15.0
_REMEMBERED_KEYS: Final = 64
"""So many may be on their way at once."""
_NAMES: Final = {" ": "space", ".": "full_stop", "+": "plus", "-": "minus", "/": "slash"}


class Stage:
    """The screens of the console, as the story uses them.

    Args:
        application: The console.
        clock: For how long something is waited for.
        pace: How much faster than written everything goes.
    """

    def __init__(self, application: RlscaleApp, clock: Clock, pace: float) -> None:
        self._application = application
        self._clock = clock
        self._pace = pace
        self._own_keys: deque[events.Event] = deque(maxlen=_REMEMBERED_KEYS)

    def is_own(self, event: events.Event) -> bool:
        """Whether the story itself pressed this key."""
        return any(own is event for own in self._own_keys)

    async def return_to_live(self) -> None:
        """Close whatever lies above the first screen."""
        application = self._application
        while len(application.screen_stack) > 1:
            await application.pop_screen()

    async def show_live(self, directory: Path) -> None:
        """Show a run live: the first screen if it is that one's, else a screen on top of it."""
        from console.screens.live import LiveScreen

        await self.return_to_live()
        base = self._application.screen
        if isinstance(base, LiveScreen):
            await self._ready(base)
            snapshot = base.scene.snapshot
            if snapshot is not None and snapshot.info.directory == directory:
                base.action_follow()
                return
        self._application.open_live(directory)
        await self._ready(self._application.screen)

    async def show(self, screen: Screen[Any]) -> None:
        """Show a screen on top of the first one, and wait until it has read what it shows."""
        await self.return_to_live()
        await self._application.push_screen(screen)
        await self._ready(screen)

    async def press(self, *keys: str, apart_s: float = 0.0) -> None:
        """Press keys, one after the other; letters and names as in the help."""
        for key in keys:
            name = _NAMES.get(key, key)
            event = events.Key(name, key if len(key) == 1 else " " if key == "space" else None)
            event.set_sender(self._application)
            self._own_keys.append(event)
            self._application.post_message(event)
            await asyncio.sleep(max(apart_s / self._pace, BEAT_S))

    async def override(self, replicas: int, time: str) -> bool:
        """Fill in the override dialog and apply it; whether that could be done."""
        from console.dialogs.override import OverrideDialog

        await self.until(self._can_override)
        await self.press("o")
        if not await self.until(lambda: isinstance(self._application.screen, OverrideDialog), 3.0):
            return False
        await asyncio.sleep(1.0 / self._pace)
        await self.press(*str(replicas), "tab", apart_s=0.5)
        await self.press(*(time or ("backspace",)), apart_s=0.2)
        await asyncio.sleep(2.0 / self._pace)
        await self.press("enter")
        dialog = OverrideDialog
        return await self.until(lambda: not isinstance(self._application.screen, dialog), 3.0)

    async def until(self, condition: Callable[[], bool], patience_s: float = _PATIENCE_S) -> bool:
        """Wait for something; whether it came about in time."""
        deadline = self._clock.monotonic() + patience_s
        while not condition():
            if self._clock.monotonic() >= deadline:
                return False
            await asyncio.sleep(BEAT_S)
        return True

    def _can_override(self) -> bool:
        """Whether the dialog has something to start from: a decision, and limits."""
        from console.screens.live import LiveScreen

        screen = self._application.screen
        snapshot = screen.scene.snapshot if isinstance(screen, LiveScreen) else None
        return snapshot is not None and None not in (snapshot.step, snapshot.facts)

    async def _ready(self, screen: Screen[Any]) -> None:
        await self.until(lambda: bool(getattr(screen, "is_ready", True)))
