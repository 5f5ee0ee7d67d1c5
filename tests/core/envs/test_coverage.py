from __future__ import annotations

import numpy as np
import pytest

from core.envs.history import StateHistory
from tests.core.envs.factory import batch, calm, facts


def history_of(*rates: float, violation: float = 0.0) -> StateHistory:
    """A history of one cluster whose pods take 20 s to start: a lead of three intervals."""
    history = StateHistory(facts())
    for index, rps in enumerate(rates):
        states = batch(calm(rps=rps, time_s=15.0 * index, slo_violation_ratio=violation))
        if index == 0:
            history.restart(np.array([True]), states)
        else:
            history.push(states)
    return history


def test_steady_traffic_is_no_surprise() -> None:
    coverage = history_of(*[100.0] * 50).coverage
    assert coverage.surprise[:, 0] == pytest.approx(0.0, abs=1e-12)
    assert coverage.count[0] == 49


def test_surprise_fades_over_an_hour() -> None:
    fresh = history_of(*[100.0] * 10, 200.0, *[100.0] * 4).coverage.surprise[0, 0]
    old = history_of(*[100.0] * 10, 200.0, *[100.0] * 244).coverage.surprise[0, 0]
    assert fresh == pytest.approx(np.log(2.0), rel=0.05)
    assert old == pytest.approx(fresh * np.exp(-1.0), rel=0.02)


def test_violations_are_weighed_by_requests() -> None:
    coverage = history_of(*[100.0] * 30, violation=0.2).coverage
    assert coverage.violation[0] == pytest.approx(0.2)
    assert coverage.violation_of_late[0] == pytest.approx(0.2)


def test_restart_forgets_only_the_masked_cluster() -> None:
    history = StateHistory(facts(2))
    history.restart(np.array([True, True]), batch(calm(rps=100), calm(rps=100)))
    for rps in (100.0, 400.0):
        history.push(batch(calm(rps=rps), calm(rps=rps)))
    history.restart(np.array([True, False]), batch(calm(rps=7), calm(rps=400)))
    coverage = history.coverage
    assert coverage.count.tolist() == [0.0, 2.0]
    assert not coverage.surprise[:, 0].any()
    assert coverage.surprise[:, 1].any()
