"""Policies that go on deciding from some moment, each for many clusters with the same past."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.agents.hpa import HpaPolicy
from core.agents.hpa.batch import HpaBatch
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation
from core.agents.static import StaticPolicy
from core.agents.threshold import ThresholdPolicy
from core.cluster.batch import FactsBatch, StateBatch
from core.envs.history import StateHistory
from core.envs.history_part import history_part
from core.state import ClusterState, DeploymentFacts

Integers = NDArray[np.int64]

RECENT_S: Final = 420.0
"""How far back an HPA with the usual stabilisation remembers, and a little more."""

_STATE_ONLY: Final = (HpaPolicy, StaticPolicy, ThresholdPolicy)
"""Policies that never look at the history, so that none need be cut out for them."""


class ManyDeciders(Protocol):
    """Decides for n clusters."""

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """Replicas wanted in each, shape (n,).

        Args:
            history: Of the n clusters, up to now.
            observations: Shape (n, features), built from `history`.
        """


@runtime_checkable
class _ByHistory(Protocol):
    """A policy without a memory of its own that decides for many clusters in one pass."""

    def targets(self, history: StateHistory) -> Integers:
        """Replicas wanted, shape (n,)."""


def many(
    policy: Policy, size: int, facts: DeploymentFacts, recent: Sequence[ClusterState]
) -> ManyDeciders:
    """One policy with the same memory in `size` clusters.

    Args:
        policy: With its memory; stays as it is.
        size: Number of clusters.
        facts: Of each of them.
        recent: The states before now, back to `RECENT_S` or to the beginning.
    """
    if isinstance(policy, LearnedPolicy):
        return _Learned(policy)
    if isinstance(policy, HpaPolicy) and policy.setting is not None:
        setting = policy.setting
        if setting.stabilization_s + 2.0 * facts.interval_s <= RECENT_S:
            batch = HpaBatch(
                FactsBatch.from_facts([facts] * size), setting.target, setting.stabilization_s
            )
            for state in recent:
                batch.decide(StateBatch.from_states([state] * size))
            return _Hpa(batch)
    if isinstance(policy, _ByHistory):
        return _Rule(policy)
    return _OneByOne(policy, size)


class _Learned:
    def __init__(self, policy: LearnedPolicy) -> None:
        self._policy = policy

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        return self._policy.wanted(history, observations)


class _Rule:
    def __init__(self, policy: _ByHistory) -> None:
        self._policy = policy

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        return self._policy.targets(history)


class _Hpa:
    def __init__(self, batch: HpaBatch) -> None:
        self._batch = batch

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        return self._batch.decide(history.state)


class _OneByOne:
    """A copy of the policy for each cluster."""

    def __init__(self, policy: Policy, size: int) -> None:
        self._copies = [copy.deepcopy(policy) for _ in range(size)]

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        wanted = np.zeros(len(self._copies), dtype=np.int64)
        for index, one in enumerate(self._copies):
            state, facts = history.state.state(index), history.facts.facts(index)
            alone = history
            if not isinstance(one, _STATE_ONLY):
                alone = history_part(history, slice(index, index + 1))
            wanted[index] = one.decide(Situation(state, facts, alone, observations[index])).target
        return wanted
