"""Two runs at the same moment, as plain values for the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from console.debug.timeline import Canvas
from console.live.navigation import Extent, Navigation
from core.debug.pair import Difference
from core.runs.moments import WITHIN_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from core.debug.pair import Beside, Pair
    from core.runs.records import RunInfo


@dataclass(frozen=True, slots=True)
class VersusView:
    """What the screen asks for."""

    navigation: Navigation
    kind: Difference = Difference.ACTION
    """What counts as a difference."""


@dataclass(frozen=True, slots=True, eq=False)
class VersusPicture:
    """A moment of both runs as last read."""

    view: VersusView
    infos: tuple[RunInfo, RunInfo]
    last: int
    """Number of the newest step that both have."""
    beside: Beside | None
    """None before the first decision."""
    stops: NDArray[np.int64]
    """Every step at which they differ."""
    time_s: NDArray[np.float64]
    """Of every step, by the clock of the first run: the axis of both."""
    latency_p95_ms: tuple[NDArray[np.float64], NDArray[np.float64]]
    """Of every step, of both."""
    desired: tuple[NDArray[np.float64], NDArray[np.float64]]
    target: tuple[NDArray[np.float64], NDArray[np.float64]]
    growing: bool
    """Whether one of them is still going on."""

    @property
    def index(self) -> int:
        """The shown step; -1 before the first."""
        return -1 if self.beside is None else self.beside.first.index

    @property
    def extent(self) -> Extent:
        """The steps that both have."""
        return Extent(self.last, self.infos[0].interval_s)

    def canvas(self, columns: int) -> Canvas:
        """How columns and time fit together on a timeline of `columns`."""
        from console.charts.model import Viewport

        span = self.view.navigation.span_s
        _, newest = self.view.navigation.range(self.extent)
        if span is None:
            least_s = 10 * self.extent.interval_s
            return Canvas(Viewport(0.0, max(least_s, *self.time_s[-1:])), columns)
        first = max(self.time_s[newest] - span, 0.0) if newest >= 0 else 0.0
        return Canvas(Viewport(first, first + span), columns)

    def step_at(self, time_s: float) -> int:
        """The last step up to a time, to the second."""
        return max(int(np.searchsorted(self.time_s, time_s + WITHIN_S, side="right")) - 1, 0)

    def step_under(self, column: int, columns: int) -> int:
        """The step that a column of a timeline of `columns` shows."""
        return self.canvas(columns).sample_under(column, self.time_s)


def read_pair(pair: Pair, view: VersusView) -> VersusPicture:
    """Read what a view asks for.

    Raises:
        RunError: A file cannot be read.
    """
    last = pair.last
    cursor = view.navigation.cursor
    index = last if cursor is None else min(cursor, last)
    statuses = [reader.status().state for reader in pair.readers]
    stops = pair.differences(view.kind)

    def curve(name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        # Since `last` was asked for, the runs may have grown.
        one, two = pair.curve(name)
        return one[: last + 1], two[: last + 1]

    return VersusPicture(
        view=view,
        infos=(pair.readers[0].info(), pair.readers[1].info()),
        last=last,
        beside=pair.at(index) if index >= 0 else None,
        stops=stops[stops <= last],
        time_s=curve("time_s")[0],
        latency_p95_ms=curve("latency_p95_ms"),
        desired=curve("replicas_desired"),
        target=curve("target"),
        growing=any(state.is_live for state in statuses),
    )
