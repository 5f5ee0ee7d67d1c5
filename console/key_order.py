"""Keys that take effect one after the other, however fast they come.

Textual hands every key to whatever has the focus when it arrives, and a key binding acts only when
its key has bubbled up. Over a slow line `o`, `1`, `2` and enter come in one packet: the digits
would be gone before the dialog that `o` opens is there, and enter would pin another number.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from textual import on
from textual.app import App
from textual.events import Event, Key
from textual.message import Message
from textual.screen import Screen

_LONGEST_S: Final = 0.5
"""How long a key may hold back the next one, such as while a screen is slow to be made."""


class _Handled(Message):
    """Follows a key through the same queues: where it arrives, the key has been dealt with.

    Args:
        turn: Which key it follows.
        screen: Where it was sent to.
    """

    def __init__(self, turn: int, screen: Screen[object] | None) -> None:
        super().__init__()
        self.turn = turn
        self.screen = screen


class KeysInOrder(App[None]):
    """An application that gives out the next key once the one before has been dealt with."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: deque[Key] = deque()
        self._turn = 0
        self._dealing = False

    async def on_event(self, event: Event) -> None:
        """Keep a key until it is its turn; everything else goes on at once."""
        if isinstance(event, Key) and not event.is_forwarded:
            self._keys.append(event)
            await self._give_out()
        else:
            await super().on_event(event)

    async def _give_out(self) -> None:
        if self._dealing or not self._keys:
            return
        self._dealing = True
        self._turn += 1
        await self.give(self._keys.popleft())
        self._follow(self._turn)

    async def give(self, key: Key) -> None:
        """Hand the key whose turn it is to whatever has the focus now."""
        await super().on_event(key)

    def _follow(self, turn: int) -> None:
        screen = self.screen if self.screen_stack else None
        (self.focused or screen or self).post_message(_Handled(turn, screen))
        # What was sent to a widget that is being removed never comes back.
        asyncio.get_running_loop().call_later(_LONGEST_S, self.post_message, _Handled(turn, None))

    @on(_Handled)
    async def _dealt_with(self, message: _Handled) -> None:
        message.stop()
        if message.turn != self._turn or not self._dealing:
            return
        if message.screen is not None and self.screen_stack and self.screen is not message.screen:
            # The key has opened another screen, which must be there before the next key comes.
            self.screen.post_message(_Handled(message.turn, self.screen))
            return
        self._dealing = False
        await self._give_out()
