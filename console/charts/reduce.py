"""Fewer points without losing a spike: each column keeps its smallest and its largest."""

from __future__ import annotations

import numpy as np

from console.charts.model import Floats


def reduce_to_extremes(
    times: Floats, values: Floats, first: float, last: float, columns: int
) -> tuple[Floats, Floats]:
    """At most two points per column, plus one on either side so that lines enter and leave.

    Args:
        times: Shape (n,), ascending.
        values: Shape (n,); NaN is kept as a gap where a column holds nothing else.
        first: Start of what is shown.
        last: End of what is shown; later than `first`.
        columns: Columns between `first` and `last`, each of the same width.

    Returns:
        Times and values, shape (m,) each.
    """
    begin = max(int(np.searchsorted(times, first, side="left")) - 1, 0)
    end = min(int(np.searchsorted(times, last, side="right")) + 1, len(times))
    times, values = times[begin:end], values[begin:end]
    if len(times) <= 2 * columns:
        return times, values
    column = np.floor((times - first) * (columns / (last - first))).astype(np.int64)
    starts = np.flatnonzero(np.r_[True, column[1:] != column[:-1]])
    measured = ~np.isnan(values)
    low = np.where(measured, values, np.inf)
    high = np.where(measured, values, -np.inf)
    smallest = np.minimum.reduceat(low, starts)
    largest = np.maximum.reduceat(high, starts)
    lengths = np.diff(np.r_[starts, len(times)])
    column_of = np.repeat(np.arange(len(starts)), lengths)
    at_low = _first_index(measured & (low == smallest[column_of]), column_of, starts)
    at_high = _first_index(measured & (high == largest[column_of]), column_of, starts)
    picked = np.unique(np.concatenate([at_low, at_high]))
    return times[picked], values[picked]


def _first_index(
    matches: np.ndarray[tuple[int], np.dtype[np.bool_]],
    column_of: np.ndarray[tuple[int], np.dtype[np.int64]],
    starts: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    # Where a column has no match, nothing in it was measured: its first sample, NaN, is the gap.
    found = starts.copy()
    indices = np.flatnonzero(matches)
    columns, order = np.unique(column_of[indices], return_index=True)
    found[columns] = indices[order]
    return found
