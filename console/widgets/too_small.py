"""One clear line where the terminal is too small for a screen."""

from __future__ import annotations

from textual.screen import Screen
from textual.widgets import Static

LEAST = (60, 16)
"""Columns and rows from which screens can be read."""


class TooSmall(Static):
    """Stands for the whole screen while its terminal is too small; a screen yields it once."""

    DEFAULT_CSS = """
    TooSmall { display: none; width: 1fr; height: 1fr; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)

    def fit(self, screen: Screen[None]) -> None:
        """Show itself instead of everything else, or the other way round."""
        width, height = screen.size
        small = width < LEAST[0] or height < LEAST[1]
        screen.set_class(small, "-too-small")
        if small:
            self.update(
                f"Needs {LEAST[0]}x{LEAST[1]}, is {width}x{height}. Make it larger; q quits."
            )
