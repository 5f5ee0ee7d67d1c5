from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.envs import observation
from core.envs.history import StateHistory
from core.envs.observation import (
    FEATURE_NAMES,
    build_observation,
    observation_hash,
    raw_features,
    raw_value,
)
from core.state import ClusterState
from tests.core.envs.factory import batch, calm, facts


def observe(*states: ClusterState, **fact_changes: Any) -> NDArray[np.float32]:
    seen: NDArray[np.float32] = build_observation(history_of(*states, **fact_changes))[0]
    return seen


def history_of(*states: ClusterState, **fact_changes: Any) -> StateHistory:
    history = StateHistory(facts(1, **fact_changes))
    history.restart(np.array([True]), batch(states[0]))
    for state in states[1:]:
        history.push(batch(state))
    return history


def feature(name: str, *states: ClusterState, **fact_changes: Any) -> float:
    return float(raw_features(history_of(*states, **fact_changes))[FEATURE_NAMES.index(name), 0])


def test_values_of_a_calm_moment() -> None:
    assert feature("load_ready", calm()) == pytest.approx(0.6)
    assert feature("latency_p95", calm()) == pytest.approx(math.log(110 / 250))
    assert feature("room_up", calm()) == pytest.approx(math.log(4))
    assert feature("granularity", calm()) == pytest.approx(0.1)
    assert feature("startup", calm()) == pytest.approx(math.log(20 / 15))


def test_scaling_everything_up_changes_only_what_whole_pods_cost() -> None:
    small = [calm(rps=rps) for rps in (300, 330, 360)]
    large = [
        calm(rps=rps * 10, replicas_desired=100, replicas_ready=100) for rps in (300, 330, 360)
    ]
    few = observe(*small)
    many = observe(*large, min_replicas=20, max_replicas=400)
    differs = [
        name for name, a, b in zip(FEATURE_NAMES, few, many, strict=True) if abs(a - b) > 2e-3
    ]
    # Rounding up to a whole pod costs more where pods are few.
    assert [name for name in differs if not name.startswith(("regret_", "best_"))] == [
        "granularity"
    ]


def test_missing_metrics_show_as_age_not_as_zero() -> None:
    gap = calm(
        rps=None, latency_p95_ms=None, slo_violation_ratio=None, cpu_utilization=None,
        metrics_age_s=65.0,
    )  # fmt: skip
    assert feature("load_ready", calm(), gap) == pytest.approx(0.6)
    assert feature("metrics_age", calm(), gap) > feature("metrics_age", calm(), calm())


def test_raw_value_inverts_the_scaling() -> None:
    scaled = observe(calm())
    for name, value in zip(FEATURE_NAMES, scaled, strict=True):
        assert raw_value(name, float(value)) == pytest.approx(feature(name, calm()), abs=1e-5)


def test_hash_changes_with_the_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = observation_hash()
    monkeypatch.setattr(observation, "OBSERVATION_VERSION", 99)
    assert observation_hash() != before


optional_number = st.none() | st.floats(0, 1e9)
ratio = st.none() | st.floats(0, 1)
states = st.builds(
    calm,
    rps=optional_number,
    latency_p50_ms=optional_number,
    latency_p95_ms=optional_number,
    latency_p99_ms=optional_number,
    slo_violation_ratio=ratio,
    error_ratio=ratio,
    cpu_utilization=optional_number,
    memory_utilization=optional_number,
    queue_requests=optional_number,
    replicas_desired=st.integers(0, 10_000),
    replicas_ready=st.integers(0, 10_000),
    replicas_starting=st.integers(0, 10_000),
    metrics_age_s=st.floats(0, 1e6),
)


@given(st.lists(states, min_size=1, max_size=8))
def test_always_finite_and_bounded(past: list[ClusterState]) -> None:
    seen = observe(*past)
    assert seen.dtype == np.float32
    assert np.isfinite(seen).all()
    assert (np.abs(seen) <= 1.0).all()
