"""Policies that go on deciding from some moment, each for many clusters with the same past."""

from __future__ import annotations

import copy
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation
from core.envs.history import StateHistory
from core.envs.history_part import history_part

Integers = NDArray[np.int64]


@runtime_checkable
class _ByHistory(Protocol):
    """A policy without a memory of its own that decides for many clusters in one pass."""

    def targets(self, history: StateHistory) -> Integers:
        """Replicas wanted, shape (n,)."""


class ManyClusters:
    """One policy with the same memory in n clusters.

    Args:
        policy: With its memory; stays as it is.
        size: Number of clusters.
    """

    def __init__(self, policy: Policy, size: int) -> None:
        self._policy = policy
        self._copies: list[Policy] = []
        if not isinstance(policy, LearnedPolicy | _ByHistory):
            self._copies = [copy.deepcopy(policy) for _ in range(size)]

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """Replicas wanted in each, shape (n,).

        Args:
            history: Of the n clusters, up to now.
            observations: Shape (n, features), built from `history`.
        """
        policy = self._policy
        if isinstance(policy, LearnedPolicy):
            return policy.choose(history, observations).targets
        if isinstance(policy, _ByHistory):
            return policy.targets(history)
        wanted = np.zeros(len(self._copies), dtype=np.int64)
        for index, one in enumerate(self._copies):
            state, facts = history.state.state(index), history.facts.facts(index)
            alone = history_part(history, slice(index, index + 1))
            wanted[index] = one.decide(Situation(state, facts, alone, observations[index])).target
        return wanted
