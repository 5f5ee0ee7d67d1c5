"""Latency quantiles of an interval: of the mixture of its ticks, weighted by their requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats, Integers
from core.cluster.response import Ramps, ResponseTime

QUANTILES: Final = (0.5, 0.95, 0.99)

_TOLERANCE: Final = 1e-3
"""Last relative step of Newton's method, which is quadratic: the error is far smaller."""

_FEW: Final = 0.7
"""With a smaller share still to be found, the rest is put aside."""

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
    answered = sum_rows(mixture.answered)
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
    answered = sum_rows(requests)
    serving = answered + sum_rows(waiting)
    time = np.log(answered / slower)
    result = np.empty_like(time)
    place = np.arange(len(time))
    going = np.ones(len(time), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        waited = rate * time
        np.exp(waited, out=waited)
        waited *= waiting
        served = serving * np.exp(-time)
        above = served - sum_rows(waited)
        waited *= rate
        slope = served + sum_rows(waited)
        step = np.log(above / slower)
        step *= above
        step /= slope
        # What has converged stays as it is, whatever the others still need.
        step *= going
        time += step
        going &= np.abs(step) > _TOLERANCE * time
        left = np.flatnonzero(going)
        if len(left) <= _FEW * len(place):
            result[place] = time
            if not len(left):
                break
            place, going = place[left], going[left]
            time, slower, serving = time[left], slower[left], serving[left]
            rate, waiting = rate[:, left], waiting[:, left]
    result += mixture.fixed[0, column]
    return result


def _with_queue(mixture: Mixture, column: Integers, slower: Floats) -> Floats:
    """Quantiles in the presence of a backlog; arguments and result as of `_without_queue`.

    Newton's method on the logarithm again, kept within a shrinking bracket.
    """
    law = mixture.law
    ramps = Ramps.of(
        ResponseTime(
            law.first[:, column], law.last[:, column], law.rate[:, column], law.weight[:, column]
        )
    )
    fixed = mixture.fixed[:, column]
    requests = mixture.answered[:, column]
    high = mixture.timeout[column]
    low = np.minimum(_earliest(ramps.first + fixed, requests, slower), high)
    time = np.minimum(low + 1.0, 0.5 * (low + high))
    result = np.empty_like(time)
    place = np.arange(len(time))
    going = np.ones(len(time), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        survival, density = ramps.survival_and_density(time - fixed)
        survival *= requests
        density *= requests
        above, slope = sum_rows(survival), sum_rows(density)
        too_early = above > slower
        low = np.where(too_early, time, low)
        high = np.where(too_early, high, time)
        step = np.log(np.maximum(above, _TINY) / slower)
        step *= above
        step /= np.maximum(slope, _TINY)
        following = time + step
        outside = (following <= low) | (following >= high)
        following = np.where(outside, 0.5 * (low + high), following)
        following = np.where(going, following, time)
        going &= np.abs(following - time) > _TOLERANCE * following
        time = following
        left = np.flatnonzero(going)
        if len(left) <= _FEW * len(place):
            result[place] = time
            if not len(left):
                break
            place, going = place[left], going[left]
            time, slower, low, high = time[left], slower[left], low[left], high[left]
            fixed, requests = fixed[:, left], requests[:, left]
            ramps = ramps.only(left)
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


def sum_rows(values: Floats) -> Floats:
    """Sum over the first axis, always in the same order, whatever the other axes.

    NumPy's own sum adds in another order when the other axes have size one.
    """
    while len(values) > 1:
        half = len(values) // 2
        total: Floats = values[:half] + values[half : 2 * half]
        if len(values) % 2:
            total[0] += values[-1]
        values = total
    first: Floats = values[0]
    return first
