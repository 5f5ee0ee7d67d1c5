"""The reward: named components of how the interval that just ended went.

All components are relative to the cluster's own mean load so far, so that a reward means the same
for a service of 3 pods and of 300; they mirror the benchmark's score
(pod-hours / needed pod-hours + 30 × violation ratio, lower is better):

- cost: pods paid for, in units of the pods that the mean load needs at full utilisation;
- slo: requests that were slower than the SLO or failed, in units of the mean load's requests;
- error: failed requests, likewise, on top of `slo`;
- churn: replicas changed, in units of the pods that the mean load needs.

Everything is multiplied by `scale`, since small rewards train better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from core.cluster.batch import FactsBatch, Floats
from core.envs.history import StateHistory
from core.state import RewardComponents
from core.traffic.scenario import RewardWeights


@dataclass(frozen=True, slots=True)
class WeightsBatch:
    """`RewardWeights` of n clusters: every field has shape (n,) and includes the scale."""

    slo: Floats
    cost: Floats
    churn: Floats
    error: Floats

    @classmethod
    def from_weights(cls, weights: Sequence[RewardWeights]) -> WeightsBatch:
        """Stack scalar weights."""
        size = len(weights)
        batch = cls(np.empty(size), np.empty(size), np.empty(size), np.empty(size))
        batch.replace(range(size), weights)
        return batch

    def replace(self, indices: Iterable[int], weights: Sequence[RewardWeights]) -> None:
        """Take over the weights of some clusters; `weights` has one per cluster."""
        for index in indices:
            one = weights[index]
            self.slo[index] = one.slo * one.scale
            self.cost[index] = one.cost * one.scale
            self.churn[index] = one.churn * one.scale
            self.error[index] = one.error * one.scale


@dataclass(frozen=True, slots=True)
class RewardBatch:
    """`RewardComponents` of n clusters: every field has shape (n,) and is at most 0."""

    slo: Floats
    cost: Floats
    churn: Floats
    error: Floats

    @property
    def total(self) -> Floats:
        """The rewards, shape (n,)."""
        return self.slo + self.cost + self.churn + self.error

    def components(self, index: int) -> RewardComponents:
        """The components of one cluster."""
        return RewardComponents(
            slo=float(self.slo[index]),
            cost=float(self.cost[index]),
            churn=float(self.churn[index]),
            error=float(self.error[index]),
        )


def rewards(history: StateHistory, weights: WeightsBatch) -> RewardBatch:
    """Judge the newest state of every cluster.

    Where metrics are missing, `slo` and `error` are 0: what was not measured is not judged.
    """
    state, facts = history.state, history.facts
    mean_rps = np.maximum(history.mean_rps(), _least_load(facts))
    rate_share = np.nan_to_num(state.rps) / mean_rps
    pods_needed = mean_rps / facts.pod_capacity_rps
    paid = state.replicas_ready + state.replicas_starting
    changed = np.abs(state.replicas_desired - history.desired_before(0.0))
    return RewardBatch(
        slo=-weights.slo * np.nan_to_num(state.slo_violation_ratio) * rate_share,
        cost=-weights.cost * paid / pods_needed,
        churn=-weights.churn * changed / pods_needed,
        error=-weights.error * np.nan_to_num(state.error_ratio) * rate_share,
    )


def _least_load(facts: FactsBatch) -> Floats:
    """A tenth of what the fewest replicas serve: keeps silence from making cost infinite."""
    least: Floats = 0.1 * np.maximum(facts.min_replicas, 1.0) * facts.pod_capacity_rps
    return least
