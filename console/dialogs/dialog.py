"""What all dialogs have in common: one answer."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer], Generic[Answer]):
    """A modal screen that is answered once.

    Keys that arrive before the answered screen is gone, as from a fast hand, change nothing;
    Textual alone would give the second answer too and close the screen below.
    """

    # Where there is little room, dialogs do without air and keep their answers in sight.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (60, "-middle"), (76, "-broad")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012

    _answered = False

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Close with an answer; only the first one counts."""
        if self._answered:
            return AwaitComplete()
        self._answered = True
        closed: AwaitComplete = super().dismiss(result)
        return closed
