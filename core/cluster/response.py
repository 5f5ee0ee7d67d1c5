"""The law of the response time in each tick, and how to evaluate it.

Times are in units of the exponential part of the service time. The stationary part is M/M/c (as
in any textbook, for instance Kleinrock, Queueing Systems I, 1975); docs/simulator.md derives the
rest.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from core.cluster.columns import Flags, Floats, Integers
from core.cluster.erlang import ErlangTable

_NEAREST_RATES: Final = 1e-4
"""Closest that the rate of waiting may come to the rate of service, in units of the latter."""


@dataclass(frozen=True, slots=True)
class ResponseTime:
    """Law of the response time of requests that arrive in a tick, shape (ticks, n) each.

    In units of the exponential part of the service time, and beyond the fixed part: the backlog
    makes a request wait between `first` and `last`, evenly spread. Stationary waiting W has
    P(W > t) = C·exp(−rate·t), and `weight` is C / (rate − 1). The wait is the longer of the two.
    """

    first: Floats
    last: Floats
    rate: Floats
    weight: Floats


def response_time(
    queue: Floats,
    congestion: Floats,
    servers: Floats,
    service_s: Floats,
    spread_s: Floats,
    timeout_s: Floats,
    table: ErlangTable,
) -> ResponseTime:
    """The law of the response time in each tick.

    Args:
        queue: Requests waiting before each tick and after the last, shape (ticks + 1, n).
        congestion: Over each tick, shape (ticks, n).
        servers: Requests that ready pods serve at once, shape (ticks, n), whole numbers.
        service_s: Mean service time, shape (n,) or (ticks, n).
        spread_s: Mean of its exponential part, shape (n,).
        timeout_s: Longest wait, shape (n,).
        table: Where Erlang C is looked up.
    """
    serving = np.maximum(servers, 1.0)
    per_request = service_s / serving
    rate = np.sqrt(serving / congestion)
    np.minimum(rate, serving, out=rate)
    waiting = table.waiting_probability(serving, serving - rate)
    # Allen and Cunneen: a less variable service time shortens the wait by (1 + cv²) / 2.
    variation = spread_s / service_s
    scale = spread_s / (service_s * (0.5 + 0.5 * variation * variation))
    rate *= scale
    # rate = 1 is a removable singularity; stay a little off it.
    excess = rate - 1.0
    distance = np.maximum(np.abs(excess), _NEAREST_RATES)
    np.copysign(distance, excess, out=excess)
    np.add(excess, 1.0, out=rate)
    waiting /= excess
    wait = np.minimum(queue[:-1] * per_request, timeout_s) / spread_s
    later = np.minimum(queue[1:] * per_request, timeout_s) / spread_s
    return ResponseTime(np.minimum(wait, later), np.maximum(wait, later), rate, waiting)


@dataclass(frozen=True, slots=True)
class Ramps:
    """Response times, prepared for many evaluations; every array has shape (ticks, m).

    With b evenly spread over [first, last], P(W > t) = P(b > t) + P(b ≤ t)·C·exp(−rate·t), and
    T is W plus an exponential service time of mean 1.
    """

    first: Floats
    last: Floats
    rate: Floats
    weight: Floats
    per_width: Floats
    """1 / (last − first); 0 if they are the same."""
    before: Floats
    """Coefficient of exp(first − t)."""
    after: Floats
    """Coefficient of exp(last − t), for t beyond `last`."""
    inside: Floats
    """Coefficient of the stationary wait for t within the ramp."""

    @classmethod
    def of(cls, law: ResponseTime) -> Ramps:
        """Prepare a law of shape (ticks, m)."""
        first, last, rate, weight = law.first, law.last, law.rate, law.weight
        width = last - first
        wide = width > 0.0
        per_width = wide / np.where(wide, width, 1.0)
        inside = per_width / (1.0 - rate)
        ahead = inside * weight
        before = per_width + ahead * np.exp(-rate * first)
        end = np.exp(-rate * last)
        after = np.where(wide, per_width + ahead * end, 1.0 + weight * end)
        return cls(first, last, rate, weight, per_width, before, after, inside)

    def only(self, columns: Integers) -> Ramps:
        """The given columns alone."""
        return Ramps(*(getattr(self, item.name)[:, columns] for item in fields(self)))

    def survival(self, time: Floats) -> Floats:
        """P(T > time), where `time` broadcasts to (ticks, m)."""
        return self._evaluate(time)[0]

    def survival_and_density(self, time: Floats) -> tuple[Floats, Floats]:
        """P(T > time) and its slope, where `time` broadcasts to (ticks, m)."""
        survival, late, past, waiting, within, served, early = self._evaluate(time)
        density = np.where(
            past,
            served - self.rate * waiting,
            self.per_width * (1.0 + waiting) + self.rate * within,
        )
        density -= early
        density *= late > self.first
        return survival, density

    def _evaluate(
        self, time: Floats
    ) -> tuple[Floats, Floats, Flags, Floats, Floats, Floats, Floats]:
        late = np.maximum(time, self.first)
        past = late >= self.last
        waiting = np.exp(-self.rate * late)
        waiting *= self.weight
        served = np.exp(np.minimum(self.last - late, 0.0))
        served *= self.after
        early = np.exp(self.first - late)
        early *= self.before
        within = self.inside - self.per_width * (late - self.first)
        within *= waiting
        ramp = (self.last - late + 1.0) * self.per_width
        ramp += within
        survival = np.where(past, served - waiting, ramp)
        survival -= early
        return survival, late, past, waiting, within, served, early


def survival_without_queue(law: ResponseTime, time: Floats) -> Floats:
    """P(T > time) where `first` and `last` are 0: P = (1 + g)·exp(−t) − g·exp(−rate·t)."""
    late = np.maximum(time, 0.0)
    survival = np.exp(-late)
    survival *= 1.0 + law.weight
    waiting = np.exp(-law.rate * late)
    waiting *= law.weight
    survival -= waiting
    return survival
