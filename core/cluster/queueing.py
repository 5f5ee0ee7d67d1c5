"""The queue before the pods: backlog, time-outs, and how far chance has made it grow.

Pure functions over arrays of shape (ticks, n): the ticks of an interval in n clusters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats

GROWTH: Final = 4.0 / math.pi
"""Growth of the congestion per service time at critical load.

Chosen so that the mean wait after a time t equals that of the reflected Brownian motion which a
queue is at critical load: √(4t / (π·c·μ)).
"""

MEMORY_S: Final = 300.0
"""For how long congestion may grow at or beyond saturation."""

_FORGETTING: Final = 700.0
"""So fast that nothing is left after a tick."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Where the requests of each tick went; every array has shape (ticks, n) but `queue`."""

    queue: Floats
    """Requests waiting before each tick and after the last, shape (ticks + 1, n)."""
    failed: Floats
    """Requests that have waited as long as the timeout, or found no ready pod."""
    served: Floats


def flow(queue: Floats, rates: Floats, arrivals: Floats, capacity: Floats, patient: Floats) -> Flow:
    """Let requests arrive, wait, be served and give up for some ticks of one second.

    The backlog is the fluid limit: it grows with the rate, not with the arrivals, because the
    effect of chance in the arrivals is what `congest` and the stationary waiting time describe.
    It stays within [0, queue + arrivals], so that every request is served, failed or queued once.
    First come, first served, so those who wait are the newest, and they cannot be more than came
    within the timeout.

    Args:
        queue: Requests waiting at the start, shape (n,).
        rates: Expected requests per tick, shape (ticks, n).
        arrivals: Requests per tick, same shape.
        capacity: Requests that the ready pods can serve per tick, same shape.
        patient: Expected requests of the last seconds up to the end of each tick, as many seconds
            as a request waits before it fails, same shape.
    """
    # Without a ready pod the connections are refused: everything that arrives fails at once.
    serving = capacity > 0.0
    growth = np.where(serving, rates - capacity, arrivals)
    most_waiting = patient * serving
    queues = np.empty((len(rates) + 1, *queue.shape))
    queues[0] = queue
    if not queue.any() and growth.max() <= 0.0:
        queues[1:] = 0.0
        return Flow(queues, np.zeros_like(rates), arrivals.copy())
    np.minimum(growth, arrivals, out=growth)
    wanted = np.empty_like(rates)
    for before, gain, most, level, after in zip(
        queues, growth, most_waiting, wanted, queues[1:], strict=False
    ):
        np.add(before, gain, out=level)
        np.maximum(level, 0.0, out=level)
        np.minimum(level, most, out=after)
    failed = wanted - queues[1:]
    served = queues[:-1] + arrivals
    served -= wanted
    return Flow(queues, failed, served)


@dataclass(frozen=True, slots=True)
class Congestion:
    """How far the effect of chance in arrivals and service times has built up.

    Congestion is c / (c − a)² of the stationary queue that would make requests wait as long as
    they do now: the inverse square of the distance to saturation in units of √c.
    """

    mean: Floats
    """Over each tick, shape (ticks, n)."""
    last: Floats
    """At the end, shape (n,)."""


def congest(congestion: Floats, rates: Floats, servers: Floats, service_s: Floats) -> Congestion:
    """Let the congestion follow the load for some ticks of one second.

    A queue needs time to become as long as its stationary theory says, the more the nearer it is
    to saturation, where that theory knows no limit. So the congestion w approaches its stationary
    value w* by dw/dt = g·(1 − w/w*), with g = `GROWTH` / service time.

    Args:
        congestion: At the start, shape (n,).
        rates: Expected requests per second, shape (ticks, n).
        servers: Requests that ready pods serve at once, same shape, whole numbers.
        service_s: Mean service time, shape (n,) or (ticks, n).
    """
    growth = GROWTH / service_s
    serving = np.maximum(servers, 1.0)
    decay = rates * service_s
    np.subtract(serving, decay, out=decay)
    np.maximum(decay, 0.0, out=decay)
    decay *= decay
    decay *= growth / serving
    np.maximum(decay, 1.0 / MEMORY_S, out=decay)
    # Without a ready pod nothing waits, and nothing has waited once there is one.
    np.copyto(decay, _FORGETTING, where=servers <= 0.0)
    kept = np.exp(-decay)
    added = 1.0 - kept
    added *= growth
    added /= decay
    levels = np.empty((len(rates) + 1, *congestion.shape))
    levels[0] = congestion
    for before, keep, add, after in zip(levels, kept, added, levels[1:], strict=False):
        np.multiply(before, keep, out=after)
        after += add
    mean = levels[:-1] + levels[1:]
    mean *= 0.5
    return Congestion(mean, levels[-1].copy())


def stationary_congestion(rate: float, servers: float, service_s: float) -> float:
    """Where `congest` leads at a constant load."""
    gap = max(servers - rate * service_s, 0.0)
    growth = GROWTH / service_s
    return growth / max(growth * gap * gap / max(servers, 1.0), 1.0 / MEMORY_S)
