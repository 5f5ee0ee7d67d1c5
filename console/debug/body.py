"""The parts of the debugger: composed once, drawn from a scene, shown where there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widget import Widget

from console.debug.scene import DebugScene
from console.debug.timeline_widget import ROWS, Timeline
from console.debug.view import Panel
from console.live.signs import Signs
from console.themes import palette_for
from console.widgets.chart import Chart
from console.widgets.lines import Lines

if TYPE_CHECKING:
    from console.debug.view import Picture
    from console.live.decision import Drawing

_CHARTS = ("futures-latency", "futures-ready")
_COLUMNS = {
    "debug-left": (Panel.MOMENT, Panel.STOPS, Panel.ALIKE),
    "debug-middle": (Panel.VALUES, Panel.WHY),
    "debug-right": (Panel.WHAT_IF,),
}


def place_of(panel: Panel) -> str:
    """The identifier of a panel's widget."""
    return f"panel-{panel.name.lower().replace('_', '-')}"


class PanelLines(Lines):
    """One panel of text; a click selects it."""

    class Clicked(Message):
        """The operator clicked on a panel."""

        def __init__(self, panel: Panel, row: int) -> None:
            super().__init__()
            self.panel = panel
            self.row = row
            """Of the text, from the top."""

    def __init__(self, panel: Panel) -> None:
        super().__init__(id=place_of(panel), classes="debug--panel")
        self.panel = panel

    def on_click(self, event: events.Click) -> None:
        """Tell which panel was meant."""
        offset = event.get_content_offset(self)
        self.post_message(self.Clicked(self.panel, -1 if offset is None else offset.y))


class DebugBody(Widget):
    """Everything between the top of the screen and the keys.

    Args:
        signs: Characters to write with.
        low_bandwidth: Draw what takes few bytes.
    """

    DEFAULT_CSS = "DebugBody { height: 1fr; width: 1fr; layout: vertical; }"

    def __init__(self, signs: Signs, *, low_bandwidth: bool = False) -> None:
        super().__init__(id="debug")
        self._signs = signs
        self._low_bandwidth = low_bandwidth
        self._scene = DebugScene()
        self._futures: tuple[object, ...] = ()

    def compose(self) -> ComposeResult:
        """All parts; `draw` decides which of them show."""
        yield Lines(id="debug-header")
        yield Lines(id="debug-alert")
        timeline = Timeline(id="debug-timeline")
        timeline.styles.height = ROWS
        yield timeline
        yield Lines(id="debug-tabs")
        with Horizontal(id="debug-parts"):
            for name, panels in _COLUMNS.items():
                with Vertical(id=name):
                    for panel in panels:
                        yield PanelLines(panel)
                    if Panel.WHAT_IF in panels:
                        for chart in _CHARTS:
                            yield Chart(
                                ascii_only=self._signs.plain, jumps=self._low_bandwidth, id=chart
                            )

    @property
    def scene(self) -> DebugScene:
        """What was drawn last."""
        return self._scene

    def panel(self, panel: Panel) -> PanelLines:
        """The widget of a panel."""
        return self.query_one(f"#{place_of(panel)}", PanelLines)

    def step_at(self, column: int) -> int | None:
        """The step that a column of the timeline shows."""
        picture = self._scene.picture
        if picture is None:
            return None
        from console.debug.timeline import step_under

        return step_under(picture, column, self.query_one("#debug-timeline").size.width)

    def redraw(self) -> None:
        """Draw anew in other colours."""
        for chart in self.query(Chart):
            chart.redraw()
        for lines in self.query(Lines):
            lines.show([])
        self.draw(self._scene)

    def draw(self, scene: DebugScene) -> None:
        """Show `scene`."""
        self._scene = scene
        if scene.too_small:
            return
        self._arrange(scene)
        self._draw_head(scene)
        if scene.picture is not None:
            self._draw_panels(scene, scene.picture)

    def _lines(self, name: str) -> Lines:
        return self.query_one(f"#{name}", Lines)

    def _arrange(self, scene: DebugScene) -> None:
        self._lines("debug-tabs").display = not scene.wide
        self.set_class(scene.wide, "-wide")
        self.set_class(scene.double, "-double")
        shown = scene.panels
        for name, panels in _COLUMNS.items():
            self.query_one(f"#{name}").display = any(panel in shown for panel in panels)
        for number, panel in enumerate(Panel, start=1):
            place = self.panel(panel)
            place.display = panel in shown
            place.border_title = f"{number} {panel.value}" if scene.wide or scene.double else None
            place.set_class(panel is scene.panel, "-current")
        charts = self._charts_shown(scene)
        for name in _CHARTS:
            self.query_one(f"#{name}", Chart).display = charts
        table = self.panel(Panel.WHAT_IF)
        table.display = Panel.WHAT_IF in shown and not (charts and self._instead(scene))
        table.set_class(charts, "-over-charts")

    def _charts_shown(self, scene: DebugScene) -> bool:
        roomy = scene.wide or (scene.double and scene.height >= 34)
        return Panel.WHAT_IF in scene.panels and (roomy or scene.charts)

    def _instead(self, scene: DebugScene) -> bool:
        return not scene.wide and not (scene.double and scene.height >= 34)

    def _draw_head(self, scene: DebugScene) -> None:
        from console.debug.heading import alert_lines, heading_line, tabs_line

        signs = self._signs
        self._lines("debug-header").show([heading_line(scene, signs, scene.width)])
        lines = alert_lines(scene, signs, scene.width)
        place = self._lines("debug-alert")
        place.display = bool(lines)
        place.styles.height = max(len(lines), 1)
        place.show(lines)
        self._lines("debug-tabs").show([tabs_line(scene)])

    def _draw_panels(self, scene: DebugScene, picture: Picture) -> None:
        # Imported with the first picture: arrays must not delay the first paint.
        from console.debug.panels import panel_maker
        from console.debug.timeline import timeline_lines
        from console.live.decision import Drawing

        palette = palette_for(self.app.theme)
        drawing = Drawing(self._signs, palette)
        self._lines("debug-timeline").fit(
            lambda width, _: timeline_lines(picture, self._signs, palette, width)
        )
        for panel in scene.panels:
            self.panel(panel).fit(panel_maker(panel, scene, picture, drawing))
        if self._charts_shown(scene):
            self._draw_charts(scene, drawing)

    def _draw_charts(self, scene: DebugScene, drawing: Drawing) -> None:
        from console.debug.futures import futures_charts, outcome_count

        row = scene.row(Panel.WHAT_IF, outcome_count(scene))
        # The same objects as before if nothing behind them changed, so that the charts rest.
        basis = (scene.played, row)
        if self._futures[:2] != basis:
            self._futures = (*basis, futures_charts(scene, row, drawing.signs))
        found = self._futures[2]
        if isinstance(found, tuple):
            charts, viewport = found
            for name, data in zip(_CHARTS, charts, strict=True):
                self.query_one(f"#{name}", Chart).show(data, viewport)
