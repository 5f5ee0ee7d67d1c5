"""Two policies on the same scenario and seed, in step, stopping where they differ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen

from console.debug.prompt import Prompt
from console.debug.queries import Asked, moment_query
from console.debug.timeline_widget import LABEL, Timeline
from console.handover import hand_over
from console.keys import KeyContext, bindings
from console.live.navigation import Extent, Navigation
from console.live.signs import signs
from console.themes import palette_for
from console.widgets.chart import Chart
from console.widgets.key_bar import KeyBar
from console.widgets.lines import Lines
from console.widgets.too_small import TooSmall
from core.errors import RlscaleError

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from console.debug.versus_view import VersusPicture, VersusView
    from console.live.decision import Drawing
    from core.debug.pair import Pair

_TIMELINE_ROWS = 6
_CHARTS = ("versus-latency", "versus-replicas")


class VersusScreen(Screen[None]):
    """Two runs in step.

    Args:
        first: Directory of run A.
        second: Directory of run B, of the same scenario and seed.
        step: The decision to open at; None for the first at which they differ, unless there is a
            time.
        time_s: The same by the first run's time.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.VERSUS)]
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (130, "-wide")]  # noqa: RUF012
    key_contexts = (KeyContext.VERSUS,)

    def __init__(
        self, first: Path, second: Path, step: int | None = None, time_s: float | None = None
    ) -> None:
        super().__init__()
        self._directories = (first, second)
        self._opening: int | float | None = time_s if step is None else step
        self._anywhere = self._opening is None
        """Nobody said where to open: where they first differ is more telling than the end."""
        self._pair: Pair | None = None
        self._view: VersusView | None = None
        self._picture: VersusPicture | None = None
        self._reading = False

    @property
    def picture(self) -> VersusPicture | None:
        """The moment as last read; None until then."""
        return self._picture

    @property
    def is_ready(self) -> bool:
        """Whether both runs are read."""
        return self._picture is not None

    def compose(self) -> ComposeResult:
        """Timeline over the table, and beside it charts where there is room."""
        ascii_only = cast("RlscaleApp", self.app).drawing.ascii
        yield Lines(id="versus-header")
        timeline = Timeline(id="versus-timeline")
        timeline.styles.height = _TIMELINE_ROWS
        yield timeline
        with Horizontal(id="versus-parts"):
            yield Lines(id="versus-table")
            with Vertical(id="versus-charts"):
                for name in _CHARTS:
                    yield Chart(ascii_only=ascii_only, id=name)
        yield Prompt()
        yield KeyBar(KeyContext.VERSUS)
        yield TooSmall()

    def on_mount(self) -> None:
        """Read both runs now and, while they grow, again and again."""
        rate = cast("RlscaleApp", self.app).drawing.refresh_hz
        self.app.theme_changed_signal.subscribe(self, lambda _: self._redraw())
        self.query_one("#versus-table", Lines).show([Content(" Reading both runs")])
        self.set_interval(1.0 / rate, self._tick)
        self._read()

    def on_unmount(self) -> None:
        """Let go of the files."""
        if self._pair is not None:
            self._pair.close()

    def on_resize(self) -> None:
        """Say so where the terminal is too small."""
        self.query_one(TooSmall).fit(self)
        self._draw()

    # -- reading ------------------------------------------------------------------------------

    def _tick(self) -> None:
        growing = self._picture is None or self._picture.growing
        if self.is_current and growing and not self._reading:
            self._read()

    @work(thread=True, exclusive=True, group="versus")
    def _read(self) -> None:
        from console.debug.versus_view import VersusView, read_pair
        from core.debug.pair import Pair

        self._reading = True
        try:
            if self._pair is None:
                self._pair = Pair(*self._directories)
            view = self._view or VersusView(Navigation(span_s=1800.0))
            picture = read_pair(self._pair, view)
        except RlscaleError as error:
            hand_over(self, self._fail, str(error))
        else:
            hand_over(self, self._take, picture)
        finally:
            self._reading = False

    def _fail(self, reason: str) -> None:
        line = Content.styled(f" {reason}", "$text-error")
        self.query_one("#versus-table", Lines).show([line])

    def _take(self, picture: VersusPicture) -> None:
        if self._view is None:
            self._view = picture.view
        if picture.view is not self._view and self._picture is not None:
            self._read()
            return
        self._picture = picture
        where = self._opening
        if where is None and self._anywhere and picture.last >= 0:
            self._anywhere = False
            # Runs that still grow are followed.
            where = int(picture.stops[0]) if len(picture.stops) and not picture.growing else None
        if where is not None and picture.last >= 0 and self._has(picture, where):
            self._go_to(where)
        else:
            self._draw()

    def _has(self, picture: VersusPicture, where: int | float) -> bool:
        """Whether a moment has come, or never will; one that is still to come is waited for."""
        newest = picture.last if isinstance(where, int) else picture.time_s[picture.last]
        return bool(newest >= where) or not picture.growing

    def _ask(self, view: VersusView) -> None:
        self._view = view
        self._read()

    # -- drawing ------------------------------------------------------------------------------

    def _drawing(self) -> Drawing:
        from console.live.decision import Drawing

        ascii_only = cast("RlscaleApp", self.app).drawing.ascii
        return Drawing(signs(ascii_only), palette_for(self.app.theme))

    def _draw(self) -> None:
        picture = self._picture
        if picture is None:
            return
        from console.debug.versus_lines import charts, heading_lines, table_lines, timeline_lines

        drawing = self._drawing()
        for name, make in (
            ("header", lambda width, _: heading_lines(picture, drawing, width)),
            ("timeline", lambda width, _: timeline_lines(picture, drawing, width)),
            ("table", lambda width, height: table_lines(picture, drawing, width, height)),
        ):
            self.query_one(f"#versus-{name}", Lines).fit(make)
        if self.has_class("-wide") and picture.last >= 0:
            found, viewport = charts(picture)
            for name, data in zip(_CHARTS, found, strict=True):
                self.query_one(f"#{name}", Chart).show(data, viewport)

    def _redraw(self) -> None:
        for chart in self.query(Chart):
            chart.redraw()
        for lines in self.query(Lines):
            lines.show([])
        self._draw()

    # -- keys ---------------------------------------------------------------------------------

    def _go(self, step: int) -> None:
        picture, view = self._picture, self._view
        if picture is None or view is None or picture.last < 0:
            return
        self._opening = None
        extent = Extent(picture.last, picture.extent.interval_s)
        self._ask(replace(view, navigation=view.navigation.at(step, extent)))

    def _go_to(self, where: int | float) -> None:
        """Go to a step, or to the last one up to a time in seconds."""
        if self._picture is not None:
            step = where if isinstance(where, int) else self._picture.step_at(where)
            self._go(min(step, self._picture.last))

    @property
    def present(self) -> int:
        """The step that is looked at, though it may not have been read yet."""
        cursor = None if self._view is None else self._view.navigation.cursor
        last = -1 if self._picture is None else self._picture.last
        return last if cursor is None else min(cursor, last)

    def action_next(self, by: int) -> None:
        """Some decisions on, or back, in both."""
        self._go(self.present + by)

    def action_first(self) -> None:
        """Go to the first decision."""
        self._go(0)

    def action_last(self) -> None:
        """Go to the newest decision that both have."""
        if self._picture is not None:
            self._go(self._picture.last)

    def action_run_on(self, by: int) -> None:
        """On to where they differ next, or back to where they did."""
        picture = self._picture
        if picture is None:
            return
        stops = picture.stops
        found = stops[stops > self.present] if by > 0 else stops[stops < self.present]
        if len(found):
            self._go(int(found[0] if by > 0 else found[-1]))
        else:
            self.notify(f"They do not differ {'later' if by > 0 else 'before'}", markup=False)

    def action_kind(self) -> None:
        """Another meaning of differing: in action, in replicas, in keeping the SLO."""
        if self._view is not None:
            kinds = list(type(self._view.kind))
            after = kinds[(kinds.index(self._view.kind) + 1) % len(kinds)]
            self._ask(replace(self._view, kind=after))

    def action_zoom(self, by: int) -> None:
        """Show more time, or less."""
        if self._view is not None and self._picture is not None:
            after = self._view.navigation.zoomed(by, self._picture.extent)
            self._ask(replace(self._view, navigation=after))

    def action_run_to(self) -> None:
        """Ask for a step or a time, and go there."""
        self.query_one(Prompt).ask(moment_query(self.present))

    @on(Prompt.Answered)
    def _answer(self, event: Prompt.Answered) -> None:
        from console.debug.moments import parse_moment

        if event.query.name == Asked.MOMENT:
            self._go_to(parse_moment(event.text, self.present))

    @on(Timeline.Pointed)
    def _point(self, event: Timeline.Pointed) -> None:
        picture = self._picture
        if picture is not None and picture.last >= 0:
            width = self.query_one("#versus-timeline").size.width
            self._go(picture.step_under(event.column, max(width - LABEL - 1, 1)))

    def action_swap(self) -> None:
        """Let A be B and B be A."""
        if self._pair is not None:
            self._pair.close()
            self._pair = None
        self._directories = (self._directories[1], self._directories[0])
        self._read()

    def action_open(self, side: int) -> None:
        """Open the debugger on one of them, at this decision."""
        cast("RlscaleApp", self.app).open_debug(self._directories[side], self.present)

    def action_back(self) -> None:
        """Leave."""
        prompt = self.query_one(Prompt)
        if prompt.is_open:
            prompt.action_close()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()
