"""Many steps at once, as arrays: all of them, or the extremes per bucket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.state import Actor, ControlMode

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Steps:
    """Consecutive steps as columns: every field has length n; NaN in a float: not measured.

    The fields are columns of the table `steps`; `docs/run-file.md` gives units and meaning.
    """

    step: NDArray[np.int64]
    episode: NDArray[np.int64]
    wall_time: Floats
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
    capacity_rps: Floats
    policy_target: Floats
    target: Floats
    reward: Floats
    reward_slo: Floats
    reward_cost: Floats
    reward_churn: Floats
    reward_error: Floats
    mode: tuple[ControlMode, ...]
    actor: tuple[Actor, ...]
    policy_reason: tuple[str, ...]
    guardrail: tuple[str, ...]

    def __len__(self) -> int:
        """Number of steps."""
        return len(self.step)


@dataclass(frozen=True, slots=True)
class Series:
    """One quantity over buckets of steps; every array has length n."""

    step: NDArray[np.int64]
    """First step of each bucket."""
    time_s: Floats
    """Simulated time of the first step of each bucket."""
    low: Floats
    """Least value in the bucket; NaN where nothing was measured."""
    high: Floats
    """Greatest value in the bucket; NaN where nothing was measured."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of steps, reduced so that no spike is lost: least and greatest per bucket.

    Buckets are aligned to multiples of `bucket_steps`, so they do not flicker while the window
    follows the tail; the first may therefore begin before the first step that was asked for.
    """

    bucket_steps: int
    """Steps per bucket; 1 means that nothing was reduced (then low equals high)."""
    step: NDArray[np.int64]
    time_s: Floats
    low: Mapping[str, Floats]
    """By name of the series (see `schema.SERIES`), each of length n."""
    high: Mapping[str, Floats]
    actors: tuple[frozenset[Actor], ...]
    """Who set targets in each bucket."""
    modes: tuple[frozenset[ControlMode], ...]
    """Modes in force in each bucket."""
    ups: NDArray[np.int64]
    """Steps per bucket whose target exceeds the desired replicas."""
    downs: NDArray[np.int64]
    """Steps per bucket whose target is below the desired replicas."""

    def __len__(self) -> int:
        """Number of buckets."""
        return len(self.step)

    def series(self, name: str) -> Series:
        """One quantity of the window, such as "latency_p95_ms"."""
        return Series(self.step, self.time_s, self.low[name], self.high[name])
