"""Latency quantiles of an interval: of the mixture of its ticks, weighted by their requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats, Integers
from core.cluster.response import Ramps, ResponseTime

QUANTILES: Final = (0.5, 0.95, 0.99)

_TOLERANCE: Final = 1e-2
"""Last relative step of Newton's method, which is quadratic: the error is below 1e-5."""

_QUEUE_TOLERANCE: Final = 2e-3
"""The same where the method may have to bisect: the error is below 2e-3, mostly 1e-5."""

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
    """Requests of some ticks and how long they take, for n clusters."""

    law: ResponseTime
    """Response times of the requests that do not fail, (ticks, n)."""
    fixed: Floats
    """Fixed part of the service time, (ticks, n), in the same units."""
    answered: Floats
    """Requests that do not fail, (ticks, n)."""
    failed: Floats
    """Requests that fail, (n,); they count as taking the timeout."""
    timeout: Floats
    """Longest response time, (n,), in the same units."""


def quantiles(mixture: Mixture) -> Floats:
    """The quantiles of `QUANTILES`, shape (3, n), in the units of the mixture.

    Where no request is answered, the result is the timeout.
    """
    answered = sum_ticks(mixture.answered)
    total = answered + mixture.failed
    # How much of the answered requests is to be slower than each quantile.
    slower = np.multiply.outer(1.0 - np.array(QUANTILES), total)
    slower -= mixture.failed
    result = np.empty_like(slower)
    result[:] = mixture.timeout
    law = mixture.law
    queued = (law.last > 0.0).any(axis=0)
    queued |= (mixture.fixed != mixture.fixed[0]).any(axis=0)
    solvable = (slower > 0.0) & (answered > 0.0)
    for some, solve in ((~queued, _without_queue), (queued, _with_queue)):
        which, column = np.nonzero(solvable & some)
        if len(column):
            found = solve(mixture, column, slower[which, column])
            result[which, column] = np.minimum(found, mixture.timeout[column])
    return result


def _without_queue(mixture: Mixture, column: Integers, slower: Floats) -> Floats:
    """Quantiles where only chance makes requests wait, so that no tick has a backlog.

    P(T > t) = (1 + g)·exp(−t) − g·exp(−rate·t) for each tick, with its weight g. Newton's method
    on the logarithm, in which tails are straight lines.

    Args:
        mixture: Of n clusters.
        column: Cluster of each quantile, shape (m,).
        slower: How many answered requests are slower, shape (m,), above 0.

    Returns:
        Shape (m,).
    """
    rate = -mixture.law.rate[:, column]
    requests = mixture.answered[:, column]
    waiting = mixture.law.weight[:, column] * requests
    answered = sum_ticks(requests)
    serving = answered + sum_ticks(waiting)
    time = np.log(answered / slower)
    result = np.empty_like(time)
    place = np.arange(len(time))
    going = np.ones(len(time), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        waited = np.empty((2, *rate.shape))
        np.multiply(rate, time, out=waited[0])
        np.exp(waited[0], out=waited[0])
        waited[0] *= waiting
        np.multiply(waited[0], rate, out=waited[1])
        above, slope = sum_ticks_in_place(waited)
        served = np.exp(-time)
        served *= serving
        above = served - above
        slope = served + slope
        step = np.log(above / slower)
        step *= above
        step /= slope
        # What has converged stays as it is, whatever the others still need.
        step *= going
        time += step
        going &= np.abs(step) > _TOLERANCE * time
        left = np.flatnonzero(going)
        if not len(left):
            break
        if len(place) > _MANY and len(left) <= _FEW * len(place):
            result[place] = time
            place, going = place[left], going[left]
            time, slower, serving = time[left], slower[left], serving[left]
            rate, waiting = rate[:, left], waiting[:, left]
    result[place] = time
    result += mixture.fixed[0, column]
    return result


def _with_queue(mixture: Mixture, column: Integers, slower: Floats) -> Floats:
    """Quantiles in the presence of a backlog; arguments and result as of `_without_queue`.

    Newton's method on the logarithm again, kept within a shrinking bracket.
    """
    law = mixture.law
    requests = mixture.answered[:, column]
    ramps = Ramps.of(
        ResponseTime(
            law.first[:, column], law.last[:, column], law.rate[:, column], law.weight[:, column]
        ),
        requests,
    )
    fixed = mixture.fixed[:, column]
    high = mixture.timeout[column]
    low = np.minimum(_earliest(ramps.first + fixed, requests, slower), high)
    time = _FIRST_STEP * np.log(sum_ticks(requests) / slower)
    time = np.minimum(low + time, 0.5 * (low + high))
    result = np.empty_like(time)
    place = np.arange(len(time))
    going = np.ones(len(time), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        above, slope = sum_ticks_in_place(ramps.slower_and_density(time - fixed))
        too_early = above > slower
        low = np.where(too_early, time, low)
        high = np.where(too_early, high, time)
        step = np.log(np.maximum(above, _TINY) / slower)
        step *= above
        step /= np.maximum(slope, _TINY)
        step += time
        outside = (step < low) | (step > high)
        step = np.where(outside, 0.5 * (low + high), step)
        following = np.where(going, step, time)
        going &= np.abs(following - time) > _QUEUE_TOLERANCE * following
        time = following
        left = np.flatnonzero(going)
        if not len(left):
            break
        if len(place) > _MANY and len(left) <= _FEW * len(place):
            result[place] = time
            place, going = place[left], going[left]
            time, slower, low, high = time[left], slower[left], low[left], high[left]
            fixed, ramps = fixed[:, left], ramps.only(left)
    result[place] = time
    return result


def _earliest(first: Floats, requests: Floats, slower: Floats) -> Floats:
    """Latest time before which more than `slower` requests cannot be answered, shape (m,).

    Args:
        first: Shortest response time of each tick, (ticks, m).
        requests: Weight of each tick, (ticks, m).
        slower: Shape (m,), less than the sum of the weights.
    """
    order = np.argsort(-first, axis=0, kind="stable")
    waiting = np.cumsum(np.take_along_axis(requests, order, axis=0), axis=0)
    row = np.argmax(waiting > slower, axis=0)
    columns = np.arange(first.shape[1])
    latest: Floats = first[order[row, columns], columns]
    return latest


def sum_ticks(values: Floats) -> Floats:
    """Sum over the last axis but one, always in the same order, whatever the other axes.

    NumPy's own sum adds in another order when the last axis has size one.

    Args:
        values: Shape (…, ticks, n).

    Returns:
        Shape (…, n).
    """
    count = values.shape[-2]
    if count == 1:
        return values[..., 0, :].copy()
    half = count // 2
    total: Floats = values[..., :half, :] + values[..., half : 2 * half, :]
    if count % 2:
        total[..., 0, :] += values[..., -1, :]
    return sum_ticks_in_place(total)


def sum_ticks_in_place(values: Floats) -> Floats:
    """`sum_ticks` that leaves nothing useful in `values`."""
    count = values.shape[-2]
    while count > 1:
        half = count // 2
        values[..., :half, :] += values[..., half : 2 * half, :]
        if count % 2:
            values[..., 0, :] += values[..., count - 1, :]
        count = half
    total: Floats = values[..., 0, :]
    return total
