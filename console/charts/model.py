"""What a chart shows, as values: curves over time, a threshold, a viewport, a cursor."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from console.themes import Series

if TYPE_CHECKING:
    # NumPy comes with the first data; the first paint does not wait for it.
    import numpy as np
    from numpy.typing import NDArray

Floats: TypeAlias = "NDArray[np.float64]"


class LineStyle(StrEnum):
    """How a curve is told from the others without colour."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One named line."""

    label: str
    series: Series
    """Which colour it takes from the theme."""
    values: Floats
    """Shape (times,); NaN where nothing was measured, which is drawn as a gap."""
    style: LineStyle = LineStyle.SOLID
    stepped: bool = False
    """Whether a value holds until the next one, as a replica count does."""
    current: float | None = None
    """What the heading says: the newest value, or the one under the cursor."""
    short: str = ""
    """The label where there is little room; empty if there is no shorter one."""
    leading: bool = False
    """Whether its value stands right after the title, without a label."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A horizontal line that values are judged by."""

    label: str
    value: float
    series: Series = Series.SLO


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment worth a line across the chart, such as a best evaluation."""

    time_s: float
    label: str
    series: Series


@dataclass(frozen=True, slots=True)
class Point:
    """A letter at a place, such as a policy on a front."""

    x: float
    """Along the axis of `ChartData.times`."""
    y: float
    letter: str
    """One character."""
    series: Series


@dataclass(frozen=True, slots=True, eq=False)
class ChartData:
    """Everything drawn in one chart. Compared by identity: a new object means new data."""

    title: str
    unit: str
    times: Floats
    """Shape (times,), ascending."""
    curves: tuple[Curve, ...]
    threshold: Threshold | None = None
    marks: tuple[Mark, ...] = ()
    points: tuple[Point, ...] = ()
    """The last one lies on top."""
    floor: float | None = 0.0
    """A value that the y axis always reaches down to; None fits the data."""
    ceiling: float | None = None
    """A value that the y axis always reaches up to; None fits the data."""
    whole: bool = False
    """Whether the values are counts, so that ticks are whole numbers."""
    across: str = ""
    """What the x axis is, if it is not time."""
    upward: str = ""
    """What the y axis is, if the heading does not say so."""

    @property
    def measured(self) -> bool:
        """Whether there is anything to draw."""
        # NaN is the one number that differs from itself.
        return any(bool((curve.values == curve.values).any()) for curve in self.curves)

    @property
    def has_positive(self) -> bool:
        """Whether a logarithmic scale would show anything."""
        return any(bool((curve.values > 0).any()) for curve in self.curves)


@dataclass(frozen=True, slots=True)
class Viewport:
    """The stretch of time that is shown, and the moment that is inspected."""

    first: float
    last: float
    cursor: float | None = None
    in_time: bool = True
    """Whether the axis is time in seconds; otherwise a count, such as training steps."""
    in_shares: bool = False
    """Whether the axis holds decimal logarithms of shares, which are written as percent."""

    @property
    def span(self) -> float:
        """Length of what is shown."""
        return self.last - self.first

    def aligned(self, columns: int, at_once: int = 1) -> Viewport:
        """The viewport moved on to whole columns of a grid that does not move with the data.

        Then a drawn column keeps its samples while time goes on, and the picture moves by
        `at_once` columns or not at all.
        """
        if columns < 1 or self.span <= 0:
            return self
        width = self.span / columns * max(at_once, 1)
        last = math.ceil(self.last / width - 1e-9) * width
        return replace(self, first=last - self.span, last=last)

    def drawn(self, columns: int, *, jumps: bool) -> Viewport:
        """What a picture of so many columns shows.

        Args:
            columns: Of the picture.
            jumps: Whether it moves by a quarter at once, ahead of time, instead of column by
                column. It does not while nothing has left it yet: then it stands still anyway.
        """
        return self.aligned(columns, columns // 4 if jumps and self.first > 0 else 1)
