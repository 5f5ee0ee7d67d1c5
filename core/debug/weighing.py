"""What a learned policy weighed: every action with its value, and how clear the choice was."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.agents.config import InferenceRule
from core.agents.learned import LearnedPolicy
from core.agents.network import softmax
from core.envs.actions import action_set
from core.state import Decision, ValuesKind

if TYPE_CHECKING:
    from core.envs.history import StateHistory


@dataclass(frozen=True, slots=True)
class Option:
    """One action that could have been chosen."""

    action: int
    """Its number in the action set."""
    label: str
    value: float
    """Probability or Q-value, as recorded."""
    probability: float | None
    """Its weight in the decision; of Q-values only while the policy is at hand."""
    target: int | None
    """Replicas that it asks for; None if that cannot be worked out any more."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """All options of one decision, best first."""

    kind: ValuesKind
    options: tuple[Option, ...]
    chosen: Option
    """The best action. Under mean-target inference the target is a mean over all of them."""
    runner_up: Option
    value: float | None
    """The critic's estimate of the return from here, where there is a critic."""
    mean_target: bool
    """Whether the target is the mean over all options rather than the best one's."""

    @property
    def margin(self) -> float:
        """By how much the best action beat the runner-up, in units of their values."""
        return self.chosen.value - self.runner_up.value

    @property
    def entropy(self) -> float | None:
        """Of the weights, in nats; None if they are not known."""
        weights = [option.probability for option in self.options]
        known = [one for one in weights if one is not None]
        if len(known) < len(weights):
            return None
        return -math.fsum(one * math.log(one) for one in known if one > 0.0)

    @property
    def most_entropy(self) -> float:
        """The entropy if nothing were preferred."""
        return math.log(len(self.options))


def weigh(
    decision: Decision,
    labels: Sequence[str],
    policy: LearnedPolicy | None,
    history: StateHistory | None,
) -> Weighing | None:
    """What was weighed in a decision; None for a policy without action values.

    Args:
        decision: As recorded.
        labels: One per action.
        policy: Who decided, if it is still at hand.
        history: What it looked back on (one cluster), if that is known.
    """
    values = decision.action_values
    if decision.values_kind is ValuesKind.NONE or len(values) < 2 or decision.action is None:
        return None
    weights = _weights(decision, policy)
    targets = _targets(policy, history, len(values))
    options = [
        Option(
            action,
            labels[action] if action < len(labels) else f"action {action}",
            value,
            None if weights is None else weights[action],
            None if targets is None else targets[action],
        )
        for action, value in enumerate(values)
    ]
    chosen = options[decision.action]
    order = sorted(options, key=lambda option: (option is not chosen, -option.value))
    mean = policy is not None and policy.manifest.inference is InferenceRule.MEAN_TARGET
    return Weighing(decision.values_kind, tuple(order), chosen, order[1], decision.value, mean)


def _weights(decision: Decision, policy: LearnedPolicy | None) -> list[float] | None:
    if decision.values_kind is ValuesKind.PROBABILITIES:
        return list(decision.action_values)
    if policy is None:
        return None
    # The Q-values are stored in rewards as they are given, the network's are scaled.
    scores = np.array([decision.action_values], dtype=np.float64) * policy.manifest.reward_scale
    weights: list[float] = softmax(scores.astype(np.float32), policy.temperature)[0].tolist()
    return weights


def _targets(
    policy: LearnedPolicy | None, history: StateHistory | None, count: int
) -> list[int] | None:
    if policy is None or history is None:
        return None
    targets: list[int] = action_set(policy.manifest.action_set).all_targets(history)[:, 0].tolist()
    return targets if len(targets) == count else None
