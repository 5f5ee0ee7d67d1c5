"""The Compare screen: two runs on one time axis, and a table of their totals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from console.charts.model import Viewport
from console.compare.comparison import Comparison, chart_at, compare_runs
from console.compare.table import figures_table, runs_table
from console.handover import hand_over
from console.keys import KeyContext, bindings
from console.themes import Series, palette_for
from console.widgets.chart import Chart
from console.widgets.key_bar import KeyBar
from console.widgets.too_small import TooSmall
from core.errors import RlscaleError

if TYPE_CHECKING:
    from console.app import RlscaleApp

_CURSOR_STEPS = 120
"""Into how many places the cursor divides what is shown."""
_LARGEST_ZOOM = 64
CHARTS = ("compare-1", "compare-2", "compare-3", "compare-4")


class CompareScreen(Screen[None]):
    """Two runs beside each other.

    Args:
        first: Directory of run A.
        second: Directory of run B.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.COMPARE)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-tall")]  # noqa: RUF012
    key_contexts = (KeyContext.COMPARE,)

    def __init__(self, first: Path, second: Path) -> None:
        super().__init__()
        self._directories = (first, second)
        self._comparison: Comparison | None = None
        self._zoom = 1
        self._cursor: float | None = None

    @property
    def is_ready(self) -> bool:
        """Whether both runs are read."""
        return self._comparison is not None

    def compose(self) -> ComposeResult:
        """Put four charts over, or beside, the table."""
        ascii_only = cast("RlscaleApp", self.app).drawing.ascii
        yield Static(" rlscale-console  compare", id="compare-heading", markup=False)
        with Container(id="compare-body"):
            with Container(id="compare-charts"):
                for name in CHARTS:
                    yield Chart(ascii_only=ascii_only, id=name)
            with Vertical(id="compare-words"):
                yield Static("Reading both runs", id="compare-table", markup=False)
                yield Static("", id="compare-runs", markup=False)
        yield KeyBar(KeyContext.COMPARE)
        yield TooSmall()

    def on_mount(self) -> None:
        """Read both runs."""
        self.app.theme_changed_signal.subscribe(self, lambda _: self._redraw())
        self._read(*self._directories)

    def on_resize(self) -> None:
        """Say so where the terminal is too small."""
        self.query_one(TooSmall).fit(self)

    @work(thread=True, exclusive=True, group="compare")
    def _read(self, first: Path, second: Path) -> None:
        try:
            comparison = compare_runs(first, second)
        except (RlscaleError, OSError) as error:
            hand_over(self, self._fail, str(error))
        else:
            hand_over(self, self._take, comparison)

    def _take(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._show()

    def _fail(self, reason: str) -> None:
        self.query_one("#compare-table", Static).update(Content.styled(reason, "$error"))

    @property
    def viewport(self) -> Viewport:
        """What all charts show."""
        if self._comparison is None:
            return Viewport(0.0, 1.0)
        end = self._comparison.end
        span = end / self._zoom
        middle = end / 2 if self._cursor is None else self._cursor
        first = min(max(middle - span / 2, 0.0), end - span)
        return Viewport(first, first + span, self._cursor, self._comparison.in_time)

    def action_cursor(self, change: int) -> None:
        """Move the inspected moment."""
        shown = self.viewport
        start = shown.last if self._cursor is None else self._cursor
        moved = start + change * shown.span / _CURSOR_STEPS
        self._inspect(min(max(moved, 0.0), self._end))

    def action_first(self) -> None:
        """Inspect the start."""
        self._inspect(0.0)

    def action_last(self) -> None:
        """Inspect the end."""
        self._inspect(self._end)

    def action_zoom(self, change: int) -> None:
        """Show twice as much time, or half as much around the cursor."""
        wanted = self._zoom / 2 if change > 0 else self._zoom * 2
        self._zoom = int(min(max(wanted, 1), _LARGEST_ZOOM))
        self._show()

    def action_log_scale(self) -> None:
        """Draw the first chart logarithmically, or linearly again."""
        chart = self.query_one(f"#{CHARTS[0]}", Chart)
        chart.logarithmic = not chart.logarithmic

    def action_swap(self) -> None:
        """Let A be B and B be A."""
        self._directories = (self._directories[1], self._directories[0])
        self._read(*self._directories)

    def action_debug(self) -> None:
        """Step through both, decision by decision."""
        comparison = self._comparison
        if comparison is None:
            return
        if not comparison.in_time:
            self.notify("Trainings have no one course to step through", markup=False)
            return
        from console.screens.versus import VersusScreen

        self.app.push_screen(VersusScreen(*self._directories, time_s=self._cursor))

    def action_back(self) -> None:
        """Let go of the cursor, then leave."""
        if self._cursor is not None:
            self._inspect(None)
        else:
            self.app.pop_screen()

    @on(Chart.Picked)
    def _pick(self, event: Chart.Picked) -> None:
        if event.moment is not None:
            self._inspect(min(max(event.moment, 0.0), self._end))

    @property
    def _end(self) -> float:
        return 1.0 if self._comparison is None else self._comparison.end

    def _inspect(self, moment: float | None) -> None:
        self._cursor = moment
        self._show()

    def _show(self) -> None:
        comparison = self._comparison
        if comparison is None:
            return
        viewport = self.viewport
        for name, data in zip(CHARTS, comparison.charts, strict=True):
            self.query_one(f"#{name}", Chart).show(chart_at(data, self._cursor), viewport)
        self._show_heading(comparison)
        table = figures_table(comparison, palette_for(self.app.theme))
        self.query_one("#compare-table", Static).update(table)
        runs = runs_table(comparison, palette_for(self.app.theme))
        self.query_one("#compare-runs", Static).update(runs)

    def _show_heading(self, comparison: Comparison) -> None:
        palette = palette_for(self.app.theme)
        a, b = comparison.first, comparison.second
        shared = f"   on {a.scenario}" if a.scenario == b.scenario else ""
        names = [run.policy if shared else f"{run.policy} on {run.scenario}" for run in (a, b)]
        heading = Content.assemble(
            (" rlscale-console ", "bold"),
            (" compare   ", "$series-axis"),
            ("A ", f"bold {palette.color(Series.RUN_A)}"),
            names[0],
            ("   B ", f"bold {palette.color(Series.RUN_B)}"),
            names[1],
            shared,
        )
        self.query_one("#compare-heading", Static).update(heading, layout=False)

    def _redraw(self) -> None:
        for chart in self.query(Chart):
            chart.redraw()
        self._show()
