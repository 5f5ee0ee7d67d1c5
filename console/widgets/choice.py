"""One row that offers a few values, of which one is chosen: ` 1× [10×] 60×  max `."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

LABEL_WIDTH = 14
"""Cells that labels take in forms, so that values stand in one column."""


@dataclass(frozen=True, slots=True)
class Option:
    """One value of a choice."""

    value: str
    label: str
    meaning: str = ""
    """What it means, in one line; shown by forms below the row."""


class Choice(Widget, can_focus=True):
    """A labelled row of options; left and right move the choice, a click sets it.

    Args:
        label: Written in front of the options.
        options: At least one.
        value: The chosen value at the start; the first option's if it is not among them.
        label_width: Cells that the label takes.
        id: Identifier for queries.
        classes: Classes for stylesheets.
    """

    DEFAULT_CSS = """
    Choice {
        height: 1;
        width: 1fr;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        color: $foreground;
        &:focus { background: $block-cursor-blurred-background; }
        &:disabled { color: $foreground-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Previous", show=False),
        Binding("right", "move(1)", "Next", show=False),
    ]

    value: reactive[str] = reactive("", init=False)

    @dataclass
    class Changed(Message):
        """Another option was chosen."""

        choice: Choice
        value: str

        @property
        def control(self) -> Choice:
            """The widget that changed."""
            return self.choice

    def __init__(
        self,
        label: str,
        options: Sequence[Option],
        *,
        value: str = "",
        label_width: int = LABEL_WIDTH,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.label = label
        self._label_width = label_width
        self.options = tuple(options)
        known = {option.value for option in self.options}
        self.set_reactive(Choice.value, value if value in known else self.options[0].value)

    @property
    def chosen(self) -> Option:
        """The option that is chosen."""
        return next(option for option in self.options if option.value == self.value)

    def validate_value(self, value: str) -> str:
        """Keep the former choice when a value is not offered."""
        known = {option.value for option in self.options}
        return value if value in known else self.value

    def watch_value(self, value: str) -> None:
        """Tell the form."""
        self.post_message(self.Changed(self, value))

    def action_move(self, change: int) -> None:
        """Choose the option `change` places further, stopping at both ends."""
        values = [option.value for option in self.options]
        index = min(max(values.index(self.value) + change, 0), len(values) - 1)
        self.value = values[index]

    def on_click(self, event: Click) -> None:
        """Choose the option under the pointer."""
        column = self._label_width
        for option in self.options:
            width = cell_len(option.label) + 2
            if column <= event.x < column + width:
                self.value = option.value
                return
            column += width

    def render(self) -> Content:
        """Draw the label and the options, the chosen one in brackets."""
        parts: list[tuple[str, str]] = [(self.label.ljust(self._label_width), "$series-axis")]
        for option in self.options:
            if option.value == self.value:
                parts.append((f"[{option.label}]", "bold"))
            else:
                parts.append((f" {option.label} ", "$series-axis"))
        return Content.assemble(*parts)
