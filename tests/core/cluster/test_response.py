"""The law of the response time against the formula, and against sampled waits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cluster.erlang import ErlangTable, erlang_c
from core.cluster.queueing import congest, stationary_congestion
from core.cluster.response import ResponseTime, response_time, survival


def _law(first: float, last: float, rate: float, weight: float) -> ResponseTime:
    return ResponseTime(*(np.array([[value]]) for value in (first, last, rate, weight)))


def _stationary_survival(time: float, servers: int, load: float) -> float:
    """P(T > t) of M/M/c in units of the service time, as in any textbook."""
    waiting = erlang_c(servers, load)
    gap = servers - 1 - load
    if gap == 0.0:
        return math.exp(-time) * (1.0 + waiting * time)
    return math.exp(-time) + waiting * (math.exp(-time) - math.exp(-(gap + 1.0) * time)) / gap


@settings(max_examples=200, deadline=None)
@given(
    servers=st.integers(1, 300),
    utilization=st.floats(0.05, 0.9),
    time=st.floats(0.0, 20.0),
)
def test_a_settled_queue_follows_the_formula(servers: int, utilization: float, time: float) -> None:
    load = servers * utilization
    service_s = 0.035
    rates = np.full((15, 1), load / service_s)
    serving = np.full((15, 1), float(servers))
    start = np.array([stationary_congestion(load / service_s, servers, service_s)])
    congestion = congest(start, rates, serving, np.array([service_s]))
    law = response_time(
        np.zeros((16, 1)),
        congestion.mean,
        serving,
        np.array([service_s]),
        np.array([service_s]),
        np.array([10.0]),
        ErlangTable(),
    )
    found = survival(law, np.full((15, 1), time))
    assert found[:, 0] == pytest.approx(_stationary_survival(time, servers, load), abs=1e-3)


def test_the_removable_singularity_is_removed() -> None:
    servers, load = 5, 4.0
    assert survival_of_stationary(servers, load, 2.0) == pytest.approx(
        _stationary_survival(2.0, servers, load), abs=1e-3
    )


def survival_of_stationary(servers: int, load: float, time: float) -> float:
    law = response_time(
        np.zeros((2, 1)),
        np.array([[servers / (servers - load) ** 2]]),
        np.array([[float(servers)]]),
        np.array([1.0]),
        np.array([1.0]),
        np.array([100.0]),
        ErlangTable(),
    )
    return float(survival(law, np.array([[time]]))[0, 0])


@pytest.mark.parametrize(
    ("first", "last", "rate", "waiting"),
    [(0.0, 2.0, 3.0, 0.8), (1.0, 1.0, 0.4, 0.9), (5.0, 40.0, 0.05, 0.95), (0.0, 9.0, 12.0, 0.1)],
)
def test_the_longer_of_two_waits_plus_a_service(
    first: float, last: float, rate: float, waiting: float
) -> None:
    rng = np.random.default_rng(1)
    count = 400_000
    backlog = rng.uniform(first, last, count)
    chance = np.where(rng.random(count) < waiting, rng.exponential(1.0 / rate, count), 0.0)
    response = np.maximum(backlog, chance) + rng.exponential(1.0, count)
    law = _law(first, last, rate, waiting / (rate - 1.0))
    for time in np.quantile(response, [0.02, 0.3, 0.5, 0.9, 0.99]):
        expected = float(np.mean(response > time))
        assert survival(law, np.array([[time]]))[0, 0] == pytest.approx(expected, abs=3e-3)


def test_nobody_is_answered_before_the_earliest_time() -> None:
    law = _law(4.0, 8.0, 0.5, -1.2)
    assert survival(law, np.array([[3.9]]))[0, 0] == 1.0
    assert survival(law, np.array([[-1.0]]))[0, 0] == 1.0


@pytest.mark.parametrize("variation", [0.3, 0.7])
def test_a_less_variable_service_makes_requests_wait_less(variation: float) -> None:
    rates: list[float] = []
    for spread in (1.0, variation):
        law = response_time(
            np.zeros((2, 1)),
            np.array([[1.0]]),
            np.array([[16.0]]),
            np.array([1.0]),
            np.array([spread]),
            np.array([100.0]),
            ErlangTable(),
        )
        rates.append(float(law.rate[0, 0]) / spread)
    assert rates[1] / rates[0] == pytest.approx(2.0 / (1.0 + variation**2))


def test_congestion_settles_where_the_stationary_queue_is() -> None:
    servers, rate, service_s = 8.0, 200.0, 0.035
    expected = servers / (servers - rate * service_s) ** 2
    assert stationary_congestion(rate, servers, service_s) == pytest.approx(expected)
    level = np.array([0.2])
    for _ in range(10):
        level = congest(
            level, np.full((15, 1), rate), np.full((15, 1), servers), np.array([service_s])
        ).last
    assert level[0] == pytest.approx(expected, rel=1e-6)


def test_congestion_stays_finite_beyond_saturation() -> None:
    level = np.array([1.0])
    for _ in range(400):
        level = congest(
            level, np.full((15, 1), 900.0), np.full((15, 1), 8.0), np.array([0.035])
        ).last
    assert np.isfinite(level).all()
    assert level[0] <= 4.0 / math.pi / 0.035 * 301.0
