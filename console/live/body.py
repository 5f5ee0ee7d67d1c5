"""The parts of the Live screen: composed once, drawn from a scene, shown where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from console.debug.timeline_widget import Timeline
from console.live.scene import TALL, TRAINING_CHARTS, Scene
from console.live.signs import FAINT, MUTED, Signs
from console.themes import palette_for
from console.widgets.chart import Chart
from console.widgets.lines import Lines

if TYPE_CHECKING:
    from console.charts.model import ChartData
    from console.live.snapshot import Snapshot


class LiveBody(Widget):
    """Everything between the top of the screen and the keys.

    Args:
        signs: Characters to write with.
        low_bandwidth: Draw what takes few bytes.
    """

    DEFAULT_CSS = "LiveBody { height: 1fr; width: 1fr; }"

    def __init__(self, signs: Signs, *, low_bandwidth: bool = False) -> None:
        super().__init__(id="live")
        self._low_bandwidth = low_bandwidth
        self._signs = signs
        self._scene = Scene()
        self._charts: tuple[str, ...] = ()
        self._drawn_from: dict[str, tuple[object, ...]] = {}
        self._data: dict[str, ChartData] = {}

    def compose(self) -> ComposeResult:
        """All parts; `draw` decides which of them show."""
        yield Lines(id="live-header")
        yield Lines(id="live-alert")
        yield Timeline(id="live-timeline")
        with Horizontal(id="live-parts"):
            with Vertical(id="live-main"):
                yield Grid(id="live-charts")
                yield Lines(id="live-decision-instead")
                yield Lines(id="live-progress")
                yield Lines(id="live-actions")
                yield Lines(id="live-log")
                words = "words or a pattern; esc clears"
                pattern = Input(id="live-filter", placeholder=words, compact=True)
                # Nothing blinks where bytes are dear.
                pattern.cursor_blink = not self._low_bandwidth
                yield pattern
            yield Lines(id="live-decision")

    @property
    def scene(self) -> Scene:
        """What was drawn last."""
        return self._scene

    @property
    def filter_input(self) -> Input:
        """Where the log's filter is typed."""
        return self.query_one("#live-filter", Input)

    def chart(self, name: str) -> Chart | None:
        """The chart of that name, if it is mounted."""
        found = self.query(f"#chart-{name}").results(Chart)
        return next(iter(found), None)

    @property
    def selected_chart(self) -> Chart | None:
        """The chart that keys act on."""
        names = self._scene.charts
        return self.chart(names[self._scene.selected % len(names)])

    def step_at(self, moment: float | None) -> int | None:
        """The step that lies nearest to a moment on the axis of the charts."""
        import numpy as np

        from console.live.charts import step_axis

        snapshot = self._scene.snapshot
        if moment is None or snapshot is None or not len(snapshot.window):
            return None
        nearest = int(np.argmin(np.abs(step_axis(snapshot) - moment)))
        return int(snapshot.window.step[nearest])

    def step_under(self, column: int) -> int | None:
        """The step that a column of a replay's timeline stands for."""
        from console.live.replay_strip import step_under

        snapshot = self._scene.snapshot
        if snapshot is None:
            return None
        return step_under(snapshot, column, self.query_one("#live-timeline").size.width)

    def draw(self, scene: Scene) -> None:
        """Show `scene`."""
        self._scene = scene
        if scene.too_small:
            return
        self._arrange(scene)
        self._draw_alert(scene)
        if scene.snapshot is None:
            waiting = "" if scene.problem else f" {scene.opening}"
            self._lines("live-header").show([Content.styled(waiting, MUTED)])
        else:
            self._draw_run(scene, scene.snapshot)

    def _draw_alert(self, scene: Scene) -> None:
        lines: list[Content] = []
        if scene.problem or scene.snapshot is not None:
            from console.live.header import alert

            words = self._signs.words
            lines = alert(
                scene.snapshot,
                words(scene.problem),
                scene.context,
                scene.width,
            )
        place = self._lines("live-alert")
        place.display = bool(lines)
        place.styles.height = max(len(lines), 1)
        place.show(lines)

    def _draw_run(self, scene: Scene, snapshot: Snapshot) -> None:
        # Imported with the first picture: arrays must not delay the first paint.
        from console.live.actions import actions_strip
        from console.live.decision import Drawing, decision_lines
        from console.live.header import header
        from console.live.training import training_lines

        signs, palette = self._signs, palette_for(self.app.theme)
        header_lines = header(snapshot, scene.context, signs, scene.width)
        self._lines("live-header").styles.height = len(header_lines)
        self._lines("live-header").show(header_lines)
        if scene.context.replay:
            from console.live.replay_strip import replay_strip

            self._lines("live-timeline").fit(
                lambda width, _: replay_strip(snapshot, signs, palette, width)
            )
        self._lines("live-actions").fit(
            lambda width, _: [actions_strip(snapshot, signs, palette, width)]
        )
        self._lines("live-log").fit(lambda width, height: self._log(scene, width, height))
        if scene.training:
            self._lines("live-progress").fit(
                lambda width, _: training_lines(snapshot, signs, palette, width)
            )
        drawing = Drawing(signs, palette)
        for name, shown in (
            ("live-decision", scene.decision_beside),
            ("live-decision-instead", scene.decision_instead),
        ):
            if shown:
                self._lines(name).fit(
                    lambda width, height: decision_lines(snapshot, drawing, width, height)
                )
        if not scene.decision_instead:
            self._draw_charts(scene, snapshot)

    def redraw(self) -> None:
        """Draw anew in other colours."""
        for chart in self.query(Chart):
            chart.redraw()
        for lines in self.query(Lines):
            lines.show([])
        self.draw(self._scene)

    def _lines(self, name: str) -> Lines:
        return self.query_one(f"#{name}", Lines)

    def _arrange(self, scene: Scene) -> None:
        self._lines("live-timeline").display = scene.context.replay
        self.query_one("#live-charts").display = not scene.decision_instead
        self._lines("live-decision-instead").display = scene.decision_instead
        self._lines("live-decision").display = scene.decision_beside
        self._lines("live-progress").display = scene.training
        self._lines("live-actions").display = not scene.training or scene.height >= TALL
        self._lines("live-log").styles.height = scene.log_rows
        self._lines("live-log").display = scene.height >= TALL or not scene.decision_instead
        self._arrange_charts(scene)

    def _arrange_charts(self, scene: Scene) -> None:
        grid = self.query_one("#live-charts", Grid)
        names = scene.charts
        if names != self._charts:
            for name in self._charts:
                chart = self.chart(name)
                if chart is not None:
                    chart.display = name in names
            missing = [name for name in names if self.chart(name) is None]
            grid.mount_all(
                Chart(ascii_only=self._signs.plain, jumps=self._low_bandwidth, id=f"chart-{name}")
                for name in missing
            )
            self._charts = names
            places = {f"chart-{name}": place for place, name in enumerate(names)}
            grid.sort_children(key=lambda chart: places.get(chart.id or "", len(places)))
        selected = names[scene.selected % len(names)]
        for name in names:
            chart = self.chart(name)
            if chart is None:
                continue
            chart.selected = name == selected
            chart.display = not scene.full_screen or name == selected
        grid.styles.grid_size_columns = 1 if scene.full_screen else _columns(len(names))

    def _draw_charts(self, scene: Scene, snapshot: Snapshot) -> None:
        from console.live.charts import traffic_viewport, training_viewport

        for name in scene.charts:
            chart = self.chart(name)
            if chart is not None and chart.display:
                make = training_viewport if name in TRAINING_CHARTS else traffic_viewport
                chart.show(self._chart_data(name, snapshot), make(snapshot))

    def _chart_data(self, name: str, snapshot: Snapshot) -> ChartData:
        # The same object as before if nothing behind it changed, so that the chart rests.
        from console.live.charts import traffic_chart, training_chart

        if name in TRAINING_CHARTS:
            basis: tuple[object, ...] = (snapshot.training, snapshot.evaluations)
        else:
            basis = (snapshot.window, snapshot.shown_step)
        before = self._drawn_from.get(name, ())
        if len(before) != len(basis) or any(
            one is not other for one, other in zip(before, basis, strict=True)
        ):
            make = training_chart if name in TRAINING_CHARTS else traffic_chart
            self._data[name] = make(name, snapshot)
            self._drawn_from[name] = basis
        return self._data[name]

    def _log(self, scene: Scene, width: int, height: int) -> list[Content]:
        from console.live.log import render_log

        heading = []
        if scene.height >= TALL or scene.pattern:
            heading = [self._log_heading(scene, width)]
        rows = max(height - len(heading), 1)
        palette = palette_for(self.app.theme)
        lines = render_log(scene.log, scene.pattern, self._signs, palette, width, rows)
        return [*heading, *lines]

    def _log_heading(self, scene: Scene, width: int) -> Content:
        from console.live.navigation import span_text

        rule = "-" if self._signs.plain else "─"
        title = f"log /{scene.pattern}" if scene.pattern else "log"
        span = ""
        if scene.snapshot is not None:
            span = f"charts show {span_text(scene.snapshot.view.navigation.span_s)}"
        fill = max(width - len(title) - len(span) - 6, 0)
        return Content.assemble((f" {title} ", "bold"), (rule * fill, FAINT), (f" {span}", MUTED))


def _columns(charts: int) -> int:
    return 4 if charts > 6 else 3 if charts > 4 else 2
