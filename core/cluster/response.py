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
        parts: Coefficients as `of` computes them, shape (10, ticks, m).
    """

    def __init__(self, parts: Floats) -> None:
        self._parts = parts
        self.requests, self._first, self._last, self._falling, self._ramp = parts[:5]
        self._before, self._after, self._waiting, self._inside, self._fading = parts[5:]

    @classmethod
    def of(cls, laws: Floats) -> Ramps:
        """Prepare requests and the law of their response time.

        Args:
            laws: Requests, first, last, rate and weight; shape (5, ticks, m).
        """
        weight = laws[4]
        parts = np.empty((10, *weight.shape))
        parts[:4] = laws[:4]
        requests, first, last, falling, ramp, before, after, waiting, inside, fading = parts
        np.negative(falling, out=falling)
        width = last - first
        wide = width > 0.0
        np.copyto(width, 1.0, where=~wide)
        # Requests per unit of time on the ramp; none where it has no width.
        np.divide(requests, width, out=ramp)
        ramp *= wide
        # Coefficients of exp(−rate·t) beyond the ramp and, as a + b·(first − t), within it, …
        np.multiply(weight, requests, out=waiting)
        np.multiply(weight, ramp, out=fading)
        np.divide(fading, 1.0 + falling, out=inside)
        # … of exp(first − t) everywhere, …
        np.multiply(inside, np.exp(falling * first), out=before)
        before += ramp
        # … and of exp(last − t) beyond the ramp.
        end = np.exp(falling * last)
        np.multiply(waiting, end, out=after)
        after += requests
        end *= inside
        end += ramp
        np.copyto(after, end, where=wide)
        return cls(parts)

    def only(self, columns: Integers) -> Ramps:
        """The given columns alone."""
        return Ramps(self._parts.take(columns, axis=2))

    def slower_and_density(self, time: Floats) -> Floats:
        """Requests that take longer than `time`, and how fast they become fewer.

        Args:
            time: Broadcasts to (ticks, m).

        Returns:
            Shape (2, ticks, m).
        """
        result = np.empty((2, *self._first.shape))
        slower, density = result
        late = np.maximum(time, self._first)
        on_ramp = late < self._last
        ahead = self._last - late
        since = self._first - late
        early = np.exp(since)
        early *= self._before
        stationary = self._falling * late
        np.exp(stationary, out=stationary)
        # Beyond the ramp.
        np.exp(np.minimum(ahead, 0.0), out=density)
        density *= self._after
        waiting = self._waiting * stationary
        np.subtract(density, waiting, out=slower)
        waiting *= self._falling
        density += waiting
        # On the ramp.
        since *= self._fading
        since += self._inside
        since *= stationary
        ahead += 1.0
        ahead *= self._ramp
        ahead += since
        np.copyto(slower, ahead, where=on_ramp)
        since *= self._falling
        stationary *= self._fading
        stationary += self._ramp
        stationary -= since
        np.copyto(density, stationary, where=on_ramp)
        # Everywhere; before the ramp nobody has been answered.
        result -= early
        density *= late > self._first
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
