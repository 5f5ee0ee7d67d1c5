"""A question with a yes and a no; the safe answer is where the keyboard is."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings


class ConfirmDialog(Dialog[bool]):
    """Asks before something that cannot be undone; answers True only to the confirming key.

    Args:
        title: What would be done, in two or three words.
        text: What becomes of what, in a few lines.
        verb: What the confirming key does, such as `delete`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.CONFIRM)]
    key_contexts = (KeyContext.CONFIRM,)

    def __init__(self, title: str, text: str, verb: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._verb = verb

    def compose(self) -> ComposeResult:
        """Put the question over the two keys."""
        with Vertical(classes="dialog", id="confirm") as box:
            box.border_title = self._title
            yield Static(self._text, markup=False)
            yield Static(
                Content.assemble(
                    ("y ", "bold $footer-key-foreground"),
                    f"{self._verb}    ",
                    ("esc ", "bold $footer-key-foreground"),
                    "cancel",
                ),
                classes="dialog--keys",
            )

    def action_confirm(self) -> None:
        """Yes."""
        self.dismiss(True)

    def action_cancel(self) -> None:
        """No."""
        self.dismiss(False)
