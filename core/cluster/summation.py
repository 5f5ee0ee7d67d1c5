"""Sums over ticks that do not depend on how many clusters are summed at once."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Real = TypeVar("_Real", np.float32, np.float64)


def sum_ticks(values: NDArray[_Real]) -> NDArray[_Real]:
    """Sum over the last axis but one, tick after tick.

    NumPy adds rows one after the other as long as the last axis is longer than one; a single
    column it would add in pairs, with another rounding. So a single column is doubled.

    Args:
        values: Shape (…, ticks, n).

    Returns:
        Shape (…, n).
    """
    if values.shape[-1] == 1:
        alone: NDArray[_Real] = np.add.reduce(np.repeat(values, 2, axis=-1), axis=-2)[..., :1]
        return alone
    total: NDArray[_Real] = np.add.reduce(values, axis=-2)
    return total
