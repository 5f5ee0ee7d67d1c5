"""Sums over ticks that do not depend on how many clusters are summed at once."""

from __future__ import annotations

from core.cluster.columns import Floats


def sum_ticks(values: Floats) -> Floats:
    """Sum over the last axis but one, always in the same order, whatever the other axes.

    NumPy's own sum adds in another order when the last axis has size one.

    Args:
        values: Shape (…, ticks, n).

    Returns:
        Shape (…, n).
    """
    count = values.shape[-2]
    if count == 1:
        return values[..., 0, :].copy()
    half = count // 2
    total: Floats = values[..., :half, :] + values[..., half : 2 * half, :]
    if count % 2:
        total[..., 0, :] += values[..., -1, :]
    return sum_ticks_in_place(total)


def sum_ticks_in_place(values: Floats) -> Floats:
    """`sum_ticks` that leaves nothing useful in `values`."""
    count = values.shape[-2]
    while count > 1:
        half = count // 2
        values[..., :half, :] += values[..., half : 2 * half, :]
        if count % 2:
            values[..., 0, :] += values[..., count - 1, :]
        count = half
    total: Floats = values[..., 0, :]
    return total
