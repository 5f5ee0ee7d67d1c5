"""Policies that decide for many clusters at once, in one pass where they can."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.agents.hpa import HpaPolicy
from core.agents.hpa.batch import HpaBatch
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation, foretell
from core.agents.rule import RatePolicy
from core.cluster.batch import FactsBatch
from core.envs.history import StateHistory
from core.envs.history_part import history_part
from core.traffic.scenario import Scenario

Integers = NDArray[np.int64]


class Decider(Protocol):
    """Decides for n clusters, once per interval from the beginning of their episodes on."""

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        """Replicas wanted, shape (n,).

        Args:
            history: Of the n clusters, up to now.
            observations: Shape (n, features), built from `history`.
        """


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
        return _Learned(policy)
    if isinstance(policy, RatePolicy):
        return _Rate(policy)
    if isinstance(policy, HpaPolicy) and policy.setting is not None:
        setting = policy.setting
        return _Hpa(HpaBatch(facts, setting.target, setting.stabilization_s))
    return _OneByOne(policy, facts, futures)


class _Learned:
    def __init__(self, policy: LearnedPolicy) -> None:
        self._policy = policy

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        return self._policy.choose(history, observations).targets


class _Rate:
    def __init__(self, policy: RatePolicy) -> None:
        self._policy = policy

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        return self._policy.targets(history)


class _Hpa:
    def __init__(self, batch: HpaBatch) -> None:
        self._batch = batch

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        return self._batch.decide(history.state)


class _OneByOne:
    """A copy of the policy for each cluster, which sees the history of its own alone."""

    def __init__(
        self, policy: Policy, facts: FactsBatch, futures: Sequence[tuple[Scenario, int]]
    ) -> None:
        self._facts = [facts.facts(index) for index in range(facts.size)]
        self._policies = [copy.deepcopy(policy) for _ in self._facts]
        for one, own, future in zip(self._policies, self._facts, futures, strict=True):
            foretell(one, *future)
            one.reset(own)

    def targets(self, history: StateHistory, observations: NDArray[np.float32]) -> Integers:
        wanted = np.zeros(len(self._policies), dtype=np.int64)
        for index, policy in enumerate(self._policies):
            alone = history_part(history, slice(index, index + 1))
            state = history.state.state(index)
            situation = Situation(state, self._facts[index], alone, observations[index])
            wanted[index] = policy.decide(situation).target
        return wanted
