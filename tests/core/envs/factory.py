"""Small hand-made states for tests of what looks at them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from core.cluster.batch import FactsBatch, StateBatch
from core.state import ClusterState, DeploymentFacts

FACTS = DeploymentFacts(
    pod_capacity_rps=50.0,
    slo_ms=250.0,
    min_replicas=2,
    max_replicas=40,
    interval_s=15.0,
    startup_median_s=20.0,
)

CALM = ClusterState(
    time_s=0.0,
    rps=300.0,
    latency_p50_ms=25.0,
    latency_p95_ms=110.0,
    latency_p99_ms=170.0,
    slo_violation_ratio=0.001,
    error_ratio=0.0,
    cpu_utilization=0.6,
    memory_utilization=0.4,
    queue_requests=0.0,
    replicas_desired=10,
    replicas_ready=10,
    replicas_starting=0,
    nodes=1,
    metrics_age_s=5.0,
)


def calm(**changes: Any) -> ClusterState:
    """A healthy state with some values replaced."""
    return replace(CALM, **changes)


def batch(*states: ClusterState) -> StateBatch:
    """Stacked states."""
    return StateBatch.from_states(states)


def facts(count: int = 1, **changes: Any) -> FactsBatch:
    """The same facts for every cluster."""
    return FactsBatch.from_facts([replace(FACTS, **changes)] * count)
