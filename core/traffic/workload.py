"""From a scenario to requests per second: the one road."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.traffic.patterns import ArNoisePattern
from core.traffic.scenario import Scenario

LARGEST_RPS: Final = 1e9
"""More than anybody serves, and few enough to be counted one by one."""


def rates_per_second(
    scenario: Scenario, rng: np.random.Generator, duration_s: int | None = None
) -> NDArray[np.float64]:
    """The expected requests per second of every second of a run.

    Patterns are added up, negative sums count as 0, and every `ar-noise` multiplies the result.

    Args:
        scenario: What to compute.
        rng: Source of all randomness; patterns draw from it in the order of the scenario.
        duration_s: Length in seconds; the scenario's own by default.

    Returns:
        Shape (duration_s,), at least 0 everywhere. Arrivals are a Poisson sample of it.

    Raises:
        InputError: If a trace of the scenario cannot be read, or the rates are absurd.
    """
    count = scenario.duration_s if duration_s is None else duration_s
    seconds = np.arange(count, dtype=np.float64)
    total = np.zeros(count)
    factors: list[NDArray[np.float64]] = []
    for pattern in scenario.traffic:
        if isinstance(pattern, ArNoisePattern):
            factors.append(pattern.factors(count, rng))
        else:
            total += pattern.rates(seconds, rng)
    np.maximum(total, 0.0, out=total)
    for factor in factors:
        total *= factor
    highest = float(total.max(initial=0.0))
    if not highest <= LARGEST_RPS:
        raise InputError(
            f"Expected at most {LARGEST_RPS:g} rps in {scenario.name}, found {highest:g}.",
            "Look for a rate with too many digits.",
        )
    return total
