from __future__ import annotations

import numpy as np

from core.envs.history import StateHistory
from tests.core.envs.factory import batch, calm, facts


def history_of(*rates: float | None) -> StateHistory:
    history = StateHistory(facts())
    for index, rps in enumerate(rates):
        states = batch(calm(rps=rps, time_s=15.0 * index))
        if index == 0:
            history.restart(np.array([True]), states)
        else:
            history.push(states)
    return history


def test_peak_looks_back_exactly_one_window() -> None:
    history = history_of(100, 900, 100, 100, 100, 100)
    assert history.peak_rps(60.0)[0] == 100
    assert history.peak_rps(75.0)[0] == 900


def test_lowest_looks_back_exactly_one_window() -> None:
    history = history_of(100, 10, 100, 100, 100, 100)
    assert history.lowest_rps(60.0)[0] == 100
    assert history.lowest_rps(75.0)[0] == 10


def test_ring_survives_wrapping_around() -> None:
    history = history_of(*range(1, 500))
    assert history.peak_rps(15.0)[0] == 499
    assert history.lowest_rps(1800.0)[0] == 499 - 119


def test_gap_keeps_the_last_known_value_but_not_in_the_state() -> None:
    history = history_of(100, 200, None)
    assert history.known("rps")[0] == 200
    assert np.isnan(history.state.rps[0])
    assert history.mean_rps()[0] == 150


def test_first_measured_rate_counts_as_the_whole_past() -> None:
    history = history_of(None, None, 400)
    assert history.lowest_rps(1800.0)[0] == 400
    assert history.smooth_rps(300.0)[0] == 400
    assert history.volatility()[0] == 0


def test_restart_touches_only_the_masked_cluster() -> None:
    history = StateHistory(facts(2))
    history.restart(np.array([True, True]), batch(calm(rps=100), calm(rps=200)))
    history.push(batch(calm(rps=300), calm(rps=400)))
    history.restart(np.array([True, False]), batch(calm(rps=7), calm(rps=400)))
    assert history.peak_rps(600.0).tolist() == [7, 400]
    assert history.mean_rps().tolist() == [7, 300]


def test_times_since_scaling() -> None:
    history = StateHistory(facts())
    history.restart(np.array([True]), batch(calm(replicas_desired=10)))
    for desired in (12, 12, 11, 11):
        history.push(batch(calm(replicas_desired=desired)))
    assert history.since_up_s[0] == 45
    assert history.since_down_s[0] == 15
    assert history.desired_before(30.0)[0] == 12


def test_clusters_do_not_see_each_other() -> None:
    rng = np.random.default_rng(3)
    rates = rng.uniform(1, 1000, size=(200, 7))
    together = StateHistory(facts(7))
    alone = StateHistory(facts(1))
    for row_index, row in enumerate(rates):
        states = batch(*(calm(rps=float(rps)) for rps in row))
        single = batch(calm(rps=float(row[4])))
        if row_index == 0:
            together.restart(np.ones(7, dtype=np.bool_), states)
            alone.restart(np.array([True]), single)
        else:
            together.push(states)
            alone.push(single)
    assert together.volatility()[4] == alone.volatility()[0]
    assert together.smooth_rps(1200.0)[4] == alone.smooth_rps(1200.0)[0]
    assert together.mean_rps()[4] == alone.mean_rps()[0]
