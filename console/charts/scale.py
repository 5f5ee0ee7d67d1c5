"""The y axis: a range of round numbers, its ticks, and how numbers are written short."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from console.charts.model import ChartData, Viewport
from console.charts.text import short_number

_LEAST_LOGARITHM = 1e-9
"""Values at or below this lie below every logarithmic scale."""
LABEL_WIDTH = 5
"""Most characters of a label."""

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_TOPS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)


@dataclass(frozen=True, slots=True)
class Scale:
    """A range of values and where they come to lie on rows."""

    low: float
    high: float
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """How far up `value` lies: 0 at the bottom, 1 at the top."""
        if not self.logarithmic:
            return (value - self.low) / (self.high - self.low)
        if value <= 0:
            return -1.0
        return math.log(value / self.low) / math.log(self.high / self.low)

    def row(self, value: float, rows: int) -> int:
        """The row of `value`, 0 at the top; clipped to the rows there are."""
        return min(max(rows - 1 - math.floor(self.share(value) * rows), 0), rows - 1)


def fit_scale(data: ChartData, viewport: Viewport, *, logarithmic: bool = False) -> Scale:
    """The round range that holds everything measured in the viewport, and the threshold."""
    shown = (data.times >= viewport.first) & (data.times <= viewport.last)
    pieces = [curve.values[shown] for curve in data.curves]
    values = np.concatenate(pieces) if pieces else np.empty(0)
    values = values[np.isfinite(values)]
    if logarithmic:
        return _fit_logarithmic(values, data)
    bounds = [bound for bound in (data.floor, data.ceiling) if bound is not None]
    if data.threshold is not None:
        bounds.append(data.threshold.value)
    if values.size:
        bounds += [float(values.min()), float(values.max())]
    if not bounds:
        return Scale(0.0, 1.0)
    low, high = min(bounds), max(bounds)
    if data.threshold is not None and high == data.threshold.value:
        high += 0.1 * abs(high)
    if high == low:
        return Scale(low, low + 1.0) if low >= 0 else Scale(low, low + abs(low))
    if low < 0 < high or (low < 0 and data.floor is None and data.ceiling is None):
        step = _nice((high - low) / 4)
        return Scale(math.floor(low / step) * step, math.ceil(high / step) * step)
    if high <= 0:
        return Scale(-_round_top(-low), high)
    if low == 0 or data.floor is not None:
        return Scale(min(low, 0.0) if data.floor is None else data.floor, _round_top(high))
    step = _nice((high - low) / 4)
    return Scale(math.floor(low / step) * step, math.ceil(high / step) * step)


def _fit_logarithmic(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], data: ChartData
) -> Scale:
    values = values[values > 0]
    bounds = [] if data.threshold is None else [data.threshold.value]
    if values.size:
        bounds += [float(values.min()), float(values.max())]
    bounds = [bound for bound in bounds if bound > _LEAST_LOGARITHM]
    if not bounds:
        return Scale(1.0, 10.0, logarithmic=True)
    low = 10.0 ** math.floor(math.log10(min(bounds)))
    high = _round_top(max(bounds) * 1.05)
    return Scale(low, max(high, low * 10), logarithmic=True)


def ticks(scale: Scale, rows: int, *, whole: bool = False) -> list[float]:
    """Round values for labels: about one for every three rows, the two ends included."""
    wanted = max(2, min(1 + rows // 3, 7))
    if scale.logarithmic:
        return _logarithmic_ticks(scale, wanted)
    span = scale.high - scale.low
    for parts in range(wanted - 1, 0, -1):
        step = span / parts
        if _is_short(step) and (not whole or step == round(step)):
            return [scale.low + index * step for index in range(parts + 1)]
    return [scale.low, scale.high]


def labelled_ticks(scale: Scale, rows: int, *, whole: bool = False) -> list[tuple[float, str]]:
    """Ticks with labels that have the same number of decimals all along."""
    found = ticks(scale, rows, whole=whole)
    if scale.logarithmic or len(found) < 2:
        return [(value, short_number(value)[:LABEL_WIDTH]) for value in found]
    largest = max(abs(value) for value in found)
    unit, letter = (1e6, "M") if largest >= 1e6 else (1e3, "k") if largest >= 9_999 else (1.0, "")
    tolerance = abs(found[1] - found[0]) / unit * 1e-3
    scaled = [value / unit for value in found]
    decimals = next(
        (
            count
            for count in range(4)
            if all(abs(value - round(value, count)) <= tolerance for value in scaled)
        ),
        3,
    )
    return [
        (value, _label(f"{one:.{decimals}f}{letter}", value))
        for value, one in zip(found, scaled, strict=True)
    ]


def _label(text: str, value: float) -> str:
    if abs(value) < 1e-12:
        return "0"
    if len(text) > LABEL_WIDTH:
        text = text.replace("-0.", "-.")
    text = text if len(text) <= LABEL_WIDTH else short_number(value)
    return text[:LABEL_WIDTH]


def _is_short(step: float) -> bool:
    digits = step / 10.0 ** (math.floor(math.log10(step)) - 1)
    return abs(digits - round(digits)) < 1e-6


def _logarithmic_ticks(scale: Scale, wanted: int) -> list[float]:
    decades = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
    for factors in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = [
            factor * 10.0**decade
            for decade in decades
            for factor in factors
            if scale.low <= factor * 10.0**decade <= scale.high
        ]
        if len(found) <= wanted + 1:
            break
    return found


def _nice(value: float) -> float:
    if value <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step for step in _STEPS if step * power >= value * (1 - 1e-9)) * power


def _round_top(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return next(top for top in _TOPS if top * power >= value * (1 - 1e-9)) * power
