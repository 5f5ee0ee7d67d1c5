"""The Runs screen: every run there is, how it stands, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from console.handover import hand_over
from console.keys import KeyContext, bindings
from console.runs.desk import RunDesk
from console.runs.glance import Glance, read_glance
from console.runs.glance_pane import GlancePane
from console.runs.listing import RunListing
from console.runs.row import RunRow
from console.widgets.filter_row import FilterRow
from console.widgets.key_bar import KeyBar
from console.widgets.run_table import RunTable
from console.widgets.too_small import TooSmall
from core.errors import RlscaleError
from core.runs.records import RunKind

if TYPE_CHECKING:
    from console.app import RlscaleApp

EMPTY = (
    "No runs yet.\n\n"
    "A run is a policy that controls a service, or a training. It keeps going when this console "
    "is closed, and everything about it stays in one file, to look back on, replay and compare.\n\n"
    "S sets one up; enter there starts it.\n"
    "t trains a policy of your own.\n"
    "rlscale-console demo shows a flash crowd at once."
)
GLANCE_EVENTS = 5
"""Lines of the newest events in a glance."""
TALL = 36
"""Rows from which the selected run is also shown at a glance."""


class RunsScreen(Screen[None]):
    """The list of runs; it keeps itself up to date."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.RUNS)]
    AUTO_FOCUS = "#runs"
    VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]  # noqa: RUF012
    key_contexts = (KeyContext.RUNS,)

    def __init__(self) -> None:
        super().__init__()
        self._listing = RunListing()
        self._rows: list[RunRow] = []
        self._read = False
        self._reading = False

    @property
    def desk(self) -> RunDesk:
        """Carries out what the keys ask for."""
        return RunDesk(self.console_app, self._begun, self._done)

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    def compose(self) -> ComposeResult:
        """Put the list over the selected run at a glance."""
        ascii_only = self.console_app.drawing.ascii
        yield Static("", id="runs-heading")
        with Vertical(id="runs-list"):
            yield FilterRow(id="runs-filter")
            yield RunTable(id="runs", ascii_only=ascii_only)
            yield Static(EMPTY, id="runs-empty", markup=False)
        yield GlancePane(id="glance", ascii_only=ascii_only)
        yield Static("", id="runs-note", markup=False)
        yield KeyBar(KeyContext.RUNS)
        yield TooSmall()

    def on_mount(self) -> None:
        """Read the runs now and then again and again."""
        self.query_one("#runs-empty").display = False
        self._show_heading()
        self.set_interval(1 / self.console_app.drawing.refresh_hz, self._look)
        self.app.theme_changed_signal.subscribe(self, lambda _: self._redraw())
        self._look()

    def on_resize(self) -> None:
        """Say so where the terminal is too small."""
        self.query_one(TooSmall).fit(self)

    def on_screen_resume(self) -> None:
        """Show at once what happened meanwhile."""
        self._look()

    @property
    def table(self) -> RunTable:
        """The list."""
        return self.query_one(RunTable)

    # -- reading --------------------------------------------------------------------------------

    def _look(self) -> None:
        if self.is_current and not self._reading:
            self._reading = True
            self._read_rows()

    @work(thread=True, exclusive=True, group="runs")
    def _read_rows(self) -> None:
        rows: list[RunRow] | None = None
        problem = ""
        try:
            rows = self._listing.read()
        except OSError as error:
            problem = str(error)
        hand_over(self, self._take_rows, rows, problem)

    def _take_rows(self, rows: list[RunRow] | None, problem: str) -> None:
        self._reading = False
        if rows is None:
            self._say(Content.styled(problem, "$error"))
            return
        if rows != self._rows or not self._read:
            self._rows, self._read = rows, True
            self._fill()
        self._look_at_selected()

    def _fill(self) -> None:
        words = self.query_one(FilterRow).words
        shown = [row for row in self._rows if row.matches(words)]
        self.table.show(shown)
        empty = self._read and not self._rows
        self.query_one("#runs-empty").display = empty
        self.table.display = not empty
        self._show_heading()
        self._show_note()

    def _look_at_selected(self) -> None:
        row = self.table.selected
        pane = self.query_one(GlancePane)
        if row is None or not pane.display:
            pane.show(None)
        elif pane.wants(row):
            self._read_glance(row)

    @work(thread=True, exclusive=True, group="glance")
    def _read_glance(self, row: RunRow) -> None:
        glance: Glance | None = None
        try:
            glance = read_glance(row, GLANCE_EVENTS)
        except (RlscaleError, OSError):
            # The list says what is wrong with a run that cannot be read.
            glance = Glance(row, (), ())
        hand_over(self, self._take_glance, glance)

    def _take_glance(self, glance: Glance) -> None:
        selected = self.table.selected
        if selected is not None and selected.run_id == glance.row.run_id:
            self.query_one(GlancePane).show(glance)

    # -- what is said ---------------------------------------------------------------------------

    def _show_heading(self) -> None:
        live = sum(row.is_live for row in self._rows)
        parts: list[tuple[str, str]] = [(" rlscale-console ", "bold"), (" runs", "$series-axis")]
        if self._rows:
            runs = "run" if len(self._rows) == 1 else "runs"
            parts.append((f"   {len(self._rows)} {runs}", ""))
            parts.append((f", {live} live" if live else ", none live", ""))
        shown = len(self.table.rows_shown)
        if shown != len(self._rows):
            parts.append((f", {shown} shown", "$warning"))
        self.query_one("#runs-heading", Static).update(Content.assemble(*parts), layout=False)

    def _show_note(self) -> None:
        row = self.table.selected
        if row is None:
            self._say(Content(""))
            return
        note = row.message or _advice(row)
        self._say(Content.assemble((row.run_id, "bold"), ("  ", ""), (note, "$series-axis")))

    def _say(self, content: Content) -> None:
        self.query_one("#runs-note", Static).update(content, layout=False)

    @on(RunTable.RowHighlighted)
    def _selected(self) -> None:
        self._show_note()
        self._look_at_selected()

    @on(FilterRow.Changed)
    def _filter(self) -> None:
        self._fill()

    @on(FilterRow.Closed)
    def _leave_filter(self) -> None:
        self.table.focus()

    # -- what is done ---------------------------------------------------------------------------

    @on(RunTable.RowSelected)
    def action_attach(self) -> None:
        """Open the selected run."""
        if (row := self.table.selected) is not None:
            self.desk.open(row)

    def action_look(self) -> None:
        """Open the selected run without the right to command it."""
        if (row := self.table.selected) is not None:
            self.desk.open(row, read_only=True)

    def action_replay(self) -> None:
        """Play the selected run again."""
        if (row := self.table.selected) is not None:
            self.desk.replay(row)

    def action_debug(self) -> None:
        """Step through the decisions of the selected run."""
        if (row := self.table.selected) is not None:
            self.desk.debug(row)

    def action_mark(self) -> None:
        """Mark the selected run for comparing, or unmark it."""
        self.table.toggle_mark()

    def action_compare(self) -> None:
        """Compare the two marked runs, or the marked one with the selected one."""
        self.desk.compare(self.table.pair)

    def action_export(self) -> None:
        """Write the selected run to a file."""
        if (row := self.table.selected) is not None:
            self.desk.export(row)

    def action_stop(self) -> None:
        """Stop the engine of the selected run, after asking."""
        if (row := self.table.selected) is not None:
            self.desk.stop(row)

    def action_resume(self) -> None:
        """Let an engine take up the selected run again."""
        if (row := self.table.selected) is not None:
            self.desk.resume(row)

    def action_delete(self) -> None:
        """Delete the selected run, after asking."""
        if (row := self.table.selected) is not None:
            self.desk.delete(row)

    def action_filter(self) -> None:
        """Show only runs that contain some words."""
        if self._rows:
            self.query_one(FilterRow).open()

    def action_back(self) -> None:
        """Clear the filter, then the marks, then leave."""
        row = self.query_one(FilterRow)
        if row.words:
            row.action_clear()
        elif self.table.marked:
            self.table.clear_marks()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def _begun(self, note: str) -> None:
        self._say(Content.styled(note, "$accent"))

    def _done(self) -> None:
        if self.is_attached:
            self._show_note()
            self._look()

    def _redraw(self) -> None:
        self.query_one(GlancePane).redraw()
        self.table.redraw()


def _advice(row: RunRow) -> str:
    if row.is_live:
        return f"{row.title}. Enter attaches, x stops."
    if row.kind is RunKind.TRAINING:
        resumes = ", u resumes" if row.can_resume else ""
        return f"{row.title}. Enter looks back{resumes}."
    return f"{row.title}. Enter looks back, p replays, u starts it over."
