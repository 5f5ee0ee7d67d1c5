"""What each way of covering recent peaks would have come to so far: rules judged in hindsight.

Every action of the headroom set, kept up from the beginning, is a rule of its own: cover the peak
of a window with a factor. A fluid model plays them all on the rates that were measured: pods come
one start-up time after they were asked for, what they cannot serve waits, and requests break the
SLO while they wait for long or where the pods are nearly full. The outcome tells a policy which
rule suits this very traffic.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import FactsBatch, Floats

WINDOWS_S: Final = (15.0, 60.0, 180.0, 600.0)
"""Windows of the rules, and of the actions of the headroom set."""
FACTORS: Final = (1.05, 1.2, 1.4, 1.65, 1.95, 2.3, 2.8)
"""Headrooms of the rules and actions."""
MEMORY_S: Final = 3600.0
"""Time constant of what is remembered."""
MOST_LEAD: Final = 12
"""Longest time, in decision intervals, from a decision until its pods serve."""
VIOLATION_WEIGHT: Final = 30.0
"""As in `core.summary`, which is above this layer."""

_PRIOR_INTERVALS: Final = 15.0
"""Weight of what is believed before anything was seen, in intervals."""
_PRIOR_VIOLATION: Final = np.array([0.06, 0.04, 0.025, 0.016, 0.011, 0.008, 0.006])
"""Share of requests over the SLO that is believed at first, by factor; half of it for the
longest window, all of it for the shortest."""
_PRIOR_PRICE: Final = np.array([1.0, 1.06, 1.12, 1.25])
"""Peak / mean rate that is believed at first, by window."""
_FULL: Final = 0.9
"""Load of the pods from which on some requests wait too long."""
_LEAST_RPS: Final = 0.1
_LONGEST_QUEUE_S: Final = 10.0
"""Requests that would wait for longer have given up."""


class Hindsight:
    """The rules' outcomes on n clusters; a rule is a window and a factor, windows first.

    Args:
        facts: Facts of the n clusters.
        interval_s: Seconds between two decisions.
    """

    def __init__(self, facts: FactsBatch, interval_s: float) -> None:
        size, rules = facts.size, len(WINDOWS_S) * len(FACTORS)
        self._interval_s = interval_s
        self._decay = float(np.exp(-interval_s / MEMORY_S))
        self._columns = np.arange(size)
        self._factors = np.tile(FACTORS, len(WINDOWS_S))[:, None]
        spread = np.linspace(1.0, 0.5, len(WINDOWS_S))
        self._prior_violation = np.outer(spread, _PRIOR_VIOLATION).reshape(-1, 1)
        self._prior_cost = np.outer(_PRIOR_PRICE, FACTORS).reshape(-1, 1)
        self._lead = lead_intervals(facts, interval_s)
        self._desired = np.zeros((MOST_LEAD + 1, rules, size))
        self._newest = 0
        self._queue = np.zeros((rules, size))
        self._count = np.zeros(size)
        self._rate = np.zeros(size)
        self._cost = np.zeros((rules, size))
        self._violations = np.zeros((rules, size))
        self._facts = facts
        self.scores = np.zeros((rules, size))
        """What each rule came to, as the score of `core.summary`, shape (rules, n)."""
        self.best_score = np.zeros(size)
        """The lowest of them, shape (n,)."""
        self.regrets = np.zeros((rules, size))
        """Square roots of how much worse each one came to, shape (rules, n)."""
        self._judge()

    def restart(self, mask: NDArray[np.bool_], rps: Floats, facts: FactsBatch) -> None:
        """Begin new episodes in the masked clusters, as if the rate had been `rps` for long."""
        self._facts = facts
        self._lead = lead_intervals(facts, self._interval_s)
        peaks = np.repeat(rps[None], len(WINDOWS_S), axis=0)
        self._desired[:, :, mask] = self._targets(peaks)[:, mask]
        for array in (self._queue, self._count, self._rate, self._cost, self._violations):
            array[..., mask] = 0.0
        self._judge()

    def push(self, rps: Floats, peaks: Floats) -> None:
        """Take in the newest interval.

        Args:
            rps: Newest known rates, shape (n,).
            peaks: Highest rates within `WINDOWS_S` as they are known now, shape (windows, n).
        """
        facts, length = self._facts, len(self._desired)
        rate = np.maximum(rps, _LEAST_RPS)
        asked = self._desired[self._newest]
        # NumPy puts the axis of the two index arrays first: (n, rules).
        before = self._desired[(self._newest + 1 - self._lead) % length, :, self._columns].T
        capacity = np.minimum(asked, before) * facts.pod_capacity_rps
        capacity = np.maximum(capacity, 1e-3)
        queue = self._queue + (rate - capacity) * self._interval_s
        np.clip(queue, 0.0, capacity * _LONGEST_QUEUE_S, out=queue)
        share = np.clip((rate / capacity - _FULL) * (0.5 / (1.0 - _FULL)), 0.0, 0.5)
        share[queue > capacity * (facts.slo_ms / 1000.0)] = 1.0
        self._queue = queue
        for total, newest in (
            (self._count, 1.0),
            (self._rate, rate),
            (self._cost, asked),
            (self._violations, share * rate),
        ):
            total *= self._decay
            total += newest
        self._newest = (self._newest + 1) % length
        self._desired[self._newest] = self._targets(peaks)
        self._judge()

    @property
    def targets(self) -> Floats:
        """Replicas that each rule asks for now, shape (rules, n)."""
        newest: Floats = self._desired[self._newest]
        return newest

    def _judge(self) -> None:
        prior = _PRIOR_INTERVALS
        count = self._count + prior
        mean = np.where(self._count > 0.0, self._rate / np.maximum(self._count, 1.0), _LEAST_RPS)
        needed = mean / self._facts.pod_capacity_rps
        cost = (self._cost / needed + prior * self._prior_cost) / count
        violation = (self._violations / mean + prior * self._prior_violation) / count
        self.scores = cost + VIOLATION_WEIGHT * violation
        self.best_score = self.scores.min(axis=0)
        self.regrets = np.sqrt(self.scores - self.best_score)

    def _targets(self, peaks: Floats) -> Floats:
        facts = self._facts
        pods = np.repeat(peaks / facts.pod_capacity_rps, len(FACTORS), axis=0)
        targets: Floats = np.clip(
            np.ceil(pods * self._factors), facts.min_replicas, facts.max_replicas
        )
        return targets


def lead_intervals(facts: FactsBatch, interval_s: float) -> NDArray[np.int64]:
    """Intervals from a decision until its pods serve, shape (n,)."""
    intervals = np.ceil(np.nan_to_num(facts.startup_median_s) / interval_s) + 1.0
    return np.clip(intervals, 1.0, MOST_LEAD).astype(np.int64)
