"""Latency quantiles of an interval: of the mixture of its ticks, weighted by their requests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.cluster.columns import Floats, Integers
from core.cluster.response import Ramps
from core.cluster.summation import sum_ticks

Singles = NDArray[np.float32]

QUANTILES: Final = (0.5, 0.95, 0.99)

_SHARES: Final = 1.0 - np.array(QUANTILES)[:, None]

_TOLERANCE: Final = 1e-2
"""Last relative step of Newton's method, which is quadratic: the error is below 1e-5."""

_QUEUE_TOLERANCE: Final = 2e-3
"""The same where the law has kinks: the error is below 2e-3, mostly 1e-5."""

_FARTHEST_BACK: Final = 0.5
"""Share of the time that a step goes back at most: where chance makes nearly everybody wait, the
first guess is so late that a whole step would end before 0."""

_FIRST_STEP: Final = 1.2
"""First guess without a backlog, in times of service alone."""

_BEYOND: Final = 40.0
"""How far beyond the timeout a quantile is looked for, in times of service: nothing is left."""

_FEW: Final = 0.7
"""With a smaller share still to be found, the rest is put aside."""

_CLOSING_IN: Final = 0.95
"""A step that is longer than this much of the last one is none."""

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
    on the logarithm, in which tails are straight lines; in single precision, which is plenty.

    Args:
        mixture: Of m clusters.
        slower: How many requests are slower than each quantile, shape (3, m), above 0.

    Returns:
        Shape (3, m).
    """
    requests, _, _, rate, weight = mixture.laws
    clusters = requests.shape[1]
    waiting = weight * requests
    answered, waited = sum_ticks(requests), sum_ticks(waiting)
    # Late, where chance makes nobody wait any more.
    first = np.log((answered + np.maximum(waited, 0.0)) / slower)
    answered += waited
    falling, waiting = -rate.astype(np.float32), waiting.astype(np.float32)
    serving, wanted = answered.astype(np.float32), slower.astype(np.float32)
    time = first.astype(np.float32)
    step = _step(falling[:, None], waiting[:, None], serving, wanted, time)
    time += step
    left = (np.abs(step) > _TOLERANCE * time).ravel().nonzero()[0]
    if len(left):
        column = left % clusters
        falling, waiting = falling.take(column, axis=1), waiting.take(column, axis=1)
        serving, wanted, some = serving[column], wanted.take(left), time.take(left)
        going = np.ones(len(left), dtype=np.bool_)
        for _ in range(_MOST_STEPS):
            step = _step(falling, waiting, serving, wanted, some)
            # What has converged stays as it is, whatever the others still need.
            step *= going
            some += step
            going &= np.abs(step) > _TOLERANCE * some
            if not going.any():
                break
        time.put(left, some)
    limited: Floats = np.minimum(time + mixture.fixed[0], mixture.timeout)
    return limited


def _step(
    falling: Singles, waiting: Singles, serving: Singles, slower: Singles, time: Singles
) -> Singles:
    """By how much Newton's method changes `time`.

    Args:
        falling: Minus the rates of waiting, shape (ticks, …).
        waiting: Requests times weight, same shape.
        serving: Requests and their weights, over all ticks; broadcasts to `time`.
        slower: Requests that are to be slower, as `time`.
        time: Any shape that broadcasts with the ticks' ones.
    """
    waited = np.empty((2, len(falling), *time.shape), dtype=np.float32)
    np.multiply(falling, time, out=waited[0])
    np.exp(waited[0], out=waited[0])
    waited[0] *= waiting
    np.multiply(waited[0], falling, out=waited[1])
    above, slope = sum_ticks(waited.reshape(2, len(falling), -1)).reshape(2, *time.shape)
    served = np.exp(-time)
    served *= serving
    np.subtract(served, above, out=above)
    slope += served
    step: Singles = np.log(above / slower)
    step *= above
    step /= slope
    np.maximum(step, -_FARTHEST_BACK * time, out=step)
    return step


def _with_queue(mixture: Mixture, slower: Floats) -> Floats:
    """Quantiles in general; arguments and result as of `_without_queue`.

    Newton's method on the logarithm again, kept within a shrinking bracket.
    """
    answered = sum_ticks(mixture.laws[0])
    result = np.empty(slower.shape)
    result[:] = mixture.timeout
    place = ((slower > 0.0) & (slower < answered)).ravel().nonzero()[0]
    if not len(place):
        return result
    fixed, laws = mixture.fixed[0], mixture.laws
    later: Floats | None = None
    if len(mixture.fixed) > 1:
        fixed = mixture.fixed.min(axis=0)
        later = mixture.fixed - fixed
        laws = laws.copy()
        laws[1:3] += later
    column = place % slower.shape[1]
    ramps = Ramps.of(mixture.laws, later)
    ramps = ramps.thrice() if len(place) == slower.size else ramps.only(column)
    # Beyond the timeout the law goes on; only the result is cut off.
    known = np.empty((6, len(place)))
    wanted, limit, low, high, time, last = known
    slower.take(place, out=wanted)
    (mixture.timeout - fixed + _BEYOND).take(column, out=limit)
    laws[1].min(axis=0).take(column, out=low)
    high[:] = limit
    np.minimum(_first_guess(laws, answered, slower).take(place), limit, out=time)
    last[:] = np.inf
    found = np.empty(len(place))
    which, going = np.arange(len(place)), np.ones(len(place), dtype=np.bool_)
    for _ in range(_MOST_STEPS):
        above, slope = sum_ticks(ramps.slower_and_density(time))
        too_early = above > wanted
        np.copyto(low, time, where=too_early)
        np.copyto(high, time, where=~too_early)
        np.maximum(above, _TINY, out=above)
        step = above / wanted
        np.log(step, out=step)
        step *= above
        step /= np.maximum(slope, _TINY, out=slope)
        size = np.abs(step)
        step += time
        # Outside the bracket, or not closing in on it: bisect instead.
        last *= _CLOSING_IN
        astray = (size > last) & (high < limit)
        astray |= step < low
        astray |= step > high
        if astray.any():
            step = np.where(astray, 0.5 * (low + high), step)
            size = np.abs(step - time)
        # What has converged stays as it is, whatever the others still need.
        np.copyto(time, step, where=going)
        last[:] = size
        going &= size > _QUEUE_TOLERANCE * time
        left = going.nonzero()[0]
        if len(left) <= _FEW * len(which):
            found[which] = time
            if not len(left):
                break
            which, going, ramps = which[left], going[left], ramps.only(left)
            known = known.take(left, axis=1)
            wanted, limit, low, high, time, last = known
    found[which] = time
    found += fixed[column]
    result.put(place, np.minimum(found, mixture.timeout[column]))
    return result


def _first_guess(laws: Floats, answered: Floats, slower: Floats) -> Floats:
    """About when `slower` requests are left, shape (3, m); anything where there are not so many.

    As if the ticks' backlogs came one after the other, longest first, and every request took one
    service time after its own; but where only ticks without a backlog can be meant, as if those
    were alone.

    Args:
        laws: As of `Mixture`.
        answered: Requests in all ticks, shape (m,).
        slower: Shape (3, m).
    """
    requests, first, last = laws[:3]
    ticks, clusters = requests.shape
    centre = first + last
    centre *= 0.5
    column = np.arange(clusters)
    order = np.argsort(-centre, axis=0, kind="stable")
    order *= clusters
    order += column
    ordered = requests.take(order)
    # How many requests come before each knot, and how long they wait there.
    count = np.zeros((ticks + 2, clusters))
    wait = np.empty((ticks + 2, clusters))
    np.cumsum(ordered, axis=0, out=count[1:-1])
    count[-1] = count[-2]
    ordered *= 0.5
    count[1:-1] -= ordered
    centre.take(order, out=wait[1:-1])
    wait[0], wait[-1] = last.max(axis=0), first.min(axis=0)
    knot = (count[1:-1, None, :] <= slower).sum(axis=0)
    knot *= clusters
    knot += column
    share = slower - count.take(knot)
    start = wait.take(knot)
    knot += clusters
    share /= np.maximum(count.take(knot) - count.take(knot - clusters), _TINY)
    time = wait.take(knot)
    time -= start
    time *= share
    time += start
    time += 1.0
    calm = sum_ticks(requests * (centre <= 0.0))
    left = slower - (answered - calm)
    np.log(calm / np.maximum(left, 1e-3 * calm + _TINY), out=share, where=left > 0.0)
    guess: Floats = np.where(left > 0.0, _FIRST_STEP * share, time)
    return guess
