"""What several seeds allow to be said: bootstrap intervals and means of ratios."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_RESAMPLES: Final = 2000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A range that holds a mean with 95 % confidence."""

    low: float
    high: float


def resampled_weights(values: int, rng: np.random.Generator) -> Floats | None:
    """Resamples of the seeds, for percentile-bootstrap intervals (Efron 1979).

    Args:
        values: How many seeds there are.
        rng: Where the resamples come from.

    Returns:
        How often each resample holds each seed, shape (resamples, values); None for fewer than
        two values, which tell nothing of their spread.
    """
    if values < 2:
        return None
    weights = rng.multinomial(values, np.full(values, 1.0 / values), size=_RESAMPLES)
    return weights.astype(np.float64)


def percentile_interval(figures: Floats) -> Interval:
    """What 95 % of the resamples lie within.

    Args:
        figures: The figure in question, worked out for each resample; shape (resamples,).
    """
    low, high = np.quantile(figures, [0.025, 0.975])
    return Interval(float(low), float(high))


def geometric_mean(ratios: Sequence[float]) -> float | None:
    """The mean of ratios under which 2 and ½ cancel; None without any, all must be above 0."""
    if not ratios:
        return None
    return math.exp(math.fsum(math.log(ratio) for ratio in ratios) / len(ratios))
