"""Curves to characters through plotext: Braille dots, or plain ASCII."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from console.charts.model import ChartData, Curve, Floats, LineStyle, Viewport
from console.charts.reduce import reduce_to_extremes
from console.charts.scale import Scale

THRESHOLD = -1
"""Stands for the threshold line where a cell says which curve it belongs to."""
MARK = -3
"""Stands for a marked moment, which the frame writes and this module never does."""
AXIS_NAME = -4
"""Stands for the name of the y axis, which the frame writes too."""
EMPTY = -2
"""No curve is in the cell."""
FIRST_POINT = -10
"""Stands for the first point, which the frame writes; one less for each of the next."""

ASCII_MARKERS = ("*", "+", "#", "@", "%")
"""Marker of each curve, in order, without Unicode."""

_DOTS_WIDE = 2
_DOTS_HIGH = 4
# Lengths in dots: drawn, then left out.
_PATTERNS = {LineStyle.SOLID: (1, 0), LineStyle.DASHED: (4, 2), LineStyle.DOTTED: (1, 2)}
_COLOR_ESCAPE = re.compile("\x1b\\[([0-9;]*)m")
# plotext carries a palette number per cell; ours say which curve it was, not which colour.
_FIRST_NUMBER = 20
_THRESHOLD_NUMBER = 19


@dataclass(frozen=True, slots=True)
class Cells:
    """A drawn canvas."""

    rows: tuple[str, ...]
    """One string per row, each as wide as the canvas."""
    owners: tuple[tuple[int, ...], ...]
    """Per cell the index of its curve, `THRESHOLD`, or `EMPTY`."""


@lru_cache(maxsize=1)
def _plotext() -> Any:
    # Imported when the first chart is drawn: it costs more time than the first paint may take.
    import plotext

    # Without this figures are cut to the terminal's size, whatever size is asked for.
    plotext.terminal.limit(False, False)
    return plotext


def warm_up() -> None:
    """Import the plotting library, away from the moment it is needed."""
    _plotext()


def draw(
    data: ChartData,
    viewport: Viewport,
    scale: Scale,
    width: int,
    height: int,
    *,
    ascii_only: bool = False,
) -> Cells:
    """Draw the curves and the threshold on a canvas of `width` by `height` cells."""
    plotext = _plotext()
    figure = plotext.figure
    dots_wide = width * (1 if ascii_only else _DOTS_WIDE)
    dots_high = height * (1 if ascii_only else _DOTS_HIGH)
    figure.clear()
    figure.plot_size(width, height)
    figure.axes(False)
    figure.canvas("default")
    rulers = figure.ruler("both", "both")
    rulers.ticks([], [])
    rulers.alignment(lim="edge")
    figure.ruler(0, 0).lim(0, dots_wide)
    figure.ruler(1, 0).lim(0, dots_high)
    if data.threshold is not None and 0 <= scale.share(data.threshold.value) <= 1:
        level = height - 1 - scale.row(data.threshold.value, height) + 0.5
        y = level * dots_high / height
        mark = _marker(plotext, "-" if ascii_only else "┄", _THRESHOLD_NUMBER)
        signal = figure.signal([0.5, dots_wide - 0.5], [y, y], marker=mark)
        figure.draw(signal.lines(True))
    for index, curve in enumerate(data.curves):
        points = _points(data.times, curve, viewport, scale, width, dots_wide, dots_high)
        kind = ASCII_MARKERS[index % len(ASCII_MARKERS)] if ascii_only else "braille"
        mark = _marker(plotext, kind, _FIRST_NUMBER + index)
        _draw_curve(figure, points, mark, LineStyle.SOLID if ascii_only else curve.style)
    return _cells(figure.build().string(), width, height)


def _marker(plotext: Any, kind: str, number: int) -> Any:
    return plotext.marker(kind)._set_pixel(plotext.pixel(foreground=number))


def _points(
    times: Floats,
    curve: Curve,
    viewport: Viewport,
    scale: Scale,
    columns: int,
    dots_wide: int,
    dots_high: int,
) -> list[tuple[float, float]]:
    # Canvas positions in dots; NaN heights are gaps.
    kept, values = reduce_to_extremes(times, curve.values, viewport.first, viewport.last, columns)
    x = (kept - viewport.first) * (dots_wide / viewport.span)
    if scale.logarithmic:
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.log(np.where(values > 0, values, np.nan) / scale.low)
        share /= math.log(scale.high / scale.low)
    else:
        share = (values - scale.low) / (scale.high - scale.low)
    # The extreme values lie inside the outermost dots, not on the edge of the canvas.
    y = np.clip(share, 0, 1) * (dots_high - 1) + 0.5
    points = list(zip(x.tolist(), y.tolist(), strict=True))
    points = _as_steps(points) if curve.stepped else points
    return _clipped(points, dots_wide - 0.01)


def _clipped(points: list[tuple[float, float]], right: float) -> list[tuple[float, float]]:
    # Lines from and to samples outside the canvas end at its edge: plotext counts every dot of a
    # line, also those far outside.
    inside = [point for point in points if 0 <= point[0] <= right]
    before = [point for point in points if point[0] < 0][-1:]
    after = [point for point in points if point[0] > right][:1]
    chain = before + inside + after
    if before and len(chain) > 1:
        chain[0] = (0.0, _height_at(0.0, chain[0], chain[1]))
    elif before:
        chain = []
    if after and len(chain) > 1:
        chain[-1] = (right, _height_at(right, chain[-2], chain[-1]))
    elif after:
        chain = []
    return chain


def _height_at(x: float, left: tuple[float, float], right: tuple[float, float]) -> float:
    if right[0] == left[0]:
        return left[1]
    return left[1] + (right[1] - left[1]) * (x - left[0]) / (right[0] - left[0])


def _as_steps(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    steps: list[tuple[float, float]] = []
    for x, y in points:
        if steps and steps[-1][1] != y:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    return steps


def _draw_curve(
    figure: Any, points: list[tuple[float, float]], mark: Any, style: LineStyle
) -> None:
    if style is not LineStyle.SOLID:
        points, connected = _patterned(points, *_PATTERNS[style])
    else:
        connected = [True] * len(points)
    x: list[float] = []
    y: list[float] = []
    joined: list[bool] = []
    gap = True
    for (across, up), to_previous in zip(points, connected, strict=True):
        if math.isnan(up):
            gap = True
            continue
        x.append(across)
        y.append(up)
        joined.append(to_previous and not gap)
        gap = False
    if not x:
        return
    # Never density("full"): plotext 6.1 miscounts its points and aborts the whole process.
    signal = figure.signal(x, y, marker=mark)
    for index, flag in enumerate(joined):
        if flag:
            signal.line(index, True)
    figure.draw(signal)


def _patterned(
    points: list[tuple[float, float]], drawn: int, left_out: int
) -> tuple[list[tuple[float, float]], list[bool]]:
    # Cut each line into dashes on a grid of dots that stands still while points come and go.
    period = drawn + left_out
    pieces: list[tuple[float, float]] = []
    connected: list[bool] = []
    for index, (x, y) in enumerate(points):
        if index == 0 or math.isnan(y) or math.isnan(points[index - 1][1]):
            pieces.append((x, y))
            connected.append(False)
            continue
        from_x, from_y = points[index - 1]
        if x <= from_x:
            # A vertical piece, as of a step: drawn whole, or the step would be lost.
            pieces.append((x, y))
            connected.append(True)
            continue
        slope = (y - from_y) / (x - from_x)
        cycle = math.floor(from_x / period)
        while cycle * period < x:
            begin = max(cycle * period, from_x)
            end = min(cycle * period + drawn - 0.5, x)
            if end >= begin:
                pieces.append((begin, from_y + slope * (begin - from_x)))
                connected.append(False)
                pieces.append((end, from_y + slope * (end - from_x)))
                connected.append(True)
            cycle += 1
    return pieces, connected


def _cells(text: str, width: int, height: int) -> Cells:
    rows: list[str] = []
    owners: list[tuple[int, ...]] = []
    for line in text.split("\n")[:height]:
        characters: list[str] = []
        belongs: list[int] = []
        owner = EMPTY
        position = 0
        for match in _COLOR_ESCAPE.finditer(line):
            piece = line[position : match.start()]
            characters.append(piece)
            belongs += [owner] * len(piece)
            owner = _owner(match.group(1))
            position = match.end()
        piece = line[position:]
        characters.append(piece)
        belongs += [owner] * len(piece)
        rows.append("".join(characters).ljust(width)[:width])
        owners.append(tuple((belongs + [EMPTY] * width)[:width]))
    while len(rows) < height:
        rows.append(" " * width)
        owners.append((EMPTY,) * width)
    return Cells(tuple(rows), tuple(owners))


def _owner(escape: str) -> int:
    parts = escape.split(";")
    if len(parts) < 3 or parts[0] != "38":
        return EMPTY
    number = int(parts[2])
    return THRESHOLD if number == _THRESHOLD_NUMBER else number - _FIRST_NUMBER
