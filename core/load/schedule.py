"""When requests are due: a Poisson process whose rate is a scenario's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.traffic.library import load_scenario
from core.traffic.patterns import TracePattern
from core.traffic.workload import rates_per_second

_PEAK_PERCENTILE = 99.5


@dataclass(frozen=True, slots=True)
class Schedule:
    """Traffic to be sent."""

    scenario: str
    """Its name."""
    rates_rps: NDArray[np.float64]
    """Expected requests per second in every second of the scenario, shape (n,)."""
    speed: float
    """Scenario seconds per second. The rates stay what they are; they only change faster."""

    @property
    def duration_s(self) -> float:
        """How long it takes to send."""
        return len(self.rates_rps) / self.speed

    def wanted_requests(self, since_s: float, until_s: float) -> float:
        """Expected number of requests between two moments of the sending."""
        edges = np.arange(len(self.rates_rps) + 1) / self.speed
        total = np.concatenate([[0.0], np.cumsum(self.rates_rps)]) / self.speed
        return float(np.interp(until_s, edges, total) - np.interp(since_s, edges, total))

    def due_times_s(self, rng: np.random.Generator) -> Iterator[float]:
        """When each request is due, in seconds since the start, ascending.

        Within a second of the scenario the rate is constant, so that the arrivals there are a
        Poisson number of independent, uniform moments.
        """
        for second, rate_rps in enumerate(self.rates_rps):
            count = rng.poisson(rate_rps / self.speed)
            yield from ((second + np.sort(rng.random(count))) / self.speed).tolist()


def make_schedule(
    scenario: str,
    rng: np.random.Generator | None = None,
    *,
    peak_rps: float | None = None,
    speed: float = 1.0,
    duration_s: float | None = None,
) -> tuple[Schedule, np.random.Generator]:
    """The schedule of a scenario's traffic, and the generator to draw its arrivals with.

    Args:
        scenario: A name or a file, as `load_scenario` takes it.
        rng: Source of all randomness; by default from the scenario's own seed, which gives the
            same rates as a simulation of it.
        peak_rps: Scale the rates so that their 99.5th percentile is this.
        speed: Scenario seconds per second.
        duration_s: End after so many seconds of sending; by default with the scenario.

    Raises:
        InputError: There is no such scenario, it is invalid, or has nothing to scale.
    """
    loaded = load_scenario(scenario)
    traced = any(isinstance(pattern, TracePattern) for pattern in loaded.traffic)
    if traced and peak_rps is not None:
        # A trace of small counts is smoothed when it is scaled.
        loaded = load_scenario(scenario, peak_rps=peak_rps)
    rng = rng or np.random.default_rng(loaded.seed)
    rates = rates_per_second(loaded, rng)
    if peak_rps is not None and not traced:
        peak = float(np.percentile(rates, _PEAK_PERCENTILE))
        if peak <= 0.0:
            raise InputError(
                f"expected traffic to scale to {peak_rps:g} rps, found {loaded.name} silent."
            )
        rates = rates * (peak_rps / peak)
    if duration_s is not None:
        rates = rates[: max(1, round(duration_s * speed))]
    return Schedule(loaded.name, rates, speed), rng
