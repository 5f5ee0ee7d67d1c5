"""Latency quantiles of an interval: of the mixture of its ticks, weighted by their requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats
from core.cluster.queueing import ResponseTime, survival

QUANTILES: Final = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Requests of some ticks and how long they take, for n clusters."""

    law: ResponseTime
    """Response times of the requests that do not fail, (ticks, n)."""
    fixed: Floats
    """Fixed part of the service time, (ticks, n), in the same units."""
    answered: Floats
    """Requests that do not fail, (ticks, n)."""
    failed: Floats
    """Requests that fail, (n,); they count as taking the timeout."""
    timeout: Floats
    """Longest response time, (n,), in the same units."""


def quantiles(mixture: Mixture) -> Floats:
    """The quantiles of `QUANTILES`, shape (3, n), in the units of the mixture."""
    low = np.zeros((len(QUANTILES), len(mixture.failed)))
    high = low + mixture.timeout
    total = sum_rows(mixture.answered) + mixture.failed
    for _ in range(40):
        middle = 0.5 * (low + high)
        for row, share in enumerate(QUANTILES):
            time = middle[row] - mixture.fixed
            slower = sum_rows(survival(mixture.law, time) * mixture.answered) + mixture.failed
            above = slower > (1.0 - share) * total
            low[row] = np.where(above, middle[row], low[row])
            high[row] = np.where(above, high[row], middle[row])
    return 0.5 * (low + high)


def sum_rows(values: Floats) -> Floats:
    """Sum over the first axis, always in the same order, whatever the other axes.

    NumPy's own sum adds in another order when the other axes have size one.
    """
    while len(values) > 1:
        half = len(values) // 2
        total: Floats = values[:half] + values[half : 2 * half]
        if len(values) % 2:
            total[0] += values[-1]
        values = total
    return values[0]
