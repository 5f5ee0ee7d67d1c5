"""How far rates have risen over the peaks before them, and what that did to requests, of late.

A pod that is asked for now serves only after its start-up time. So every rate is compared with
the peak that was known one such lead earlier.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import FactsBatch, Floats
from core.envs.hindsight import MOST_LEAD, WINDOWS_S, lead_intervals

MEMORY_S: Final = 3600.0
"""Time constant of what is remembered; until then all that was seen counts alike."""
SHORT_MEMORY_S: Final = 600.0

_LEAST_RPS: Final = 0.1
_LARGEST_SHARE: Final = 8.0
"""A rate counts for at most this many times the mean rate."""


class Coverage:
    """What n clusters have learned of their traffic since their episodes began.

    Args:
        facts: Facts of the n clusters.
        interval_s: Seconds between two decisions.
    """

    def __init__(self, facts: FactsBatch, interval_s: float) -> None:
        size = facts.size
        self._interval_s = interval_s
        self._columns = np.arange(size)
        self._peaks = np.zeros((MOST_LEAD + 1, len(WINDOWS_S), size))
        self._newest = 0
        self._lead = lead_intervals(facts, interval_s)
        self.count = np.zeros(size)
        """Intervals seen."""
        self.surprise = np.zeros((len(WINDOWS_S), size))
        """Highest log(rate / earlier peak) of late; fades."""
        self.violation = np.zeros(size)
        """Share of the requests that broke the SLO."""
        self.violation_of_late = np.zeros(size)
        """The same over `SHORT_MEMORY_S`."""
        self.load = np.zeros(size)
        """Mean of rate / capacity of the ready pods."""

    def restart(self, mask: NDArray[np.bool_], rps: Floats, facts: FactsBatch) -> None:
        """Begin new episodes in the masked clusters, as if the rate had been `rps` for long."""
        self._lead = lead_intervals(facts, self._interval_s)
        self._peaks[:, :, mask] = rps[mask]
        for array in (
            self.count,
            self.surprise,
            self.violation,
            self.violation_of_late,
            self.load,
        ):
            array[..., mask] = 0.0

    def push(
        self, rps: Floats, peaks: Floats, mean_rps: Floats, violation: Floats, load: Floats
    ) -> None:
        """Take in the newest interval.

        Args:
            rps: Newest known rates, shape (n,).
            peaks: Highest rates within `WINDOWS_S` as they are known now, shape (windows, n).
            mean_rps: Mean rates of the episodes so far, shape (n,).
            violation: Shares of the interval's requests that broke the SLO, shape (n,).
            load: Rate / capacity of the ready pods, shape (n,).
        """
        length = len(self._peaks)
        self._newest = (self._newest + 1) % length
        # NumPy puts the axis of the two index arrays first: (n, windows).
        before = self._peaks[(self._newest - self._lead) % length, :, self._columns].T
        self._peaks[self._newest] = peaks
        rate = np.maximum(rps, _LEAST_RPS)
        before = np.maximum(before, _LEAST_RPS)
        mean = np.maximum(mean_rps, _LEAST_RPS)
        surprise = np.log(rate / before)
        share = np.minimum(rate / mean, _LARGEST_SHARE)
        self.count += 1.0
        weight = np.maximum(1.0 / self.count, self._interval_s / MEMORY_S)
        short = np.maximum(1.0 / self.count, self._interval_s / SHORT_MEMORY_S)
        self.surprise *= np.exp(-self._interval_s / MEMORY_S)
        np.maximum(self.surprise, surprise, out=self.surprise)
        self.violation += weight * (violation * share - self.violation)
        self.violation_of_late += short * (violation * share - self.violation_of_late)
        self.load += weight * (load - self.load)
