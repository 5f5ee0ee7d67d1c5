"""The queue before the pods: backlog, time-outs and the law of the response time.

Pure functions over arrays of shape (ticks, n): the ticks of an interval in n clusters. The
stationary part is M/M/c (response time as in any textbook, for instance Kleinrock, Queueing
Systems I, 1975); docs/simulator.md derives the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats
from core.cluster.erlang import ErlangTable

RELAXATION_S: Final = 60.0
"""Stationary waiting is never taken nearer to saturation than what settles within this time."""

_NEAREST_RATES: Final = 1e-4
"""Closest that the rate of waiting may come to the rate of service, in units of the latter."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Where the requests of each tick went; every array has shape (ticks, n) but `queue`."""

    queue: Floats
    """Requests waiting before each tick and after the last, shape (ticks + 1, n)."""
    failed: Floats
    """Requests that would have waited longer than the timeout, or found no ready pod."""
    served: Floats


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


def flow(
    queue: Floats, rates: Floats, arrivals: Floats, capacity: Floats, timeout_s: Floats
) -> Flow:
    """Let requests arrive, wait, be served and fail for some ticks of one second.

    The backlog is the fluid limit: it grows with the rate, not with the arrivals, because the
    effect of chance in the arrivals is what the stationary waiting time describes. It stays
    within [0, queue + arrivals], so that every request is served, failed or queued once.

    Args:
        queue: Requests waiting at the start, shape (n,).
        rates: Expected requests per tick, shape (ticks, n).
        arrivals: Requests per tick, same shape.
        capacity: Requests that the ready pods can serve per tick, same shape.
        timeout_s: Longest wait, shape (n,).
    """
    ticks = len(rates)
    # Without a ready pod the connections are refused: everything that arrives fails at once.
    net = np.where(capacity > 0.0, rates - capacity, arrivals)
    longest = capacity * timeout_s
    queues = np.empty((ticks + 1, *queue.shape))
    queues[0] = queue
    wanted = np.empty_like(rates)
    most = np.empty_like(queue)
    for tick in range(ticks):
        before, level = queues[tick], wanted[tick]
        np.add(before, net[tick], out=level)
        np.add(before, arrivals[tick], out=most)
        np.minimum(level, most, out=level)
        np.maximum(level, 0.0, out=level)
        np.minimum(level, longest[tick], out=queues[tick + 1])
    failed = wanted - queues[1:]
    served = queues[:-1] + arrivals
    served -= wanted
    return Flow(queues, failed, served)


def response_time(
    flowing: Flow,
    rates: Floats,
    servers: Floats,
    service_s: Floats,
    spread_s: Floats,
    timeout_s: Floats,
    table: ErlangTable,
) -> ResponseTime:
    """The law of the response time in each tick.

    Args:
        flowing: What `flow` gave for these ticks.
        rates: Expected requests per second, shape (ticks, n).
        servers: Requests that ready pods serve at once, shape (ticks, n), whole numbers.
        service_s: Mean service time, shape (n,) or (ticks, n).
        spread_s: Mean of its exponential part, shape (n,).
        timeout_s: Longest wait, shape (n,).
        table: Where Erlang C is looked up.
    """
    serving = np.maximum(servers, 1.0)
    per_request = service_s / serving
    nearest = np.sqrt(per_request * (1.0 / RELAXATION_S))
    np.subtract(1.0, nearest, out=nearest)
    np.maximum(nearest, 0.0, out=nearest)
    nearest *= nearest
    nearest *= serving
    load = np.minimum(rates * service_s, nearest)
    waiting = table.waiting_probability(serving, load)
    # Allen and Cunneen: a less variable service time shortens the wait by (1 + cv²) / 2.
    variation = spread_s / service_s
    scale = spread_s / (service_s * (0.5 + 0.5 * variation * variation))
    rate = serving - load
    rate *= scale
    # rate = 1 is a removable singularity; stay a little off it.
    excess = rate - 1.0
    distance = np.maximum(np.abs(excess), _NEAREST_RATES)
    np.copysign(distance, excess, out=excess)
    np.add(excess, 1.0, out=rate)
    waiting /= excess
    wait = np.minimum(flowing.queue[:-1] * per_request, timeout_s) / spread_s
    later = np.minimum(flowing.queue[1:] * per_request, timeout_s) / spread_s
    return ResponseTime(np.minimum(wait, later), np.maximum(wait, later), rate, waiting)


def survival(law: ResponseTime, time: Floats) -> Floats:
    """P(T > time), elementwise.

    With b evenly spread over [first, last], P(W > t) = P(b > t) + P(b ≤ t)·C·exp(−rate·t), and
    T is W plus an exponential service time of mean 1; see docs/simulator.md for the integral.

    Args:
        law: Any shape.
        time: Same shape, in the same units, beyond the fixed part of the service time.
    """
    width = law.last - law.first
    spread = width > 0.0
    inverse = 1.0 / np.where(spread, width, 1.0)
    late = np.maximum(time, law.first)
    inner = np.minimum(late, law.last)
    waiting = np.exp(-law.rate * late) * law.weight
    after_last = np.exp(inner - late)
    after_first = np.exp(law.first - late)
    ahead = law.weight / (1.0 - law.rate)
    start = np.exp(-law.rate * law.first)
    end = np.exp(-law.rate * inner)
    ramp = (law.last - inner) * inverse
    smeared = after_last * (1.0 + ahead * end) - after_first * (1.0 + ahead * start)
    smeared *= inverse
    smeared -= waiting * (inner - law.first) * inverse
    smeared += ramp
    sharp = after_first * (1.0 + law.weight * start) - waiting
    return np.where(time <= law.first, 1.0, np.where(spread, smeared, sharp))
