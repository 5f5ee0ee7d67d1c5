"""Policies that go on deciding from some moment, each for many clusters with the same past."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Final

from core.agents.deciders import (
    ByHistory,
    Decider,
    HistoryDecider,
    HpaDecider,
    LearnedDecider,
    OneByOne,
)
from core.agents.hpa import HpaPolicy
from core.agents.hpa.batch import HpaBatch
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy
from core.cluster.batch import FactsBatch, StateBatch
from core.state import ClusterState, DeploymentFacts

RECENT_S: Final = 420.0
"""How far back an HPA with the usual stabilisation remembers, and a little more."""


def many(
    policy: Policy, size: int, facts: DeploymentFacts, recent: Sequence[ClusterState]
) -> Decider:
    """One policy with the same memory in `size` clusters.

    Args:
        policy: With its memory; stays as it is.
        size: Number of clusters.
        facts: Of each of them.
        recent: The states before now, back to `RECENT_S` or to the beginning.
    """
    if isinstance(policy, LearnedPolicy):
        return LearnedDecider(policy)
    if isinstance(policy, HpaPolicy) and policy.setting is not None:
        setting = policy.setting
        if setting.stabilization_s + 2.0 * facts.interval_s <= RECENT_S:
            batch = HpaBatch(
                FactsBatch.from_facts([facts] * size), setting.target, setting.stabilization_s
            )
            for state in recent:
                batch.decide(StateBatch.from_states([state] * size))
            return HpaDecider(batch)
    if isinstance(policy, ByHistory):
        return HistoryDecider(policy)
    return OneByOne([copy.deepcopy(policy) for _ in range(size)])
