"""From states to observations and rewards, and from actions to targets, for n clusters.

Both environments are made of this one pipeline; they differ only in what advances the clusters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.guardrails import Guardrails, Rulings
from core.envs.actions import ActionSet, targets_of
from core.envs.history import StateHistory
from core.envs.observation import build_observation
from core.envs.reward import RewardBatch, WeightsBatch, rewards
from core.traffic.scenario import GuardrailSettings, RewardWeights


@dataclass(frozen=True, slots=True)
class EpisodeSettings:
    """What an episode is judged and guarded by."""

    weights: RewardWeights
    guardrails: GuardrailSettings


class Pipeline:
    """History, action mapping, guardrails and reward of n clusters.

    Args:
        action_set: What the actions mean.
        facts: Facts of the n clusters.
        settings: One per cluster.
    """

    def __init__(
        self, action_set: ActionSet, facts: FactsBatch, settings: Sequence[EpisodeSettings]
    ) -> None:
        self.action_set = action_set
        self.history = StateHistory(facts)
        self._guardrails = Guardrails([one.guardrails for one in settings], facts)
        self._weights = WeightsBatch.from_weights([one.weights for one in settings])

    def begin(
        self,
        mask: NDArray[np.bool_],
        states: StateBatch,
        facts: FactsBatch,
        settings: Sequence[EpisodeSettings],
    ) -> NDArray[np.float32]:
        """Start new episodes in the masked clusters.

        Args:
            mask: Which clusters, shape (n,).
            states: Newest states of all n clusters, the first ones of the masked.
            facts: Facts of all n clusters.
            settings: Settings of all n clusters.

        Returns:
            The observations, shape (n, features).
        """
        self._guardrails.reset(mask, [one.guardrails for one in settings], facts)
        indices = np.flatnonzero(mask).tolist()
        self._weights.replace(indices, [one.weights for one in settings])
        self.history.restart(mask, states, facts)
        return build_observation(self.history)

    def rule(self, actions: NDArray[np.int64]) -> Rulings:
        """Targets that the guardrails let through for one action per cluster, shape (n,)."""
        targets = targets_of(self.action_set, self.history, actions)
        return self.rule_targets(targets)

    def rule_targets(self, targets: NDArray[np.int64]) -> Rulings:
        """What the guardrails make of wanted replicas, shape (n,)."""
        return self._guardrails.rule(targets, self.history.state)

    def observe(self, states: StateBatch) -> NDArray[np.float32]:
        """Take in the newest states; returns the observations, shape (n, features)."""
        self.history.push(states)
        return build_observation(self.history)

    def rewards(self) -> RewardBatch:
        """Rewards of the interval that ended with the newest states."""
        return rewards(self.history, self._weights)
