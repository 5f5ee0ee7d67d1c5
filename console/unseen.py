"""Keys that are pressed while the terminal is too small for its screen."""

from __future__ import annotations

from textual.events import Key

from console.key_order import KeysInOrder
from console.keys import ACTIONS_UNSEEN
from console.widgets.too_small import is_too_small


class KeysInSight(KeysInOrder):
    """An application in which keys at a screen that nobody can see only help or quit."""

    async def give(self, key: Key) -> None:
        """Hand on a key, if it means something."""
        if not self.is_blind(key):
            await super().give(key)
        elif (action := ACTIONS_UNSEEN.get(key.key)) is not None:
            # Not through the focus, which may be in a hidden field that would take the letter.
            await self.run_action(action)

    def is_blind(self, key: Key) -> bool:
        """Whether whoever pressed a key cannot have seen what it means."""
        return bool(self.screen_stack) and is_too_small(self.screen)

    def acts(self, key: Key) -> bool:
        """Whether a key does anything at all."""
        return key.key in ACTIONS_UNSEEN or not self.is_blind(key)
