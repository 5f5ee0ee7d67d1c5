"""One out of a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings
from console.widgets.pick_list import Entry, PickList


class PickDialog(Dialog[str | None]):
    """Lets one of some entries be picked; gives its value, or None if left.

    Args:
        title: What is picked.
        entries: At least one.
        picked: Value of the entry that is picked at first.
        ascii_only: Draw without Unicode.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.PICK)]
    AUTO_FOCUS = "#pick-list"
    key_contexts = (KeyContext.PICK,)

    def __init__(
        self, title: str, entries: Sequence[Entry], picked: str = "", *, ascii_only: bool = False
    ) -> None:
        super().__init__()
        self._title = title
        self._entries = tuple(entries)
        self._picked = picked
        self._ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        """Put the list over the keys."""
        with Vertical(classes="dialog", id="pick") as box:
            box.border_title = self._title
            yield PickList(id="pick-list", ascii_only=self._ascii_only)
            yield Static(
                Content.assemble(
                    ("enter ", "bold $footer-key-foreground"),
                    "open    ",
                    ("esc ", "bold $footer-key-foreground"),
                    "cancel",
                ),
                classes="dialog--keys",
            )

    def on_mount(self) -> None:
        """Fill the list."""
        found = self.query_one(PickList)
        found.set_entries(self._entries)
        found.pick(self._picked)

    def action_apply(self) -> None:
        """Give the picked one."""
        self.dismiss(self.query_one(PickList).picked)

    def action_cancel(self) -> None:
        """Give none."""
        self.dismiss(None)
