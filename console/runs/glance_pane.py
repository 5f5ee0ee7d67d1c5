"""The selected run at a glance, where the screen is tall enough."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from console.runs.glance import Glance
from console.runs.row import RunRow
from console.widgets.chart import Chart


class GlancePane(Vertical):
    """Two charts and the newest events of one run.

    Args:
        id: Identifier for queries.
        ascii_only: Draw without Unicode.
    """

    def __init__(self, *, id: str, ascii_only: bool = False) -> None:
        super().__init__(id=id)
        self._ascii_only = ascii_only
        self._glance: Glance | None = None

    def compose(self) -> ComposeResult:
        """Put the charts beside each other, the events below."""
        with Horizontal(id="glance-charts"):
            yield Chart(ascii_only=self._ascii_only, id="glance-first")
            yield Chart(ascii_only=self._ascii_only, id="glance-second")
        yield Static("", id="glance-events", markup=False)

    def wants(self, row: RunRow) -> bool:
        """Whether what is shown of `row` may be out of date."""
        return self._glance is None or self._glance.row != row or row.is_live

    def show(self, glance: Glance | None) -> None:
        """Show a run, or nothing; costs nothing if it is the same as before."""
        if glance is None and self._glance is None:
            return
        before = () if self._glance is None else self._glance.events
        self._glance = glance
        charts = () if glance is None else glance.charts
        for index, chart in enumerate(self.query(Chart)):
            chart.display = index < len(charts)
            if index < len(charts):
                chart.show(*charts[index])
        events = () if glance is None else glance.events
        if events != before:
            self.query_one("#glance-events", Static).update(
                Content.styled("\n".join(events), "$series-axis")
            )

    def redraw(self) -> None:
        """Draw anew under another theme."""
        for chart in self.query(Chart):
            chart.redraw()
