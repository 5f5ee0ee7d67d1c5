"""What a run amounts to: the figures of `run --json`, the benchmark and the evaluations."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.latency import LatencyMixture
from core.state import ClusterState

if TYPE_CHECKING:
    from core.cluster.batch import StateBatch

VIOLATION_WEIGHT: Final = 30.0
"""What a violation ratio of 1 costs in the score, in multiples of the needed pod-hours."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of one run; None where nothing was measured that could tell."""

    steps: int
    """Decision intervals that were lived through."""
    requests: float
    slo_violation_ratio: float
    """Share of all requests that were slower than the SLO or failed."""
    error_ratio: float
    pod_hours: float
    churn: float
    """Sum of |change of desired replicas|."""
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    latency_p99_ms: float | None
    reward: float
    needed_pod_hours: float
    """Offered load divided by per-pod capacity: pods that would suffice at 100 % use."""
    score: float | None
    """pod_hours / needed_pod_hours + 30 * slo_violation_ratio; lower is better."""

    def as_dict(self) -> dict[str, float | int | None]:
        """The figures by name, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ExactTotals:
    """Counts that are known exactly, as in a simulator, where states are delayed and smoothed."""

    requests: float
    violations: float
    """Requests that were slower than the SLO or failed."""
    errors: float
    pod_seconds: float
    """Seconds of pods that were paid for, starting and terminating ones included."""


class SummaryAccumulator:
    """Adds up the states of one or many runs while they happen, in constant memory.

    The states count requests as `rps` * interval and pods as ready plus starting; where exact
    counts exist they replace those at the end. Unmeasured values add nothing.

    Args:
        pod_capacity_rps: Shape (size,), requests per second of one pod.
        interval_s: Seconds between two states.
    """

    def __init__(self, pod_capacity_rps: NDArray[np.float64], interval_s: float) -> None:
        size = len(pod_capacity_rps)
        self._capacity = np.asarray(pod_capacity_rps, dtype=np.float64)
        self._interval_s = interval_s
        self._latency = LatencyMixture(size)
        self._desired = np.full(size, np.nan)
        self._steps = np.zeros(size, dtype=np.int64)
        self._requests = np.zeros(size)
        self._violations = np.zeros(size)
        self._errors = np.zeros(size)
        self._pod_seconds = np.zeros(size)
        self._churn = np.zeros(size)
        self._reward = np.zeros(size)

    def start(self, desired: NDArray[np.float64]) -> None:
        """Tell the desired replicas (size,) before the first interval, so that churn counts."""
        self._desired = np.asarray(desired, dtype=np.float64).copy()

    def add(
        self,
        states: StateBatch,
        rewards: NDArray[np.float64],
        alive: NDArray[np.bool_] | None = None,
    ) -> None:
        """Add one interval of every run.

        Args:
            states: What was measured over the interval.
            rewards: Shape (size,), the unscaled reward of the interval.
            alive: Shape (size,), False for runs that have ended; None means all live.
        """
        lives = np.ones(len(self._steps), dtype=bool) if alive is None else alive
        requests = np.where(lives, _known(states.rps), 0.0) * self._interval_s
        pods = states.replicas_ready + states.replicas_starting
        change = np.abs(states.replicas_desired - self._desired)
        self._steps += lives
        self._requests += requests
        self._violations += requests * _known(states.slo_violation_ratio)
        self._errors += requests * _known(states.error_ratio)
        self._pod_seconds += np.where(lives, pods, 0.0) * self._interval_s
        self._churn += np.where(lives, _known(change), 0.0)
        self._reward += np.where(lives, rewards, 0.0)
        self._desired = np.where(lives, states.replicas_desired, self._desired)
        self._latency.add(
            requests, states.latency_p50_ms, states.latency_p95_ms, states.latency_p99_ms
        )

    def add_state(self, state: ClusterState, reward: float) -> None:
        """Add one interval of a single run."""
        from core.cluster.batch import StateBatch

        self.add(StateBatch.from_states([state]), np.array([reward]))

    def latency(self, index: int = 0) -> LatencyMixture:
        """Latencies of run `index` so far, for pooling runs."""
        return self._latency.row(index)

    def summary(self, index: int = 0, exact: ExactTotals | None = None) -> Summary:
        """The figures of run `index` so far.

        Args:
            index: Which of the runs.
            exact: Counts that replace those derived from the states.
        """
        counted = exact or ExactTotals(
            requests=float(self._requests[index]),
            violations=float(self._violations[index]),
            errors=float(self._errors[index]),
            pod_seconds=float(self._pod_seconds[index]),
        )
        return build_summary(
            steps=int(self._steps[index]),
            totals=counted,
            churn=float(self._churn[index]),
            reward=float(self._reward[index]),
            needed_pod_hours=counted.requests / float(self._capacity[index]) / 3600.0,
            latency=self._latency.row(index),
        )


def build_summary(
    *,
    steps: int,
    totals: ExactTotals,
    churn: float,
    reward: float,
    needed_pod_hours: float,
    latency: LatencyMixture,
) -> Summary:
    """Derive all ratios and the score; the one place where they are computed.

    Args:
        steps: Decision intervals.
        totals: Counts over the run.
        churn: Sum of |change of desired replicas|.
        reward: Sum of unscaled rewards.
        needed_pod_hours: Offered load divided by per-pod capacity.
        latency: Latencies over the run, a mixture of size one.
    """
    violation_ratio = totals.violations / totals.requests if totals.requests > 0 else 0.0
    pod_hours = totals.pod_seconds / 3600.0
    p50, p95, p99 = (
        None if math.isnan(value := latency.quantile_ms(share)) else value
        for share in (0.5, 0.95, 0.99)
    )
    return Summary(
        steps=steps,
        requests=totals.requests,
        slo_violation_ratio=violation_ratio,
        error_ratio=totals.errors / totals.requests if totals.requests > 0 else 0.0,
        pod_hours=pod_hours,
        churn=churn,
        latency_p50_ms=p50,
        latency_p95_ms=p95,
        latency_p99_ms=p99,
        reward=reward,
        needed_pod_hours=needed_pod_hours,
        score=score(pod_hours, needed_pod_hours, violation_ratio),
    )


def average_summaries(summaries: Sequence[Summary], latencies: Iterable[LatencyMixture]) -> Summary:
    """The figures of an average run, in which every run counts the same, however large.

    Ratios are means of the runs' ratios. Pod-hours are the mean number of pods per needed pod,
    times the mean of the needed pod-hours, so that the score is the mean of the runs' scores.
    Runs without traffic have no score and are left out. Latencies are those of all requests.

    Args:
        summaries: At least one.
        latencies: The mixture of each run.
    """
    judged = [one for one in summaries if one.needed_pod_hours > 0]
    if not judged:
        return summaries[0]
    count = len(judged)
    needed = sum(one.needed_pod_hours for one in judged) / count
    pods_per_needed = sum(one.pod_hours / one.needed_pod_hours for one in judged) / count
    requests = sum(one.requests for one in judged) / count
    return build_summary(
        steps=round(sum(one.steps for one in judged) / count),
        totals=ExactTotals(
            requests=requests,
            violations=requests * sum(one.slo_violation_ratio for one in judged) / count,
            errors=requests * sum(one.error_ratio for one in judged) / count,
            pod_seconds=pods_per_needed * needed * 3600.0,
        ),
        churn=sum(one.churn for one in judged) / count,
        reward=sum(one.reward for one in judged) / count,
        needed_pod_hours=needed,
        latency=LatencyMixture.pooled(latencies),
    )


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values, with 0 where one is NaN; much faster than `np.nan_to_num` on short arrays."""
    return np.where(np.isnan(values), 0.0, values)


def score(pod_hours: float, needed_pod_hours: float, slo_violation_ratio: float) -> float | None:
    """Price of a run: pods per needed pod, plus 30 per violation; None without any traffic."""
    if needed_pod_hours <= 0:
        return None
    return pod_hours / needed_pod_hours + VIOLATION_WEIGHT * slo_violation_ratio
