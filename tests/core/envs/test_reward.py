from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.envs.history import StateHistory
from core.envs.reward import RewardBatch, WeightsBatch, rewards
from core.state import ClusterState
from core.traffic.scenario import RewardWeights
from tests.core.envs.factory import batch, calm, facts

WEIGHTS = RewardWeights(slo=30.0, cost=1.0, churn=0.5, error=2.0, scale=0.1)


def judge(*states: ClusterState, **fact_changes: Any) -> RewardBatch:
    history = StateHistory(facts(1, **fact_changes))
    history.restart(np.array([True]), batch(states[0]))
    for state in states[1:]:
        history.push(batch(state))
    return rewards(history, WeightsBatch.from_weights([WEIGHTS]))


def test_components_of_a_steady_service() -> None:
    parts = judge(calm(), calm(error_ratio=0.01)).components(0)
    assert parts.cost == pytest.approx(-0.1 * 10 * 50 / 300)
    assert parts.slo == pytest.approx(-0.1 * 30 * 0.001)
    assert parts.error == pytest.approx(-0.1 * 2 * 0.01)
    assert parts.churn == 0
    assert parts.total == pytest.approx(parts.cost + parts.slo + parts.error)


def test_churn_counts_replicas_whichever_the_direction() -> None:
    up = judge(calm(), calm(replicas_desired=13)).churn[0]
    down = judge(calm(), calm(replicas_desired=7)).churn[0]
    assert up == down == pytest.approx(-0.1 * 0.5 * 3 * 50 / 300)


def test_starting_pods_cost_as_much_as_ready_ones() -> None:
    ready = judge(calm(), calm(replicas_ready=12)).cost[0]
    starting = judge(calm(), calm(replicas_starting=2)).cost[0]
    assert ready == starting


def test_same_reward_at_ten_times_the_scale() -> None:
    small = judge(calm(), calm()).total[0]
    large = judge(
        calm(rps=3000, replicas_desired=100, replicas_ready=100),
        calm(rps=3000, replicas_desired=100, replicas_ready=100),
        min_replicas=20,
    ).total[0]
    assert small == pytest.approx(large)


def test_what_was_not_measured_is_not_judged() -> None:
    gap = calm(rps=None, slo_violation_ratio=None, error_ratio=None)
    parts = judge(calm(), gap).components(0)
    assert (parts.slo, parts.error) == (0, 0)
    assert parts.cost < 0


def test_silence_is_finite() -> None:
    assert np.isfinite(judge(calm(rps=0.0), calm(rps=0.0)).total[0])
