"""Curves of two runs on one time axis, although their samples lie elsewhere."""

from __future__ import annotations

import numpy as np

from console.charts.model import Floats
from core.runs.columns import Window


def both_extremes(window: Window, name: str) -> tuple[Floats, Floats]:
    """Times and values of one quantity; where buckets were reduced, their least and greatest.

    Args:
        window: Buckets of a run.
        name: A series, see `core.runs.schema.SERIES`.

    Returns:
        Shape (n,) each, or (2 n,) where something was reduced; NaN where nothing was measured.
    """
    if window.bucket_steps == 1 or not len(window):
        return window.time_s, window.low[name]
    length = float(np.median(np.diff(window.time_s))) if len(window) > 1 else 1.0
    times = np.repeat(window.time_s, 2)
    times[1::2] += length / 2
    values = np.empty(2 * len(window), dtype=np.float64)
    values[0::2], values[1::2] = window.low[name], window.high[name]
    return times, values


def on_axis(axis: Floats, times: Floats, values: Floats, *, stepped: bool = False) -> Floats:
    """Values at the moments of `axis`; NaN before the first and after the last sample.

    Args:
        axis: Shape (n,), ascending.
        times: Shape (m,), ascending.
        values: Shape (m,); NaN where nothing was measured, which stays a gap.
        stepped: Whether a value holds until the next one, instead of a straight line between.
    """
    if not len(times):
        return np.full(len(axis), np.nan)
    if stepped:
        index = np.searchsorted(times, axis, side="right") - 1
        found = values[np.clip(index, 0, len(values) - 1)]
    else:
        found = np.interp(axis, times, values)
    return np.where((axis < times[0]) | (axis > times[-1]), np.nan, found)


def common_axis(first: Floats, second: Floats) -> Floats:
    """All moments at which one of the two has a sample."""
    return np.union1d(first, second)
