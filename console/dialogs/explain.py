"""A page of words that is read and closed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings


class ExplainDialog(Dialog[None]):
    """Explains something.

    Args:
        title: What is explained.
        text: The explanation.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.EXPLAIN)]
    key_contexts = (KeyContext.EXPLAIN,)

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        """Put the words over the key that closes them."""
        with Vertical(classes="dialog", id="explain") as box:
            box.border_title = self._title
            yield Static(self._text, markup=False)
            yield Static(
                Content.assemble(("esc ", "bold $footer-key-foreground"), "close"),
                classes="dialog--keys",
            )

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)
