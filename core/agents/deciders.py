"""Policies that decide for many clusters at once, in one pass where they can."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.agents.hpa import HpaPolicy
from core.agents.hpa.batch import HpaBatch
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation, foretell
from core.agents.static import StaticPolicy
from core.agents.threshold import ThresholdPolicy
from core.cluster.batch import FactsBatch
from core.envs.history import StateHistory
from core.envs.history_part import history_part
from core.traffic.scenario import Scenario

Integers = NDArray[np.int64]

_STATE_ONLY: Final = (HpaPolicy, StaticPolicy, ThresholdPolicy)
"""Policies that never look at the history, so that none need be cut out for them."""


class Decider(Protocol):
    """Decides for n clusters, once per interval from the beginning of their episodes on."""

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """Replicas wanted, shape (n,).

        Args:
            history: Of the n clusters, up to now.
            observations: Shape (n, features), built from `history`.
        """


@runtime_checkable
class ByHistory(Protocol):
    """A policy without a memory of its own that decides for many clusters in one pass."""

    def targets(self, history: StateHistory) -> Integers:
        """Replicas wanted, shape (n,)."""


def decider_for(
    policy: Policy, facts: FactsBatch, futures: Sequence[tuple[Scenario, int]]
) -> Decider:
    """Let a policy decide for clusters with the given facts; a new episode begins in each.

    A policy with a memory is copied for each cluster.

    Args:
        policy: Who decides.
        facts: Facts of the n clusters.
        futures: Scenario and seed of each, for a policy that is clairvoyant.
    """
    if isinstance(policy, LearnedPolicy):
        return LearnedDecider(policy)
    if isinstance(policy, ByHistory):
        return HistoryDecider(policy)
    if isinstance(policy, HpaPolicy) and policy.setting is not None:
        setting = policy.setting
        return HpaDecider(HpaBatch(facts, setting.target, setting.stabilization_s))
    copies = [copy.deepcopy(policy) for _ in range(facts.size)]
    for index, (one, future) in enumerate(zip(copies, futures, strict=True)):
        foretell(one, *future)
        one.reset(facts.facts(index))
    return OneByOne(copies)


class LearnedDecider:
    """A network for all clusters, in one pass."""

    def __init__(self, policy: LearnedPolicy) -> None:
        self._policy = policy

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """See `Decider`."""
        return self._policy.wanted(history, observations)


class HistoryDecider:
    """A policy that finds all it needs in the histories."""

    def __init__(self, policy: ByHistory) -> None:
        self._policy = policy

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """See `Decider`."""
        return self._policy.targets(history)


class HpaDecider:
    """The HPA of each cluster, with its recommendations so far."""

    def __init__(self, batch: HpaBatch) -> None:
        self._batch = batch

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """See `Decider`."""
        return self._batch.decide(history.state)


class OneByOne:
    """A policy of its own for each cluster, which sees the history of that one alone."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._policies = policies

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """See `Decider`."""
        wanted = np.zeros(len(self._policies), dtype=np.int64)
        for index, policy in enumerate(self._policies):
            state, facts = history.state.state(index), history.facts.facts(index)
            alone = history
            if not isinstance(policy, _STATE_ONLY):
                alone = history_part(history, slice(index, index + 1))
            situation = Situation(state, facts, alone, observations[index])
            wanted[index] = policy.decide(situation).target
        return wanted
