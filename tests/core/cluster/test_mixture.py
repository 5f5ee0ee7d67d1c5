"""Quantiles of mixtures against a plain bisection."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cluster.mixture import QUANTILES, Mixture, quantiles
from core.cluster.response import ResponseTime, survival
from core.cluster.summation import sum_ticks

Floats = NDArray[np.float64]


def _by_bisection(mixture: Mixture) -> Floats:
    requests = mixture.laws[0]
    law = ResponseTime(*mixture.laws[1:])
    total = requests.sum(axis=0) + mixture.failed
    found = []
    for share in QUANTILES:
        low, high = np.zeros_like(mixture.timeout), mixture.timeout.copy()
        for _ in range(60):
            time = 0.5 * (low + high)
            slower = (survival(law, time - mixture.fixed) * requests).sum(axis=0)
            above = slower + mixture.failed > (1.0 - share) * total
            low, high = np.where(above, time, low), np.where(above, high, time)
        found.append(high)
    return np.array(found)


def _mixture(rng: np.random.Generator, size: int, backlog: float, failing: bool) -> Mixture:
    shape = (15, size)
    servers = rng.integers(1, 200, size).astype(np.float64)
    rate = np.maximum(servers * rng.uniform(0.002, 0.6, shape), 1e-3)
    rate = np.where(np.abs(rate - 1.0) < 1e-3, 1.01, rate)
    first = np.zeros(shape)
    last = np.zeros(shape)
    queued = rng.random(size) < 0.7
    steps = rng.uniform(-backlog, backlog, (16, size)).cumsum(axis=0)
    waits = np.maximum(steps, 0.0) * queued
    first, last = np.minimum(waits[:-1], waits[1:]), np.maximum(waits[:-1], waits[1:])
    weight = rng.uniform(0.0, 1.0, shape) / (rate - 1.0)
    requests = rng.poisson(rng.uniform(0.5, 200.0, size), shape).astype(np.float64)
    requests[0] += 1.0
    # Not as many as are answered: then any time up to the timeout would be a median.
    failed = (rng.poisson(20.0, size) + 0.3) * (rng.random(size) < 0.3 * failing)
    return Mixture(
        np.array([requests, first, last, rate, weight]),
        np.where(rng.random(size) < 0.5, 0.0, rng.uniform(0.0, 3.0, size))[None, :],
        failed.astype(np.float64),
        rng.uniform(60.0, 400.0, size),
    )


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**31), backlog=st.floats(0.01, 60.0), failing=st.booleans())
def test_quantiles_are_those_of_a_plain_bisection(seed: int, backlog: float, failing: bool) -> None:
    mixture = _mixture(np.random.default_rng(seed), 20, backlog, failing)
    assert quantiles(mixture) == pytest.approx(_by_bisection(mixture), rel=4e-3)


def test_a_mixture_of_equal_ticks_is_one_of_them() -> None:
    mixture = Mixture(
        np.repeat(np.array([7.0, 0.0, 0.0, 4.0, 0.1])[:, None, None], 15, axis=1),
        np.zeros((1, 1)),
        np.zeros(1),
        np.array([100.0]),
    )
    found = quantiles(mixture)[:, 0]
    expected = 1.1 * np.exp(-found) - 0.1 * np.exp(-4.0 * found)
    assert expected == pytest.approx(1.0 - np.array(QUANTILES), rel=1e-4)


def test_if_nobody_is_answered_the_quantiles_are_the_timeout() -> None:
    mixture = Mixture(np.zeros((5, 15, 1)), np.zeros((1, 1)), np.array([9.0]), np.array([77.0]))
    assert (quantiles(mixture) == 77.0).all()


@pytest.mark.parametrize("ticks", [1, 2, 7, 15, 16, 60])
@pytest.mark.parametrize("size", [2, 3, 8, 37, 256])
def test_ticks_are_added_up_the_same_way_alone_and_among_others(ticks: int, size: int) -> None:
    values = np.random.default_rng(3).random((2, ticks, size))
    together = sum_ticks(values)
    assert together == pytest.approx(values.sum(axis=1))
    for index in range(size):
        alone = sum_ticks(np.ascontiguousarray(values[..., index : index + 1]))
        assert (alone[:, 0] == together[:, index]).all()


def test_a_median_far_before_the_first_guess_is_found() -> None:
    # A rate of waiting just above 1 gives a tick a weight in the thousands.
    rate = np.array([2.58, 2.49, 2.56, 0.456, 0.277, 1.05, 1.0001, 0.96])[:, None]
    weight = np.array([0.17, 0.19, 0.17, -1.47, -1.21, 11.5, 3986.0, -15.7])[:, None]
    requests = np.full((8, 1), 300.0)
    laws = np.array([requests, np.zeros((8, 1)), np.zeros((8, 1)), rate, weight])
    mixture = Mixture(laws, np.zeros((1, 1)), np.zeros(1), np.full(1, 400.0))
    np.testing.assert_allclose(quantiles(mixture), _by_bisection(mixture), rtol=1e-4)
