"""Means over samples, and how far they can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NORMAL_97_5: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % confidence interval."""

    mean: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """Whether the interval lies on one side of zero, as of a difference that is real."""
        return self.low > 0.0 or self.high < 0.0


def estimate(samples: Floats) -> Estimate | None:
    """The mean of independent samples; None if nothing was measured.

    Args:
        samples: Shape (n,); NaN where nothing was measured, which does not count.

    Returns:
        With Student's interval; of a single sample it is the sample itself.
    """
    known = samples[np.isfinite(samples)]
    if not len(known):
        return None
    mean = float(known.mean())
    if len(known) < 2:
        return Estimate(mean, mean, mean)
    margin = student_97_5(len(known) - 1) * float(known.std(ddof=1)) / math.sqrt(len(known))
    return Estimate(mean, mean - margin, mean + margin)


def student_97_5(freedom: int) -> float:
    """The 97.5 % quantile of Student's t distribution.

    Exact for 1 and 2 degrees of freedom, else the expansion of Abramowitz and Stegun, 26.7.5,
    which is right to three digits from 3 on.
    """
    if freedom <= 2:
        return {1: 12.706204736, 2: 4.30265273}[max(freedom, 1)]
    z, v = _NORMAL_97_5, float(freedom)
    first = (z**3 + z) / 4.0
    second = (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0
    third = (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0
    fourth = (79.0 * z**9 + 776.0 * z**7 + 1482.0 * z**5 - 1920.0 * z**3 - 945.0 * z) / 92160.0
    return z + first / v + second / v**2 + third / v**3 + fourth / v**4
