"""The curve of the picked traffic, and what there is to say about it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.charts.model import ChartData, Curve, Viewport
from console.setup.preview import TrafficPreview
from console.themes import Series
from console.widgets.chart import Chart


class PreviewPane(Vertical):
    """A chart over a few lines of facts.

    Args:
        id: Identifier for queries.
        ascii_only: Draw without Unicode.
    """

    def __init__(self, *, id: str, ascii_only: bool = False) -> None:
        super().__init__(id=id)
        self._ascii_only = ascii_only
        self._shown: TrafficPreview | None = None

    def compose(self) -> ComposeResult:
        """Put the chart over its description."""
        yield Chart(ascii_only=self._ascii_only, id="traffic-chart")
        yield Static("", id="traffic-facts", markup=False)

    def show(self, preview: TrafficPreview) -> None:
        """Show the traffic of `preview`."""
        if preview is self._shown:
            return
        self._shown = preview
        curve = Curve("peak", Series.TRAFFIC, preview.rps, current=preview.peak_rps)
        data = ChartData(preview.name, "rps", preview.seconds, (curve,))
        self.query_one(Chart).display = True
        self.query_one(Chart).show(data, Viewport(0.0, float(preview.duration_s)))
        lines = [
            Content(preview.description),
            Content.styled(preview.facts, "$series-axis"),
        ]
        if preview.faults:
            lines.append(Content.styled("faults: " + ", ".join(preview.faults), "$warning"))
        self._facts.update(Content("\n").join(lines), layout=False)

    def say(self, text: str) -> None:
        """Show words where there is no curve."""
        self._shown = None
        self.query_one(Chart).display = False
        self._facts.update(Content.styled(text, "$series-axis"), layout=False)

    @property
    def _facts(self) -> Static:
        return self.query_one("#traffic-facts", Static)

    def redraw(self) -> None:
        """Draw anew under another theme."""
        self.query_one(Chart).redraw()
