"""One clear line where the terminal is too small for a screen."""

from __future__ import annotations

from typing import Any

from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

SMALLEST = (60, 16)
"""Columns and rows from which screens can be read."""
_NO_SIZE = Size(0, 0)


class TooSmall(Static):
    """Stands for the whole screen while its terminal is too small; a screen yields it once.

    Args:
        meanwhile: What goes on although nobody sees it, as a sentence.
    """

    DEFAULT_CSS = """
    TooSmall { display: none; width: 1fr; height: 1fr; padding: 0 1; }
    """

    def __init__(self, meanwhile: str = "") -> None:
        super().__init__("", markup=False)
        self._meanwhile = f"{meanwhile} " if meanwhile else ""

    def fit(self, screen: Screen[Any]) -> None:
        """Show itself instead of everything else, or the other way round."""
        width, height = screen.size
        small = is_too_small(screen)
        screen.set_class(small, "-too-small")
        if small:
            self.update(
                f"Needs {SMALLEST[0]}x{SMALLEST[1]}, is {width}x{height}. "
                f"{self._meanwhile}Make it larger; q quits."
            )


def is_too_small(screen: Screen[Any]) -> bool:
    """Whether there is no room to draw `screen`; dialogs make do with what there is."""
    width, height = screen.size
    return (
        not isinstance(screen, ModalScreen)
        and screen.size != _NO_SIZE  # not laid out yet
        and (width < SMALLEST[0] or height < SMALLEST[1])
    )
