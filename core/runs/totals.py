"""Sums over a run: exact counts where the cluster keeps them, measured ones elsewhere."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from core.cluster.base import Cluster
from core.cluster.totals import SimulatorTotals
from core.runs.records import RunTotals
from core.state import ClusterState, RewardComponents


@runtime_checkable
class CountingCluster(Protocol):
    """A cluster that knows more than its delayed and smoothed metrics tell."""

    @property
    def totals(self) -> SimulatorTotals:
        """Counts since the start of the episode."""


class TotalsKeeper:
    """Adds up turns. Values that were not measured add nothing.

    Args:
        interval_s: Seconds between two states.
        cluster: Asked for exact counts if it has any; else requests are measured rates times
            the interval, and pods are ready plus starting ones.
    """

    def __init__(self, interval_s: float, cluster: Cluster | None = None) -> None:
        self._counting = cluster if isinstance(cluster, CountingCluster) else None
        self._interval_s = interval_s
        self._desired = 0
        self._totals = RunTotals()

    @property
    def totals(self) -> RunTotals:
        """The sums so far."""
        return self._totals

    def begin(self, state: ClusterState) -> None:
        """A new episode starts in `state`; no interval has been lived through yet."""
        self._desired = state.replicas_desired
        self._totals = RunTotals()

    def add(self, state: ClusterState, reward: RewardComponents) -> None:
        """Add the interval that ended in `state`."""
        before = self._totals
        churn = before.churn + abs(state.replicas_desired - self._desired)
        self._desired = state.replicas_desired
        summed_reward = before.reward + reward.total
        if self._counting is not None:
            counts = self._counting.totals
            self._totals = RunTotals(
                requests=counts.arrived_requests,
                violations=counts.violations,
                errors=counts.failed_requests,
                pod_seconds=counts.pod_seconds,
                churn=churn,
                reward=summed_reward,
            )
            return
        requests = (state.rps or 0.0) * self._interval_s
        pods = state.replicas_ready + state.replicas_starting
        self._totals = RunTotals(
            requests=before.requests + requests,
            violations=before.violations + requests * (state.slo_violation_ratio or 0.0),
            errors=before.errors + requests * (state.error_ratio or 0.0),
            pod_seconds=before.pod_seconds + pods * self._interval_s,
            churn=churn,
            reward=summed_reward,
        )
