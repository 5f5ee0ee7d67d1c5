"""The timeline as a widget: to click on and to drag along."""

from __future__ import annotations

from typing import Final

from textual import events
from textual.message import Message

from console.widgets.lines import Lines

LABEL: Final = 10
"""Cells in front of the canvas."""
ROWS: Final = 4


class Timeline(Lines):
    """The lines of the timeline; a click or a drag asks for the moment under the pointer."""

    class Pointed(Message):
        """The operator points at a moment."""

        def __init__(self, column: int) -> None:
            super().__init__()
            self.column = column
            """Of the canvas; may lie outside of it."""

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Follow the pointer from here on."""
        self.capture_mouse()
        self._point(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let the pointer go."""
        self.release_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Go along with the pointer while it is held down."""
        if self.app.mouse_captured is self:
            self._point(event)

    def _point(self, event: events.MouseEvent) -> None:
        self.post_message(self.Pointed(event.x - LABEL))
