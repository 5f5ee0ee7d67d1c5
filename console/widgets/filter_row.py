"""The row that `/` opens below a list: words that thin the list out while they are typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static


class FilterRow(Horizontal):
    """Hidden until opened; enter keeps the filter, escape takes it away."""

    DEFAULT_CSS = """
    FilterRow {
        height: 1;
        display: none;
        &.-open { display: block; }
        & > Static { width: 2; color: $accent; }
        & > Input { width: 1fr; background: $panel; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", show=False),
        Binding("down,enter", "keep", "Keep", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Other words are asked for."""

        filter_row: FilterRow
        words: str

        @property
        def control(self) -> FilterRow:
            """The row."""
            return self.filter_row

    @dataclass
    class Closed(Message):
        """Typing has ended; the list should take the focus again."""

        filter_row: FilterRow

        @property
        def control(self) -> FilterRow:
            """The row."""
            return self.filter_row

    def compose(self) -> ComposeResult:
        """Show the key that opens it, and the input."""
        yield Static("/ ", markup=False)
        words = Input(placeholder="words to look for", compact=True)
        # Nothing moves that did not change, and over SSH every blink is bytes.
        words.cursor_blink = False
        yield words

    @property
    def words(self) -> str:
        """What is looked for."""
        return self.query_one(Input).value

    def open(self) -> None:
        """Show the row and type into it."""
        self.add_class("-open")
        self.query_one(Input).focus()

    def action_clear(self) -> None:
        """Show everything again."""
        self.query_one(Input).value = ""
        self.action_keep()

    def action_keep(self) -> None:
        """Go back to the list; the row stays while it filters."""
        self.set_class(bool(self.words), "-open")
        self.post_message(self.Closed(self))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter while typing."""
        event.stop()
        self.post_message(self.Changed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter keeps the filter."""
        event.stop()
        self.action_keep()
