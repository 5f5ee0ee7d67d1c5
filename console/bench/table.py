"""The table of the Benchmark screen: one line per policy, workload or seed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from console.bench.view import BenchLine, Column, Level, columns_of
from console.themes import Series, palette_for


class BenchTable(DataTable[Text]):
    """Lines whose columns follow the level and the width of the terminal.

    Args:
        id: Identifier for queries.
        ascii_only: Draw without Unicode.
    """

    DEFAULT_CSS = """
    BenchTable {
        height: auto;
        background: transparent;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "scroll_top", "First line", show=False),
        Binding("end", "scroll_bottom", "Last line", show=False),
    ]

    def __init__(self, *, id: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(
            id=id, cursor_type="row", cell_padding=0, zebra_stripes=False, show_header=True
        )
        self._ascii_only = ascii_only
        self._level = Level.POLICIES
        self._lines: tuple[BenchLine, ...] = ()
        self._layout: tuple[Column, ...] = ()

    @property
    def lines(self) -> tuple[BenchLine, ...]:
        """What is shown."""
        return self._lines

    @property
    def selected(self) -> BenchLine | None:
        """The line under the cursor."""
        if 0 <= self.cursor_row < len(self._lines):
            return self._lines[self.cursor_row]
        return None

    def show(self, level: Level, lines: Sequence[BenchLine], selected: str = "") -> None:
        """Show lines of a level, with the cursor on the one whose key is `selected`."""
        self._level, self._lines = level, tuple(lines)
        self._fill(selected)

    def redraw(self) -> None:
        """Draw anew under another theme."""
        self._fill(self.selected.key if self.selected else "")

    def on_resize(self) -> None:
        """Show as many columns as fit."""
        if columns_of(self._level, self.size.width) != self._layout:
            self.redraw()

    def _fill(self, selected: str) -> None:
        self._layout = columns_of(self._level, self.size.width)
        self.clear(columns=True)
        for column in self._layout:
            title = self._plain(column.title)
            label = title.rjust(column.width - 1) if column.right else title
            self.add_column(Text(label, "bold"), width=column.width, key=column.name)
        for line in self._lines:
            self.add_row(*(self._cell(line, column) for column in self._layout), key=line.key)
        keys = [line.key for line in self._lines]
        if selected in keys:
            self.move_cursor(row=keys.index(selected))

    def _cell(self, line: BenchLine, column: Column) -> Text:
        palette = palette_for(self.app.theme)
        text = self._plain(line.cells.get(column.name, ""))
        room = column.width - 1
        if len(text) > room:
            text = text[: room - 1] + ("~" if self._ascii_only else "…")
        style = ""
        if column.name == "mark":
            style = "bold"
        elif column.name in line.better:
            style = palette.color(Series.REPLICAS_READY)
        return Text(text.rjust(room) if column.right else text, style, no_wrap=True)

    def _plain(self, text: str) -> str:
        return text.replace("·", "-").replace("…", "-") if self._ascii_only else text
