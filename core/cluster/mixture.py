"""Latency quantiles of an interval: of the mixture of its ticks, weighted by their requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats, Integers
from core.cluster.response import Ramps
from core.cluster.summation import sum_ticks

QUANTILES: Final = (0.5, 0.95, 0.99)

_SHARES: Final = 1.0 - np.array(QUANTILES)[:, None]

_TOLERANCE: Final = 1e-2
"""Last relative step of Newton's method, which is quadratic: the error is below 1e-5."""

_QUEUE_TOLERANCE: Final = 1e-3
"""The same where the law has kinks: the error is below 3e-3, mostly 1e-5."""

_FIRST_STEP: Final = 1.3
"""First guess of what comes after the earliest possible time, in times of service alone."""

_FEW: Final = 0.7
"""With a smaller share still to be found, the rest is put aside …"""

_MANY: Final = 24
"""… unless there are so few that it does not pay."""

_TINY: Final = 1e-300

_MOST_STEPS: Final = 60
"""Bisection alone would need no more."""


@dataclass(frozen=True, slots=True)
class Mixture:
    """Requests of some ticks and how long they take, for n clusters.

    Times are in units of the exponential part of the service time.
    """

    laws: Floats
    """Requests that do not fail, and `first`, `last`, `rate` and `weight` of the law of their
    response time; shape (5, ticks, n)."""
    fixed: Floats
    """Fixed part of the service time, (ticks, n), or (1, n) if it is the same in all ticks."""
    failed: Floats
    """Requests that fail, (n,); they count as taking the timeout."""
    timeout: Floats
    """Longest response time, (n,)."""


def quantiles(mixture: Mixture) -> Floats:
    """The quantiles of `QUANTILES`, shape (3, n), in the units of the mixture.

    Where no request is answered, the result is the timeout.
    """
    answered = sum_ticks(mixture.laws[0])
    # How many of the answered requests are to be slower than each quantile.
    slower = _SHARES * (answered + mixture.failed)
    slower -= mixture.failed
    queued = (mixture.laws[2] > 0.0).any(axis=0)
    queued |= (mixture.failed > 0.0) | (answered <= 0.0)
    if len(mixture.fixed) > 1:
        queued |= (mixture.fixed != mixture.fixed[0]).any(axis=0)
    columns = queued.nonzero()[0]
    if not len(columns):
        return _without_queue(mixture, slower)
    result = np.empty(slower.shape)
    result[:, columns] = _with_queue(_only(mixture, columns), slower[:, columns])
    others = (~queued).nonzero()[0]
    if len(others):
        result[:, others] = _without_queue(_only(mixture, others), slower[:, others])
    return result


def _only(mixture: Mixture, columns: Integers) -> Mixture:
    return Mixture(
        mixture.laws.take(columns, axis=2),
        mixture.fixed.take(columns, axis=1),
        mixture.failed[columns],
        mixture.timeout[columns],
    )


def _without_queue(mixture: Mixture, slower: Floats) -> Floats:
    """Quantiles where no request fails and only chance makes requests wait.

    P(T > t) = (1 + g)·exp(−t) − g·exp(−rate·t) for each tick, with its weight g. Newton's method
    on the logarithm, in which tails are straight lines.

    Args:
        mixture: Of m clusters.
        slower: How many requests are slower than each quantile, shape (3, m), above 0.

    Returns:
        Shape (3, m).
    """
    requests, _, _, rate, weight = mixture.laws
    ticks, clusters = requests.shape
    waiting = weight * requests
    answered = sum_ticks(requests)
    serving = _thrice(answered + sum_ticks(waiting))
    time = np.log(answered / slower).ravel()
    slower = slower.ravel()
    result = np.empty_like(time)
    place = np.arange(len(time))
    going = np.ones(len(time), dtype=np.bool_)
    falling, waiting = _thrice(-rate), _thrice(waiting)
    for _ in range(_MOST_STEPS):
        waited = np.empty((2, ticks, len(time)))
        np.multiply(falling, time, out=waited[0])
        np.exp(waited[0], out=waited[0])
        waited[0] *= waiting
        np.multiply(waited[0], falling, out=waited[1])
        above, slope = sum_ticks(waited)
        served = np.exp(-time)
        served *= serving
        np.subtract(served, above, out=above)
        slope += served
        step = np.log(above / slower)
        step *= above
        step /= slope
        # What has converged stays as it is, whatever the others still need.
        step *= going
        time += step
        going &= np.abs(step) > _TOLERANCE * time
        left = going.nonzero()[0]
        if not len(left):
            break
        if len(place) > _MANY and len(left) <= _FEW * len(place):
            result[place] = time
            place, going = place[left], going[left]
            time, slower, serving = time[left], slower[left], serving[left]
            falling, waiting = falling.take(left, axis=1), waiting.take(left, axis=1)
    result[place] = time
    limited: Floats = np.minimum(result.reshape(-1, clusters) + mixture.fixed[0], mixture.timeout)
    return limited


def _thrice(values: Floats) -> Floats:
    """Repeat the last axis, once for each of the quantiles."""
    repeated = np.empty((*values.shape[:-1], len(QUANTILES), values.shape[-1]))
    repeated[:] = values[..., None, :]
    return repeated.reshape(*values.shape[:-1], -1)


def _with_queue(mixture: Mixture, slower: Floats) -> Floats:
    """Quantiles in general; arguments and result as of `_without_queue`.

    Newton's method on the logarithm again, kept within a shrinking bracket.
    """
    clusters = slower.shape[1]
    result = np.empty(slower.shape)
    result[:] = mixture.timeout
    solvable = (slower > 0.0) & (slower < sum_ticks(mixture.laws[0]))
    place = solvable.ravel().nonzero()[0]
    if not len(place):
        return result
    low = np.minimum(_earliest(mixture, slower), result).ravel()[place]
    limit = result.ravel()[place]
    high = limit.copy()
    slower = slower.ravel()[place]
    column = place % clusters
    fixed = mixture.fixed.take(column, axis=1)
    ramps = Ramps.of(mixture.laws.take(column, axis=2))
    time = np.log(sum_ticks(ramps.requests) / slower)
    time *= _FIRST_STEP
    time += low
    np.minimum(time, 0.5 * (low + high), out=time)
    found = result.ravel()
    before_last = last = np.full(len(time), np.inf)
    going = np.ones(len(time), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        above, slope = sum_ticks(ramps.slower_and_density(time - fixed))
        too_early = above > slower
        np.copyto(low, time, where=too_early)
        np.copyto(high, time, where=~too_early)
        step = np.maximum(above, _TINY)
        step /= slower
        np.log(step, out=step)
        step *= above
        step /= np.maximum(slope, _TINY)
        step += time
        distance = np.abs(step - time)
        # Outside the bracket, or not closing in on it: bisect instead.
        astray = (distance > 0.5 * before_last) & (high < limit)
        astray |= (step < low) | (step > high)
        np.copyto(step, 0.5 * (low + high), where=astray)
        before_last, last = last, np.abs(step - time)
        np.copyto(time, step, where=going)
        going &= last > _QUEUE_TOLERANCE * step
        left = going.nonzero()[0]
        if not len(left):
            break
        if len(place) > _MANY and len(left) <= _FEW * len(place):
            found[place] = time
            place, going = place[left], going[left]
            time, slower, low, high = time[left], slower[left], low[left], high[left]
            before_last, last, limit = before_last[left], last[left], limit[left]
            fixed, ramps = fixed.take(left, axis=1), ramps.only(left)
    found[place] = time
    return result


def _earliest(mixture: Mixture, slower: Floats) -> Floats:
    """Latest times before which more than `slower` requests cannot have been answered, (3, m)."""
    requests = mixture.laws[0]
    first = mixture.laws[1] + mixture.fixed
    order = np.argsort(-first, axis=0, kind="stable")
    columns = np.arange(first.shape[1])
    waiting = requests[order, columns].cumsum(axis=0)
    row = (waiting[:, None, :] > slower).argmax(axis=0)
    latest: Floats = first[order[row, columns], columns]
    return latest
