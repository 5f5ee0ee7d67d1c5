"""The chart widget: draws only when data, viewport or size changed, and repaints changed rows."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from console.themes import SeriesPalette, palette_for

if TYPE_CHECKING:
    from console.charts.frame import Line
    from console.charts.model import ChartData, Viewport

_SMALLEST = (12, 4)
"""Columns and rows below which nothing is drawn."""


class Chart(Widget):
    """Curves over time in a frame, under a heading with their current values.

    Args:
        ascii_only: Draw without Unicode.
        jumps: Move the picture by a quarter at once, which saves bytes.
        id: Identifier, also what `Chart.Picked` tells.
    """

    DEFAULT_CSS = "Chart { height: 1fr; width: 1fr; }"

    class Picked(Message):
        """The operator clicked on a chart, maybe at a moment."""

        def __init__(self, chart: Chart, moment: float | None) -> None:
            super().__init__()
            self.chart = chart
            self.moment = moment
            """Where along the axis; None outside of the canvas, or if the axis is not time."""

    def __init__(
        self, *, ascii_only: bool = False, jumps: bool = False, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._jumps = jumps
        self._ascii_only = ascii_only
        self._data: ChartData | None = None
        self._viewport: Viewport | None = None
        self._logarithmic = False
        self._selected = False
        self._lines: tuple[Line, ...] = ()
        self._strips: list[Strip] = []
        self._drawn: tuple[object, ...] = ()

    @property
    def data(self) -> ChartData | None:
        """What is shown."""
        return self._data

    @property
    def logarithmic(self) -> bool:
        """Whether the y axis is logarithmic."""
        return self._logarithmic

    @logarithmic.setter
    def logarithmic(self, value: bool) -> None:
        self._logarithmic = value
        self._update()

    @property
    def selected(self) -> bool:
        """Whether keys that act on one chart act on this one."""
        return self._selected

    @selected.setter
    def selected(self, value: bool) -> None:
        self._selected = value
        self._update()

    def show(self, data: ChartData, viewport: Viewport) -> None:
        """Show `data` in `viewport`; costs nothing if both are the same as before."""
        self._data = data
        self._viewport = viewport
        self._update()

    def redraw(self) -> None:
        """Draw anew although nothing changed, as under another theme."""
        self._drawn = ()
        self._update()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._update()

    def on_click(self, event: events.Click) -> None:
        """Tell which chart and which moment was meant."""
        from console.charts.frame import GUTTER, canvas_size

        columns, rows = canvas_size(*self.size)
        column = event.x - GUTTER - 2
        moment = None
        if self._viewport is not None and self._viewport.in_time:
            shown = self._viewport.drawn(columns, jumps=self._jumps)
            if 0 <= column < columns and 1 <= event.y <= rows:
                moment = shown.first + (column + 0.5) / columns * shown.span
        self.post_message(self.Picked(self, moment))

    def render_line(self, y: int) -> Strip:
        """One row."""
        base = self.rich_style
        if y < len(self._strips):
            return self._strips[y].apply_style(base)
        return Strip.blank(self.size.width, base)

    def _update(self) -> None:
        width, height = self.size
        data, viewport = self._data, self._viewport
        if data is None or viewport is None or not self.is_attached:
            return
        if width < _SMALLEST[0] or height < _SMALLEST[1]:
            return
        wanted = (
            data,
            viewport,
            self._logarithmic,
            self._selected,
            width,
            height,
            self.app.theme,
        )
        if wanted == self._drawn:
            return
        # Imported here: the plotting library must not delay the first paint.
        from console.charts.frame import FrameOptions, compose_chart

        options = FrameOptions(
            width, height, self._ascii_only, self._logarithmic, self._selected, self._jumps
        )
        lines = compose_chart(data, viewport, options)
        themed_anew = not self._drawn or self._drawn[-1] != self.app.theme
        before = () if themed_anew else self._lines
        self._drawn, self._lines = wanted, lines
        palette = palette_for(self.app.theme)
        changed = []
        for row, line in enumerate(lines):
            was = before[row] if row < len(before) else ()
            if was == line:
                continue
            first, last = _changed(was, line)
            if last > first:
                changed.append(Region(first, row, last - first, 1))
            if row < len(self._strips):
                self._strips[row] = _strip(line, palette)
            else:
                self._strips.append(_strip(line, palette))
        del self._strips[len(lines) :]
        if changed:
            self.refresh(*changed)


def _changed(before: Line, line: Line) -> tuple[int, int]:
    # The first cell that differs, and the one behind the last.
    was = [(character, span.series, span.bold) for span in before for character in span.text]
    now = [(character, span.series, span.bold) for span in line for character in span.text]
    if len(was) != len(now):
        return 0, len(now)
    differ = [one != other for one, other in zip(was, now, strict=True)]
    if True not in differ:
        return 0, 0
    return differ.index(True), len(differ) - differ[::-1].index(True)


def _strip(line: Line, palette: SeriesPalette) -> Strip:
    segments = []
    for (series, bold), spans in groupby(line, key=lambda span: (span.series, span.bold)):
        style = Style(color=palette.color(series) if series else None, bold=bold or None)
        segments.append(Segment("".join(span.text for span in spans), style))
    return Strip(segments)
