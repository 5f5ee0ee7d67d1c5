"""The Benchmark screen: policies beside their rivals, down to any cell's run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from console.bench.desk import BenchDesk
from console.bench.feed import BenchFeed, Shown
from console.bench.table import BenchTable
from console.bench.view import (
    Level,
    legend,
    letters_of,
    policy_lines,
    policy_note,
    row_note,
    seed_lines,
    workload_lines,
)
from console.keys import KeyContext, bindings
from console.widgets.chart import Chart
from console.widgets.key_bar import KeyBar
from console.widgets.too_small import TooSmall
from console.words import short_name

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from core.bench.report import Report, Row

EMPTY = (
    "No benchmarks yet.\n\n"
    "A benchmark runs policies on traffic that nobody has trained on, with several seeds, and "
    "compares them with an HPA and a rate rule that were calibrated on other traffic, with the "
    "best HPA in hindsight, and with an oracle that knows the traffic beforehand.\n\n"
    "n starts one. It takes minutes, in a process of its own.\n"
    "rlscale-console bench does the same without the console."
)


class BenchScreen(Screen[None]):
    """One benchmark: its table, the front of a workload, and the way down to a run.

    Args:
        directory: Of the benchmark to show; None shows the newest.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.BENCH)]
    AUTO_FOCUS = "#bench-table"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (150, "-wide")]  # noqa: RUF012
    key_contexts = (KeyContext.BENCH,)

    def __init__(self, directory: Path | None = None) -> None:
        super().__init__()
        self._feed = BenchFeed(self, directory, self._take)
        self._shown = Shown()
        self._level = Level.POLICIES
        self._policy = ""
        self._workload = 0

    def compose(self) -> ComposeResult:
        """Put the table over, or beside, the front."""
        ascii_only = self.console_app.drawing.ascii
        yield Static("", id="bench-heading")
        yield Static("Looking for benchmarks", id="bench-words", markup=False)
        with Container(id="bench-body"):
            with Vertical(id="bench-figures"):
                yield Static("", id="bench-crumb", markup=False)
                yield BenchTable(id="bench-table", ascii_only=ascii_only)
            yield Chart(ascii_only=ascii_only, id="bench-front")
        yield Static("", id="bench-note", markup=False)
        yield KeyBar(KeyContext.BENCH)
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the newest benchmark, and go on looking while it is worked on."""
        self.query_one("#bench-body").display = False
        self.set_interval(1 / self.console_app.drawing.refresh_hz, self._feed.look)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._redraw())
        self._feed.look()

    def on_resize(self) -> None:
        """Say so where the terminal is too small."""
        self.query_one(TooSmall).fit(self)

    def on_screen_resume(self) -> None:
        """Show at once what happened meanwhile."""
        self._feed.look()

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    @property
    def desk(self) -> BenchDesk:
        """Carries out what the keys ask for."""
        return BenchDesk(self.console_app, self.show)

    @property
    def table(self) -> BenchTable:
        """The table."""
        return self.query_one(BenchTable)

    def show(self, directory: Path) -> None:
        """Show another benchmark from now on."""
        self._feed.follow(directory)

    # -- what is shown --------------------------------------------------------------------------

    def _take(self, shown: Shown) -> None:
        anew = shown.report is not self._shown.report
        other = shown.path != self._shown.path
        self._shown = shown
        if other:
            self._level, self._policy, self._workload = Level.POLICIES, "", 0
        self._show_heading()
        has_report = shown.report is not None
        self.query_one("#bench-body").display = has_report
        self.query_one("#bench-note").display = has_report
        words = self.query_one("#bench-words", Static)
        words.display = not has_report
        if not has_report:
            words.update(shown.words or EMPTY)
        elif anew:
            self._show_level()
            self.table.focus()

    def _show_heading(self) -> None:
        shown = self._shown
        parts: list[tuple[str, str]] = [(" rlscale-console ", "bold"), (" bench", "$series-axis")]
        if shown.title:
            parts.append((f"   {shown.title}", ""))
        if shown.state:
            parts.append((f"   {shown.state}", "$accent" if shown.is_running else "$series-axis"))
        self.query_one("#bench-heading", Static).update(Content.assemble(*parts), layout=False)

    def _show_level(self, selected: str = "") -> None:
        report = self._shown.report
        if report is None:
            return
        if self._level is Level.POLICIES:
            lines = policy_lines(report)
            crumb = "mean/worst over workloads; below 1 beats the rival"
        elif self._level is Level.WORKLOADS:
            lines = workload_lines(report, self._policy)
            crumb = f"{short_name(self._policy)}, workload by workload"
        else:
            lines = seed_lines(report, self._policy, self.workload)
            crumb = f"{short_name(self._policy)} on {self.workload}, seed by seed"
        self.query_one("#bench-crumb", Static).update(crumb)
        self.table.show(self._level, lines, selected)
        self._show_selected()

    @on(BenchTable.RowHighlighted)
    def _show_selected(self) -> None:
        report, line = self._shown.report, self.table.selected
        if report is None or line is None:
            return
        if self._level is Level.WORKLOADS:
            self._workload = self._names.index(line.key)
        policy = line.key if self._level is Level.POLICIES else self._policy
        letters = letters_of(report)
        if self._level is Level.POLICIES:
            note = policy_note(report, policy)
        else:
            note = row_note(report, policy, self.workload)
            note = f"{note:<32}{legend(letters, self.size.width - 36)}"
        self.query_one("#bench-note", Static).update(note, layout=False)
        self._draw(report, policy)

    def _draw(self, report: Report, policy: str) -> None:
        # Imported here: it leads to NumPy, which the first paint does not wait for.
        from console.bench.front import front_chart

        found = front_chart(report, self.workload, letters_of(report), policy)
        chart = self.query_one("#bench-front", Chart)
        chart.display = found is not None
        if found is not None:
            chart.show(*found)

    @property
    def _names(self) -> list[str]:
        report = self._shown.report
        return [] if report is None else [one.name for one in report.request.workloads]

    @property
    def workload(self) -> str:
        """The workload whose front is drawn."""
        return self._names[self._workload] if self._names else ""

    def _redraw(self) -> None:
        self.query_one(Chart).redraw()
        self.table.redraw()

    # -- what is done ---------------------------------------------------------------------------

    @on(BenchTable.RowSelected)
    def action_into(self) -> None:
        """Go into the selected line: one level down, or to the run of a cell."""
        report, line = self._shown.report, self.table.selected
        if report is None or line is None:
            return
        if self._level is Level.POLICIES:
            self._policy, self._level = line.key, Level.WORKLOADS
            self._show_level(self.workload)
        elif self._level is Level.WORKLOADS:
            self._level = Level.SEEDS
            self._show_level()
        elif self._shown.path is not None:
            self.desk.open_cell(self._shown.path, self._cell(report, line.key))

    def _cell(self, report: Report, seed: str) -> Row:
        wanted = (self._policy, self.workload, (int(seed),))
        return next(one for one in report.cells if (one.policy, one.workload, one.seeds) == wanted)

    def action_back(self) -> None:
        """Go out of the line, then leave."""
        front = self.query_one("#bench-front", Chart)
        if front.has_class("-full"):
            self.action_full_screen()
        elif self._level is Level.SEEDS:
            self._level = Level.WORKLOADS
            self._show_level(self.workload)
        elif self._level is Level.WORKLOADS:
            self._level = Level.POLICIES
            self._show_level(self._policy)
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def action_workload(self, change: int) -> None:
        """Draw the front of another workload."""
        if not self._names:
            return
        self._workload = (self._workload + change) % len(self._names)
        if self._level is Level.POLICIES:
            self._show_selected()
        else:
            self._show_level(self.workload)

    def action_full_screen(self) -> None:
        """Give the front the whole screen, or take it back."""
        if self._shown.report is not None:
            front = self.query_one("#bench-front", Chart)
            front.toggle_class("-full")
            self.query_one("#bench-figures").display = not front.has_class("-full")

    def action_new(self) -> None:
        """Ask what to benchmark, and start it."""
        self.desk.new(self._shown.request)

    def action_open(self) -> None:
        """Pick another benchmark."""
        self.desk.pick(self._shown.path)

    def action_export(self) -> None:
        """Write the report to a file."""
        if self._shown.report is None or self._shown.path is None:
            self.desk.refuse("Expected a finished benchmark to export, found none.")
        else:
            self.desk.export(self._shown.path, self._shown.report)

    def action_stop(self) -> None:
        """Stop the benchmark, after asking."""
        if self._shown.path is None or not self._shown.is_running:
            self.desk.refuse("Nobody works on this benchmark.")
        else:
            self.desk.stop(self._shown.path)

    def action_resume(self) -> None:
        """Let the benchmark go on."""
        if self._shown.path is None or self._shown.is_running or self._shown.report is not None:
            self.desk.refuse("There is no stopped benchmark to go on with.")
        else:
            self.desk.resume(self._shown.path)
