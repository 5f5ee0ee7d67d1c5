"""Many clusters at once: the values of `core.state` as one array per field.

The scalar loop on one cluster is a batch of one, so that observation, reward and guardrails
exist once and are the same to the last bit in training and in control.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from core.state import ClusterState, DeploymentFacts

Floats = NDArray[np.float64]

_COUNTS = frozenset({"replicas_desired", "replicas_ready", "replicas_starting", "nodes"})
_ALWAYS_KNOWN = _COUNTS | {"time_s", "metrics_age_s"}


@dataclass(frozen=True, slots=True)
class StateBatch:
    """`ClusterState` of n clusters: every field has shape (n,), and NaN means not measured."""

    time_s: Floats
    rps: Floats
    latency_p50_ms: Floats
    latency_p95_ms: Floats
    latency_p99_ms: Floats
    slo_violation_ratio: Floats
    error_ratio: Floats
    cpu_utilization: Floats
    memory_utilization: Floats
    queue_requests: Floats
    replicas_desired: Floats
    replicas_ready: Floats
    replicas_starting: Floats
    nodes: Floats
    metrics_age_s: Floats

    @property
    def size(self) -> int:
        """Number of clusters."""
        return len(self.time_s)

    @classmethod
    def from_states(cls, states: Sequence[ClusterState]) -> Self:
        """Stack scalar states; None becomes NaN."""
        columns = {
            item.name: np.array(
                [
                    np.nan if (value := getattr(state, item.name)) is None else value
                    for state in states
                ],
                dtype=np.float64,
            )
            for item in fields(cls)
        }
        return cls(**columns)

    def state(self, index: int) -> ClusterState:
        """The state of one cluster; NaN becomes None."""
        values: dict[str, float | int | None] = {}
        for item in fields(self):
            value = float(getattr(self, item.name)[index])
            if item.name in _COUNTS:
                values[item.name] = int(value)
            elif item.name in _ALWAYS_KNOWN:
                values[item.name] = value
            else:
                values[item.name] = None if np.isnan(value) else value
        return ClusterState(**values)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class FactsBatch:
    """`DeploymentFacts` of n clusters: every field has shape (n,)."""

    pod_capacity_rps: Floats
    slo_ms: Floats
    min_replicas: Floats
    max_replicas: Floats
    interval_s: Floats
    startup_median_s: Floats

    @property
    def size(self) -> int:
        """Number of clusters."""
        return len(self.slo_ms)

    @classmethod
    def from_facts(cls, facts: Sequence[DeploymentFacts]) -> Self:
        """Stack scalar facts."""
        return cls(
            **{
                item.name: np.array([getattr(one, item.name) for one in facts], dtype=np.float64)
                for item in fields(cls)
            }
        )

    def facts(self, index: int) -> DeploymentFacts:
        """The facts of one cluster."""
        return DeploymentFacts(
            pod_capacity_rps=float(self.pod_capacity_rps[index]),
            slo_ms=float(self.slo_ms[index]),
            min_replicas=int(self.min_replicas[index]),
            max_replicas=int(self.max_replicas[index]),
            interval_s=float(self.interval_s[index]),
            startup_median_s=float(self.startup_median_s[index]),
        )
