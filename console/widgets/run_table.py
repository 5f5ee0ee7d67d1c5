"""The list of runs as a table whose columns follow the width of the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable

from console.runs.row import RunRow
from console.themes import Series, palette_for
from core.runs.records import RunKind, RunState


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    title: str
    width: int
    """Cells it takes, the gap to the next included."""
    from_width: int = 0
    """Cells of the table from which it is shown."""
    wide_width: int = 0
    """Cells it takes in a table of 120 or more; 0 means `width`."""
    right: bool = False


_COLUMNS = (
    _Column("mark", "", 2),
    _Column("state", "state", 11),
    _Column("policy", "policy", 14, wide_width=20),
    _Column("scenario", "scenario", 16, wide_width=20),
    _Column("started", "started", 13, from_width=72),
    _Column("progress", "progress", 15, right=True),
    _Column("violations", "SLO", 8, right=True, wide_width=10),
    _Column("pod_hours", "pods·h", 9, from_width=100, right=True),
    _Column("churn", "churn", 8, from_width=110, right=True),
    _Column("score", "score", 8, from_width=120, right=True),
    _Column("seed", "seed", 11, from_width=180, right=True),
    _Column("run_id", "   run", 60, from_width=150),
)
_STATE_SERIES = {
    RunState.STARTING: Series.REPLICAS_STARTING,
    RunState.RUNNING: Series.REPLICAS_READY,
    RunState.PAUSED: Series.REPLICAS_STARTING,
    RunState.FAILED: Series.SLO,
    RunState.LOST: Series.SLO,
}


class RunTable(DataTable[Text]):
    """Rows of runs, of which at most two are marked.

    Args:
        id: Identifier for queries.
        ascii_only: Draw without Unicode.
    """

    DEFAULT_CSS = """
    RunTable {
        height: 1fr;
        background: transparent;
        scrollbar-size-vertical: 1;
        overflow-x: hidden;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("home", "scroll_top", "First run", show=False),
        Binding("end", "scroll_bottom", "Last run", show=False),
    ]

    def __init__(self, *, id: str | None = None, ascii_only: bool = False) -> None:
        super().__init__(
            id=id, cursor_type="row", cell_padding=0, zebra_stripes=False, show_header=True
        )
        self._ascii_only = ascii_only
        self._shown: tuple[RunRow, ...] = ()
        self._drawn: dict[str, tuple[Text, ...]] = {}
        self._layout: tuple[tuple[_Column, int], ...] = ()
        self.marked: tuple[str, ...] = ()
        """Ids of the marked runs, in the order of marking."""

    @property
    def rows_shown(self) -> tuple[RunRow, ...]:
        """The rows that pass the filter, in order."""
        return self._shown

    @property
    def selected(self) -> RunRow | None:
        """The row under the cursor."""
        if 0 <= self.cursor_row < len(self._shown):
            return self._shown[self.cursor_row]
        return None

    @property
    def pair(self) -> tuple[RunRow, RunRow] | None:
        """The two marked rows, or the marked one and the selected one."""
        by_id = {row.run_id: row for row in self._shown}
        rows = [by_id[run_id] for run_id in self.marked if run_id in by_id]
        selected = self.selected
        if len(rows) == 1 and selected is not None and selected not in rows:
            rows.append(selected)
        return (rows[0], rows[1]) if len(rows) == 2 else None

    def show(self, rows: Sequence[RunRow]) -> None:
        """Show `rows`; the cursor stays on its run, and only what changed is drawn."""
        selected = self.selected
        before = [row.run_id for row in self._shown]
        self._shown = tuple(rows)
        present = {row.run_id for row in rows}
        self.marked = tuple(run_id for run_id in self.marked if run_id in present)
        if before == [row.run_id for row in rows]:
            self._refresh_cells()
            return
        self._fill(selected.run_id if selected is not None else None)

    def toggle_mark(self) -> None:
        """Mark the selected run, or unmark it; the older of three marks goes."""
        row = self.selected
        if row is None:
            return
        if row.run_id in self.marked:
            self.marked = tuple(run_id for run_id in self.marked if run_id != row.run_id)
        else:
            self.marked = (*self.marked, row.run_id)[-2:]
        self._refresh_cells()

    def clear_marks(self) -> None:
        """Unmark all."""
        self.marked = ()
        self._refresh_cells()

    def redraw(self) -> None:
        """Draw anew under another theme."""
        self._refresh_cells()

    def on_resize(self) -> None:
        """Show as many columns as fit."""
        width = self.size.width
        layout = tuple(
            (column, column.wide_width or column.width if width >= 120 else column.width)
            for column in _COLUMNS
            if width >= column.from_width
        )
        if layout == self._layout:
            return
        self._layout = layout
        selected = self.selected
        self.clear(columns=True)
        for column, cells in layout:
            title = column.title
            if self._ascii_only:
                title = title.replace("·", "-")
            label = title.rjust(cells - 1) if column.right else title
            self.add_column(Text(label, "bold"), width=cells, key=column.name)
        self._fill(selected.run_id if selected is not None else None)

    def _fill(self, selected: str | None) -> None:
        self.clear()
        self._drawn = {}
        if not self._layout:
            return
        for row in self._shown:
            cells = self._cells(row)
            self._drawn[row.run_id] = cells
            self.add_row(*cells, key=row.run_id)
        for index, row in enumerate(self._shown):
            if row.run_id == selected:
                self.move_cursor(row=index)

    def _refresh_cells(self) -> None:
        for row in self._shown:
            cells = self._cells(row)
            before = self._drawn.get(row.run_id)
            if before is None:
                continue
            self._drawn[row.run_id] = cells
            for (column, _), old, new in zip(self._layout, before, cells, strict=True):
                # Texts are equal whatever their style.
                if old != new or old.style != new.style:
                    self.update_cell(row.run_id, column.name, new)

    def _cells(self, row: RunRow) -> tuple[Text, ...]:
        return tuple(self._cell(row, column, cells) for column, cells in self._layout)

    def _cell(self, row: RunRow, column: _Column, cells: int) -> Text:
        palette = palette_for(self.app.theme)
        style = ""
        if column.name == "mark":
            mark = self.marked.index(row.run_id) if row.run_id in self.marked else None
            text = "" if mark is None else "AB"[mark]
            style = f"bold {palette.color(Series.RUN_B if mark else Series.RUN_A)}"
        elif column.name == "state":
            text = f"{row.sign(ascii_only=self._ascii_only)} {row.state_word}"
            series = _STATE_SERIES.get(row.state)
            style = palette.color(series) if series is not None else ""
        elif column.name == "policy":
            text = f"train {row.policy}" if row.kind is RunKind.TRAINING else row.policy
        elif column.name == "run_id":
            text = f"   {row.run_id}"
            style = palette.color(Series.AXIS)
        else:
            text = str(getattr(row, column.name))
        room = cells - 1
        if len(text) > room:
            text = text[: room - 1] + ("~" if self._ascii_only else "…")
        return Text(text.rjust(room) if column.right else text, style, no_wrap=True)
