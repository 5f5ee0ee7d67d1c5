"""A policy that decides on a live service and learns from what became of every decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.agents.online import Lesson, OnlineLearner
from core.agents.policy import KEEP_WITHOUT_RATE, Situation
from core.cluster.batch import FactsBatch, StateBatch
from core.envs.actions import action_set
from core.envs.history import StateHistory
from core.envs.observation import build_observation
from core.envs.reward import WeightsBatch, rewards
from core.state import ClusterState, Decision, DeploymentFacts, ValuesKind
from core.traffic.scenario import GuardrailSettings, RewardWeights

EXPLORED_SHARE: Final = 0.25
"""Exploration tries only targets this close to the best one, or one replica away from it."""
_GAP_INTERVALS: Final = 4.0
"""An interval that took longer than so many, as after a pause, is no ordinary one."""


@dataclass(frozen=True, slots=True)
class _Open:
    """A decision whose interval is not over."""

    observation: NDArray[np.float32]
    targets: NDArray[np.int64]
    """Replicas that each action asked for, shape (actions,)."""
    action: int
    time_s: float


class OnlinePolicy:
    """Decides like the network it teaches, tries a neighbouring action now and then, and learns.

    What is learned from is what was carried out: where the operator, a guardrail or somebody else
    set the replicas, the action of the set that comes nearest to them.

    Args:
        learner: Who is taught.
        weights: Of the reward.
        guardrails: How old metrics may be for anything to be learned from them.
        learned: Called after every lesson with its reward and the loss (None: not learned yet).
        acts: Whether what it decides is carried out; only then does it try anything.
    """

    def __init__(
        self,
        learner: OnlineLearner,
        weights: RewardWeights,
        guardrails: GuardrailSettings,
        learned: Callable[[float, float | None], None],
        acts: Callable[[], bool],
    ) -> None:
        self._acts = acts
        self._learner = learner
        self._weights = WeightsBatch.from_weights([weights])
        self._stale_intervals = guardrails.stale_after_intervals
        self._learned = learned
        self._actions = action_set(learner.agent.provenance.action_set)
        self._open: _Open | None = None

    @property
    def name(self) -> str:
        """See `Policy`."""
        return "dqn (learning)"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`."""
        return self._actions.labels

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`; what was learned stays."""
        self._open = None

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`; without any request rate the replicas stay, and nothing is learned."""
        lesson = self._lesson(situation.state, situation.history, situation.observation)
        if lesson is not None:
            self._learned(lesson.reward, self._learner.learn(lesson))
        scale = self._learner.agent.settings.reward_scale
        values = self._learner.q_values(situation.observation)
        targets = self._actions.all_targets(situation.history)[:, 0]
        best = int(np.argmax(values))
        action, tried = best, ""
        if self._acts() and self._learner.explores():
            action = self._learner.pick(_near(targets, best))
            tried = "" if targets[action] == targets[best] else "trying: "
        self._open = _Open(situation.observation, targets, action, situation.state.time_s)
        target, current = int(targets[action]), situation.state.replicas_desired
        reason = tried + self._actions.reason(situation.history, 0, action, target)
        if situation.lacks_any_rate:
            target, reason, self._open = current, KEEP_WITHOUT_RATE, None
        return Decision(
            target=target,
            change=target - current,
            reason=reason,
            action=action,
            action_values=tuple(float(value) / scale for value in values),
            values_kind=ValuesKind.Q_VALUES,
        )

    def recall(self, states: Sequence[ClusterState], facts: DeploymentFacts) -> int:
        """Fill the memory again from recorded states of one session; returns the lessons found.

        Args:
            states: Consecutive, oldest first.
            facts: Of the Deployment.
        """
        history, before = StateHistory(FactsBatch.from_facts([facts])), self._learner.lessons
        self._open = None
        for number, state in enumerate(states):
            batch = StateBatch.from_states([state])
            if number == 0:
                history.restart(np.ones(1, dtype=np.bool_), batch)
            else:
                history.push(batch)
            observation = build_observation(history)[0]
            lesson = self._lesson(state, history, observation)
            if lesson is not None:
                self._learner.remember(lesson)
            targets = self._actions.all_targets(history)[:, 0]
            self._open = _Open(observation, targets, -1, state.time_s)
        self._open = None
        return self._learner.lessons - before

    def _lesson(
        self, state: ClusterState, history: StateHistory, observation: NDArray[np.float32]
    ) -> Lesson | None:
        """What the interval that just ended teaches; None if it was not measured."""
        opened, interval_s = self._open, history.interval_s
        if opened is None or state.rps is None or state.slo_violation_ratio is None:
            return None
        late = state.time_s - opened.time_s > _GAP_INTERVALS * interval_s
        if late or state.metrics_age_s > self._stale_intervals * interval_s:
            return None
        action = nearest_action(opened.targets, state.replicas_desired, opened.action)
        reward = float(rewards(history, self._weights).total[0])
        return Lesson(opened.observation, action, reward, observation)


def nearest_action(targets: NDArray[np.int64], replicas: int, chosen: int) -> int:
    """The action that stands for what was carried out.

    Args:
        targets: Replicas that each action asked for, shape (actions,).
        replicas: What was carried out.
        chosen: What the policy had chosen, which wins a tie; -1 for nothing.
    """
    distance = np.abs(targets - replicas)
    if chosen >= 0 and distance[chosen] == distance.min():
        return chosen
    return int(np.argmin(distance))


def _near(targets: NDArray[np.int64], best: int) -> NDArray[np.int64]:
    reach = max(1.0, EXPLORED_SHARE * float(targets[best]))
    return np.flatnonzero(np.abs(targets - targets[best]) <= reach).astype(np.int64)
