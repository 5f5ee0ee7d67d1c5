"""Textual's command palette, which a fast hand may close while it still searches."""

from __future__ import annotations

from textual.command import CommandPalette
from textual.widgets import Input


class Palette(CommandPalette):
    """The palette, without what it would do to its parts once they are gone.

    Its search goes on for a moment after it was closed, finds its list removed, and would end the
    application.
    """

    def on_mount(self) -> None:
        """Keep the cursor still: over SSH every blink is bytes."""
        self.query_one(Input).cursor_blink = False

    @property
    def _is_gone(self) -> bool:
        # Textual marks the whole tree at once; there is no public name for the mark.
        return self._pruning or not self.is_attached

    def _watch__list_visible(self) -> None:
        if not self._is_gone:
            super()._watch__list_visible()

    async def _watch__show_busy(self) -> None:
        if not self._is_gone:
            await super()._watch__show_busy()
