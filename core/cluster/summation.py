"""Sums over ticks that do not depend on how many clusters are summed at once."""

from __future__ import annotations

import numpy as np

from core.cluster.columns import Floats


def sum_ticks(values: Floats) -> Floats:
    """Sum over the last axis but one, tick after tick.

    NumPy adds rows one after the other as long as the last axis is longer than one; a single
    column it would add in pairs, with another rounding. So a single column is doubled.

    Args:
        values: Shape (…, ticks, n).

    Returns:
        Shape (…, n).
    """
    if values.shape[-1] == 1:
        alone: Floats = np.add.reduce(np.repeat(values, 2, axis=-1), axis=-2)[..., :1]
        return alone
    total: Floats = np.add.reduce(values, axis=-2)
    return total
