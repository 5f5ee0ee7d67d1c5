"""What several seeds allow to be said: bootstrap intervals and means of ratios."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

_RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds a mean with 95 % confidence."""

    low: float
    high: float


def bootstrap_interval(values: Sequence[float], rng: np.random.Generator) -> Interval | None:
    """The 95 % percentile-bootstrap interval of the mean (Efron 1979).

    Args:
        values: One value per seed.
        rng: Where the resamples come from.

    Returns:
        The interval; None for fewer than two values, which tell nothing of their spread.
    """
    if len(values) < 2:
        return None
    sample = np.asarray(values, dtype=np.float64)
    picked = rng.integers(0, len(sample), size=(_RESAMPLES, len(sample)))
    low, high = np.quantile(sample[picked].mean(axis=1), [0.025, 0.975])
    return Interval(float(low), float(high))


def geometric_mean(ratios: Sequence[float]) -> float | None:
    """The mean of ratios under which 2 and ½ cancel; None without any, all must be above 0."""
    if not ratios:
        return None
    return math.exp(math.fsum(math.log(ratio) for ratio in ratios) / len(ratios))
