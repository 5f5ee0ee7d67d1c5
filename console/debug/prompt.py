"""The row at the bottom in which something is typed: a step, a condition, a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

from core.errors import InputError


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for."""

    name: str
    """Told again with the answer."""
    label: str
    placeholder: str
    check: Callable[[str], object]
    """Raises `InputError` while the text is wrong."""
    text: str = ""
    """What stands there at first."""


class Prompt(Vertical):
    """Hidden until something is asked; enter answers, escape leaves everything as it is."""

    DEFAULT_CSS = """
    Prompt {
        height: auto;
        display: none;
        dock: bottom;
        margin: 0 0 1 0;
        padding: 0 1;
        background: $panel;
        &.-open { display: block; }
        & > Horizontal { height: 1; }
        & .prompt--label { width: auto; color: $accent; text-style: bold; }
        & Input { width: 1fr; background: $panel; }
        & > .prompt--message { display: none; height: auto; color: $error; }
        &.-wrong > .prompt--message { display: block; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False)]

    @dataclass
    class Answered(Message):
        """Something that makes sense was entered."""

        query: Query
        text: str

    def __init__(self) -> None:
        super().__init__()
        self._query: Query | None = None

    def compose(self) -> ComposeResult:
        """A label, the input, and below what is wrong with it."""
        field = Input(compact=True, select_on_focus=False)
        # Nothing moves that did not change, and over SSH every blink is bytes.
        field.cursor_blink = False
        with Horizontal():
            yield Static("", classes="prompt--label", markup=False)
            yield field
        yield Static("", classes="prompt--message", markup=False)

    @property
    def is_open(self) -> bool:
        """Whether something is asked."""
        return self._query is not None

    def ask(self, query: Query) -> None:
        """Ask for something."""
        self._query = query
        self.add_class("-open")
        self.query_one(".prompt--label", Static).update(f"{query.label} ")
        field = self.query_one(Input)
        field.placeholder = query.placeholder
        field.value = query.text
        field.cursor_position = len(query.text)
        field.focus()
        self._judge(query.text)

    def action_close(self) -> None:
        """Ask no more."""
        self._query = None
        self.remove_class("-open")
        self.screen.set_focus(None)

    def _judge(self, text: str) -> bool:
        error = ""
        if self._query is not None and text.strip():
            try:
                self._query.check(text)
            except InputError as wrong:
                error = wrong.message
        self.set_class(bool(error), "-wrong")
        self.query_one(".prompt--message", Static).update(f"! {error}" if error else "")
        return not error

    def on_input_changed(self, event: Input.Changed) -> None:
        """Judge while typing."""
        event.stop()
        self._judge(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer, unless it makes no sense."""
        event.stop()
        query = self._query
        if query is None or not event.value.strip() or not self._judge(event.value):
            return
        self.action_close()
        self.post_message(self.Answered(query, event.value))
