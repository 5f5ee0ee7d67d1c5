"""A list in which moving is choosing: the highlighted row is the pick."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

NOTES_FROM = 48
"""Cells from which notes are said beside the labels."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row."""

    value: str
    """What is picked; unique in the list."""
    label: str
    note: str = ""
    """Said after the label, muted."""
    heading: str = ""
    """Group that the row belongs to; written above its first row."""

    def matches(self, words: str) -> bool:
        """Whether each of `words` occurs in the row, in any case."""
        text = f"{self.heading} {self.label} {self.note}".lower()
        return all(word in text for word in words.lower().split())


class PickList(OptionList, inherit_bindings=False):
    """Rows with a mark on the picked one, which a filter can thin out.

    Args:
        id: Identifier for queries.
        ascii_only: Mark without Unicode.
    """

    DEFAULT_CSS = """
    PickList {
        border: none;
        padding: 0;
        background: transparent;
        text-wrap: nowrap;
        text-overflow: ellipsis;
        height: 1fr;
        scrollbar-size-vertical: 1;
        &:focus { border: none; background-tint: transparent; }
    }
    """

    # Enter is left to the screen: what is highlighted is picked already.
    BINDINGS: ClassVar[list[BindingType]] = [
        binding
        for binding in OptionList.BINDINGS
        if isinstance(binding, Binding) and binding.key != "enter"
    ]

    @dataclass
    class Picked(Message):
        """Another row was picked."""

        pick_list: PickList
        value: str

        @property
        def control(self) -> PickList:
            """The list."""
            return self.pick_list

    def __init__(self, *, id: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(id=id, compact=True)
        self._mark = ">" if ascii_only else "▸"
        self._entries: tuple[Entry, ...] = ()
        self._words = ""
        self._picked = ""
        self._with_notes = False

    def on_resize(self) -> None:
        """Say the notes only where they have room."""
        with_notes = self.size.width >= NOTES_FROM
        if with_notes != self._with_notes:
            self._with_notes = with_notes
            self._fill()

    @property
    def picked(self) -> str:
        """Value of the picked row; the former one while a filter leaves no row at all."""
        return self._picked

    @property
    def entry(self) -> Entry | None:
        """The picked row."""
        return next((entry for entry in self._entries if entry.value == self._picked), None)

    def pick(self, value: str) -> None:
        """Pick the row with `value`, if there is one."""
        if any(entry.value == value for entry in self._entries):
            self._picked = value
            self._fill()

    def set_entries(self, entries: Iterable[Entry]) -> None:
        """Replace all rows; the pick stays where it was if its row is still there."""
        self._entries = tuple(entries)
        if self.entry is None and self._entries:
            self._picked = self._entries[0].value
        self._fill()

    def filter(self, words: str) -> None:
        """Show only the rows that contain all of `words`."""
        self._words = words
        self._fill()

    def _shown(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.matches(self._words)]

    def _fill(self) -> None:
        shown = self._shown()
        before = self._picked
        if shown and before not in {entry.value for entry in shown}:
            self._picked = shown[0].value
        options: list[Option] = []
        heading = ""
        for entry in shown:
            if entry.heading != heading:
                heading = entry.heading
                options.append(Option(Content.styled(heading, "$series-axis"), disabled=True))
            options.append(Option(self._prompt(entry), id=entry.value))
        if not shown:
            options.append(Option(Content.styled("nothing matches", "$series-axis"), disabled=True))
        with self.prevent(OptionList.OptionHighlighted):
            self.set_options(options)
            if shown:
                self.highlighted = self.get_option_index(self._picked)
        if self._picked != before:
            self.post_message(self.Picked(self, self._picked))

    def _prompt(self, entry: Entry) -> Content:
        mark = self._mark if entry.value == self._picked else " "
        if not self._with_notes or not entry.note:
            return Content.assemble((f"{mark} ", "bold $accent"), entry.label)
        width = max(len(other.label) for other in self._entries if other.note)
        return Content.assemble(
            (f"{mark} ", "bold $accent"),
            entry.label.ljust(width),
            (f"  {entry.note}", "$series-axis"),
        )

    def _redraw(self, *values: str) -> None:
        for entry in self._shown():
            if entry.value in values:
                self.replace_option_prompt(entry.value, self._prompt(entry))

    def _on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        value = event.option.id
        if value is None or value == self._picked:
            return
        before, self._picked = self._picked, value
        self._redraw(before, value)
        self.post_message(self.Picked(self, value))
