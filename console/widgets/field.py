"""One row of a form: a label, an input, and beside it what is wrong while it is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from core.errors import InputError


class Field(Horizontal):
    """A labelled input whose text is parsed at every key press.

    Args:
        label: Written in front of the input.
        parse: Turns the text into a value; raises `InputError` with a short message.
        text: What stands in the input at the start.
        placeholder: Shown while the input is empty, such as the default.
        hint: Shown beside the input while nothing is wrong, such as a unit.
        id: Identifier for queries.
        classes: `-wide` gives the input the whole row and puts the message below it.
    """

    DEFAULT_CSS = """
    Field {
        height: 1;
        width: 1fr;
        & > .field--label { width: 14; height: 1; color: $series-axis; }
        & > Input { width: 15; background: $panel; }
        & > Input:focus { background: $block-cursor-blurred-background; }
        & > .field--message { width: 1fr; height: 1; padding: 0 0 0 1; color: $series-axis; }
        &.-wrong > .field--message { color: $error; }
        &.-wide > Input { width: 1fr; }
        &.-wide > .field--message { display: none; }
    }
    """

    @dataclass
    class Changed(Message):
        """The text changed; `value` is None if it is wrong (or optional and empty)."""

        field: Field
        value: object

        @property
        def control(self) -> Field:
            """The widget that changed."""
            return self.field

    def __init__(
        self,
        label: str,
        parse: Callable[[str], object],
        *,
        text: str = "",
        placeholder: str = "",
        hint: str = "",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.label = label
        self._parse = parse
        self._hint = hint
        self.input = Input(text, placeholder=placeholder, compact=True, select_on_focus=False)
        # Nothing moves that did not change, and over SSH every blink is bytes.
        self.input.cursor_blink = False
        self.error = ""
        """What is wrong with the text, in a few words; empty if nothing is."""
        self.value: object = None
        """The parsed value; None while the text is wrong."""

    def compose(self) -> ComposeResult:
        """Put label, input and message in a row."""
        yield Static(self.label, classes="field--label", markup=False)
        yield self.input
        yield Static("", classes="field--message", markup=False)

    def on_mount(self) -> None:
        """Judge what stands there from the start."""
        self.judge()

    @property
    def text(self) -> str:
        """What stands in the input."""
        return self.input.value

    @text.setter
    def text(self, text: str) -> None:
        self.input.value = text

    @property
    def message(self) -> str:
        """What is shown beside the input."""
        return f"{self.error}" if self.error else self._hint

    def set_hint(self, hint: str) -> None:
        """Show another hint while nothing is wrong."""
        self._hint = hint
        self._show()

    def _on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.judge()
        self.post_message(self.Changed(self, self.value))

    def judge(self) -> None:
        """Parse the text again, as what it is held against may have changed."""
        try:
            self.value = self._parse(self.text)
            self.error = ""
        except InputError as error:
            self.value = None
            self.error = error.message
        self._show()

    def _show(self) -> None:
        self.set_class(bool(self.error), "-wrong")
        mark = "! " if self.error else ""
        text = Text(f"{mark}{self.message}", no_wrap=True, overflow="ellipsis")
        self.query_one(".field--message", Static).update(text)
