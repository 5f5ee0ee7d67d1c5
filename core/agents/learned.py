"""A learned policy at work: a bundle's network, and its numbers put into words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.agents.bundle import PolicyBundle
from core.agents.config import Algorithm, InferenceRule
from core.agents.network import Network, softmax
from core.agents.policy import KEEP_WITHOUT_RATE, Situation
from core.envs.actions import action_set, mean_targets, targets_of
from core.envs.history import StateHistory
from core.state import Decision, DeploymentFacts, ValuesKind


@dataclass(frozen=True, slots=True)
class Choices:
    """What a learned policy wants of n clusters."""

    targets: NDArray[np.int64]
    """Shape (n,), within min and max replicas."""
    actions: NDArray[np.int64]
    """Shape (n,): the best action of each."""
    probabilities: NDArray[np.float64]
    """Shape (n, actions); for DQN a softmax of the Q-values."""
    scores: NDArray[np.float32]
    """Shape (n, actions): logits or Q-values."""
    values: NDArray[np.float32] | None
    """Shape (n,): the critic's estimate; None without one."""


class LearnedPolicy:
    """Decides with the network of a bundle.

    Args:
        bundle: A checked bundle.
        name: How the policy is named to people; None means by its algorithm.
    """

    def __init__(self, bundle: PolicyBundle, name: str | None = None) -> None:
        manifest = bundle.manifest
        self.manifest = manifest
        self._name = name or manifest.algorithm.value
        self._network = Network(bundle)
        self._actions = action_set(manifest.action_set)
        self._temperature = manifest.temperature if manifest.algorithm is Algorithm.DQN else 1.0
        self._kind = (
            ValuesKind.Q_VALUES if manifest.algorithm is Algorithm.DQN else ValuesKind.PROBABILITIES
        )

    @property
    def name(self) -> str:
        """See `Policy`."""
        return self._name

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`."""
        return self._actions.labels

    @property
    def network(self) -> Network:
        """What scores the actions."""
        return self._network

    @property
    def temperature(self) -> float:
        """What scores are divided by before their softmax gives probabilities."""
        return self._temperature

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`; there is nothing to forget, all memory is in the history."""

    def choose(self, history: StateHistory, observations: NDArray[np.float32]) -> Choices:
        """Choose for many clusters at once.

        Args:
            history: The n clusters.
            observations: Shape (n, features), built from `history`.
        """
        output = self._network.forward(observations)
        probabilities = softmax(output.scores, self._temperature)
        actions = np.argmax(output.scores, axis=1).astype(np.int64)
        targets = self._targets(history, actions, probabilities)
        return Choices(targets, actions, probabilities, output.scores, output.values)

    def wanted(self, history: StateHistory, observations: NDArray[np.float32]) -> NDArray[np.int64]:
        """Only the targets of `choose`, shape (n,), without asking the critic."""
        scores = self._network.scores(observations)
        actions = np.argmax(scores, axis=1).astype(np.int64)
        return self._targets(history, actions, softmax(scores, self._temperature))

    def _targets(
        self,
        history: StateHistory,
        actions: NDArray[np.int64],
        probabilities: NDArray[np.float64],
    ) -> NDArray[np.int64]:
        if self.manifest.inference is InferenceRule.MEAN_TARGET:
            return mean_targets(self._actions, history, probabilities)
        return targets_of(self._actions, history, actions)

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`.

        Without any request rate, as on a cluster that does not measure it, the replicas stay.
        Otherwise the action is the best one; under mean-target inference the target is the mean
        over all of them and may differ from the best action's. Q-values and the critic's value are
        given in unscaled rewards.
        """
        choices = self.choose(situation.history, situation.observation[None, :])
        action, target = int(choices.actions[0]), int(choices.targets[0])
        current = situation.state.replicas_desired
        reason = self._actions.reason(situation.history, 0, action, target)
        if situation.lacks_any_rate:
            target, reason = current, KEEP_WITHOUT_RATE
        scale = self.manifest.reward_scale
        if self._kind is ValuesKind.Q_VALUES:
            numbers = tuple(float(score) / scale for score in choices.scores[0])
            value = None
        else:
            numbers = tuple(float(probability) for probability in choices.probabilities[0])
            value = None if choices.values is None else float(choices.values[0]) / scale
        return Decision(
            target=target,
            change=target - current,
            reason=reason,
            action=action,
            action_values=numbers,
            values_kind=self._kind,
            value=value,
        )
