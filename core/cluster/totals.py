"""Exact counters of a simulated episode."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.cluster.columns import Columns, Flags, Floats
from core.cluster.summation import sum_ticks
from core.cluster.telemetry import Sample


@dataclass(frozen=True, slots=True)
class SimulatorTotals:
    """What happened in one cluster since its start; arrived = served + failed + queued."""

    arrived_requests: float
    served_requests: float
    failed_requests: float
    """Refused, timed out, or lost with their pod."""
    queued_requests: float
    """Waiting now."""
    violations: float
    """Expected requests that took longer than the SLO or failed, each counted once."""
    pod_seconds: float
    """Seconds of ready, starting and terminating pods."""


class TotalsBatch(Columns):
    """Counters of n clusters, shape (n,) each.

    Args:
        size: Number of clusters.
    """

    def __init__(self, size: int) -> None:
        self.arrived: Floats = np.zeros(size)
        self.served: Floats = np.zeros(size)
        self.failed: Floats = np.zeros(size)
        self.violations: Floats = np.zeros(size)
        self.pod_seconds: Floats = np.zeros(size)

    def clear(self, index: int) -> None:
        """Start over in one cluster."""
        for counter in vars(self).values():
            counter[index] = 0.0

    def add(self, samples: Floats, pod_seconds: Floats, alive: Flags) -> None:
        """Count an interval.

        Args:
            samples: What happened, shape (samples, ticks, n).
            pod_seconds: What was paid for, shape (n,).
            alive: Clusters that count, shape (n,).
        """
        arrived, served, _, failed, violations = sum_ticks(samples[: Sample.ANSWERED])
        self.arrived += arrived * alive
        self.served += served * alive
        self.failed += failed * alive
        self.violations += violations * alive
        self.pod_seconds += pod_seconds * alive

    def totals(self, index: int, queued: float) -> SimulatorTotals:
        """The counters of one cluster, with the requests that wait now."""
        return SimulatorTotals(
            arrived_requests=float(self.arrived[index]),
            served_requests=float(self.served[index]),
            failed_requests=float(self.failed[index]),
            queued_requests=queued,
            violations=float(self.violations[index]),
            pod_seconds=float(self.pod_seconds[index]),
        )
