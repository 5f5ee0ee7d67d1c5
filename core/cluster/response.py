"""The law of the response time in each tick, and how to evaluate it.

Times are in units of the exponential part of the service time. The stationary part is M/M/c (as
in any textbook, for instance Kleinrock, Queueing Systems I, 1975); docs/simulator.md derives the
rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats, Integers
from core.cluster.erlang import ErlangTable

_NEAREST_RATES: Final = 1e-4
"""Closest that the rate of waiting may come to the rate of service, in units of the latter."""

_LEAST_WIDTH: Final = 1e-3
"""Of the span of waits by a backlog within a tick, in units of the service; far below notice."""


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
    first, last = np.zeros_like(rate), np.zeros_like(rate)
    (columns,) = np.nonzero(queue.any(axis=0))
    if len(columns):
        waits = queue.take(columns, axis=1)
        per_wait = per_request.take(columns, axis=1)
        longest = timeout_s[columns]
        unit_s = spread_s[columns]
        start = np.minimum(waits[:-1] * per_wait, longest) / unit_s
        end = np.minimum(waits[1:] * per_wait, longest) / unit_s
        first[:, columns] = np.minimum(start, end)
        last[:, columns] = np.maximum(start, end)
    return ResponseTime(first, last, rate, waiting)


class Ramps:
    """Response times times requests, prepared for many evaluations.

    With b evenly spread over [first, last], P(W > t) = P(b > t) + P(b ≤ t)·C·exp(−rate·t), and
    T is W plus an exponential service time of mean 1.

    Args:
        parts: Coefficients as `of` computes them, shape (7 or 8, ticks, m).
    """

    def __init__(self, parts: Floats) -> None:
        self._parts = parts

    @classmethod
    def of(cls, laws: Floats, later: Floats | None = None) -> Ramps:
        """Prepare requests and the law of their response time.

        Args:
            laws: Requests, first, last, rate and weight; shape (5, ticks, m).
            later: Added to the response time, shape (ticks, m), at least 0.
        """
        requests, begin, end, rate, weight = laws
        parts = np.empty((7 if later is None else 8, *rate.shape))
        first, last, falling, ramp, inside, fading, before = parts[:7]
        # A ramp without a width gets one around its place, so that all are of one kind.
        width = np.maximum(end - begin, _LEAST_WIDTH)
        np.add(begin, end, out=first)
        first -= width
        first *= 0.5
        np.add(first, width, out=last)
        np.negative(rate, out=falling)
        # Requests per unit of time on the ramp, and the coefficients of exp(−rate·t) on it, as
        # a + b·(first − t), and of exp(first − t).
        np.divide(requests, width, out=ramp)
        np.multiply(weight, ramp, out=fading)
        np.divide(fading, 1.0 + falling, out=inside)
        np.multiply(falling, first, out=before)
        np.exp(before, out=before)
        before *= inside
        before += ramp
        if later is not None:
            # From now on in terms of the time with `later`; what chance adds knows nothing of it.
            first += later
            last += later
            np.multiply(rate, later, out=parts[7])
        return cls(parts)

    def only(self, columns: Integers) -> Ramps:
        """The given columns alone, which may repeat."""
        return Ramps(self._parts.take(columns, axis=2))

    def thrice(self) -> Ramps:
        """All columns, three times one after the other."""
        return Ramps(np.concatenate((self._parts, self._parts, self._parts), axis=2))

    def slower_and_density(self, time: Floats) -> Floats:
        """Requests that take longer than `time`, and how fast they become fewer.

        Args:
            time: Broadcasts to (ticks, m).

        Returns:
            Shape (2, ticks, m).
        """
        first, last, falling, ramp, inside, fading, before = self._parts[:7]
        work = np.empty((6, *first.shape))
        powers, now, reached = work[:4], work[4], work[5]
        # Before the ramp nobody is answered, and beyond it only those who came on it count.
        np.maximum(time, first, out=now)
        np.minimum(now, last, out=reached)
        early, served, waited, waiting = powers
        np.subtract(first, now, out=early)
        np.subtract(reached, now, out=served)
        np.multiply(falling, now, out=waited)
        np.multiply(falling, reached, out=waiting)
        if len(self._parts) > 7:
            powers[2:] += self._parts[7]
        np.exp(powers, out=powers)
        waiting *= inside
        waiting += ramp
        waiting *= served
        early *= before
        waiting -= early
        np.subtract(reached, first, out=served)
        waited *= fading
        waited *= served
        result = powers[:2]
        slower, density = result
        np.subtract(last, reached, out=slower)
        slower *= ramp
        slower += waiting
        slower -= waited
        np.multiply(waited, falling, out=density)
        density += waiting
        return result


def survival(law: ResponseTime, time: Floats) -> Floats:
    """P(T > time), where `time` broadcasts to the shape (ticks, n) of the law.

    Without a backlog, P = (1 + g)·exp(−t) − g·exp(−rate·t) with the weight g; the few ticks with
    one cost more.
    """
    late = np.maximum(time, 0.0)
    survival: Floats = np.exp(-late) * (1.0 + law.weight)
    waiting = -late * law.rate
    np.exp(waiting, out=waiting)
    waiting *= law.weight
    survival -= waiting
    time = np.broadcast_to(time, survival.shape)
    survival[law.first >= time] = 1.0  # nobody is answered yet; this may include time ≤ 0
    cell = ((law.last > 0.0) & (law.first < time)).ravel().nonzero()[0]
    if len(cell):
        laws = np.empty((5, 1, len(cell)))
        laws[0] = 1.0
        for part, values in zip(laws[1:], (law.first, law.last, law.rate, law.weight), strict=True):
            values.take(cell, out=part[0])
        survival.put(cell, Ramps.of(laws).slower_and_density(time.take(cell))[0])
    return survival
