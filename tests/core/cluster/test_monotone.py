"""More pods never make a service worse, at the same traffic and seed."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.traffic.faults import NodeLossFault, PodCrashFault
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import Scenario
from tests.core.cluster.factory import batch_of

_CLUSTERS = 8
_STEPS = 60
_ROUNDING = 2e-3
"""Quantiles are found to within two thousandths."""


def _start_with(scenario: Scenario, pods: int) -> Scenario:
    """The scenario with so many pods, without bounds, and without faults that kill pods.

    Those would kill another share of another number of pods.
    """
    cluster = scenario.cluster.model_copy(
        update={
            "min_replicas": 1,
            "max_replicas": 5000,
            "initial_replicas": pods,
            "pods_per_node": None,
            "nodes": None,
        }
    )
    faults = tuple(
        fault for fault in scenario.faults if not isinstance(fault, PodCrashFault | NodeLossFault)
    )
    return scenario.model_copy(update={"cluster": cluster, "faults": faults})


def _assert_not_worse(
    fewer: NDArray[np.float64], more: NDArray[np.float64], rounding: float
) -> None:
    worse = more - fewer > rounding * np.maximum(np.abs(fewer), 1e-6)
    assert not worse.any(), (fewer[worse], more[worse])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 2**31),
    share=st.floats(0.1, 1.2),
    extra=st.integers(1, 12),
    moving=st.booleans(),
)
def test_more_pods_never_worsen_an_interval(
    seed: int, share: float, extra: int, moving: bool
) -> None:
    rng = np.random.default_rng(seed)
    scenarios = [random_scenario(rng) for _ in range(_CLUSTERS)]
    pods = np.array(
        [max(1, round(share * scenario.cluster.max_replicas / 2)) for scenario in scenarios]
    )
    few, many = (
        batch_of(
            [_start_with(one, int(count)) for one, count in zip(scenarios, counts, strict=True)],
            range(_CLUSTERS),
        )
        for counts in (pods, pods + extra)
    )
    change = np.zeros(_CLUSTERS, dtype=np.int64)
    for step in range(_STEPS):
        if moving and step % 8 == 4:
            change = np.maximum(rng.integers(-6, 9, _CLUSTERS), 1 - pods)
        few.scale(pods + change)
        many.scale(pods + extra + change)
        fewer, more = few.advance(), many.advance()
        assert (more.replicas_ready == fewer.replicas_ready + extra).all()
        for name in ("latency_p50_ms", "latency_p95_ms", "latency_p99_ms"):
            _assert_not_worse(getattr(fewer, name), getattr(more, name), _ROUNDING)
        for name in ("slo_violation_ratio", "error_ratio", "queue_requests"):
            _assert_not_worse(getattr(fewer, name), getattr(more, name), 1e-9)
    for index in range(_CLUSTERS):
        assert many.totals(index).violations <= few.totals(index).violations + 1e-6
        assert many.totals(index).failed_requests <= few.totals(index).failed_requests + 1e-6
