"""Everything about one decision that its run file and its policy can tell."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from core.agents.learned import LearnedPolicy
from core.agents.network import softmax
from core.agents.policy import Policy
from core.debug.attribution import Attribution, Floats, MeanTarget, Preference, attribute
from core.debug.neighbours import Neighbour, Observations
from core.debug.pasts import RecordedPasts
from core.debug.readings import Reading, read_features
from core.debug.returns import Returns
from core.debug.weighing import Option, Weighing, weigh
from core.errors import RlscaleError
from core.state import RewardComponents, Step, ValuesKind

if TYPE_CHECKING:
    from core.debug.recording import Recording
    from core.runs.records import RunInfo

NEIGHBOURS: Final = 3


class Baseline(StrEnum):
    """What an observation is compared with."""

    MEAN = "mean"
    """The mean observation of the run."""
    PREVIOUS = "previous"
    """The observation of the step before."""


class Question(StrEnum):
    """What is asked about a decision."""

    ACTION = "action"
    """Why this action rather than the runner-up?"""
    TARGET = "target"
    """Why so many replicas?"""


@dataclass(frozen=True, slots=True, eq=False)
class Why:
    """What the features contributed to a decision."""

    question: Question
    about: str
    """What the contributions add up to, in words."""
    baseline: Baseline
    against: str
    """What the observation was compared with, in words."""
    attribution: Attribution


@dataclass(frozen=True, slots=True, eq=False)
class Explanation:
    """One decision."""

    step: Step
    before: Step | None
    """The step before; None at the first."""
    readings: tuple[Reading, ...]
    """What the policy saw; empty if it was not recorded."""
    weighing: Weighing | None
    """What it weighed; None for policies without action values."""
    returns: RewardComponents | None
    """The reward up to and including this step, by component; None in a very long run."""
    total_reward: float
    """The same as a whole."""
    neighbours: tuple[Neighbour, ...]
    note: str
    """Why something cannot be told, in words; empty if all can."""


class Explainer:
    """Explains decisions of one run; safe to use from several threads.

    Args:
        recording: The run.
        policy: Who decided, as it is now; None if it cannot be loaded.
        problem: Why it cannot.
    """

    def __init__(self, recording: Recording, policy: Policy | None, problem: str = "") -> None:
        self._recording = recording
        self._policy = policy if isinstance(policy, LearnedPolicy) else None
        self._problem = problem
        self.pasts = RecordedPasts(recording)
        self._observations = Observations(recording.reader)
        self._returns = Returns(recording.reader)

    @property
    def _info(self) -> RunInfo:
        return self._recording.reader.info()

    def explain(self, index: int) -> Explanation:
        """Everything about the decision of step `index`.

        Raises:
            InputError: There is no such step.
        """
        step = self._recording.step(index)
        before = self._recording.step(index - 1) if index > 0 else None
        info = self._info
        earlier = before.observation if before is not None else ()
        weighing, note = None, ""
        if step.decision.values_kind is not ValuesKind.NONE:
            weighing, note = self._weigh(step)
        return Explanation(
            step=step,
            before=before,
            readings=read_features(info.feature_names, step.observation, earlier, info.facts),
            weighing=weighing,
            returns=self._returns.at(index),
            total_reward=self._recording.reader.totals(index).reward,
            neighbours=tuple(self._observations.nearest(index, NEIGHBOURS)),
            note=note,
        )

    def _weigh(self, step: Step) -> tuple[Weighing | None, str]:
        policy, note = self._deciding_policy(step)
        history = None
        if policy is not None:
            try:
                history = self.pasts.at(step.index)
            except RlscaleError as error:
                note = error.message
        return weigh(step.decision, self._info.action_labels, policy, history), note

    def why(
        self,
        index: int,
        question: Question = Question.ACTION,
        baseline: Baseline = Baseline.MEAN,
        rival: int | None = None,
    ) -> Why | str:
        """What the features contributed to a decision.

        Args:
            index: The step.
            question: What is to be explained.
            baseline: What the observation is compared with.
            rival: The action that the chosen one is compared with; the runner-up by default.

        Returns:
            The contributions, or why there are none, in words.

        Raises:
            InputError: There is no such step.
        """
        step = self._recording.step(index)
        policy, note = self._deciding_policy(step)
        if policy is None:
            return note
        weighing, note = self._weigh(step)
        if weighing is None:
            return note or "this decision has no action values"
        if baseline is Baseline.PREVIOUS and index == 0:
            return "the first decision has none before it to compare with"
        if baseline is Baseline.MEAN:
            reference, count = self._observations.mean()
            against = f"the mean of {count:,} observations"
        else:
            reference = np.asarray(self._recording.step(index - 1).observation, dtype=np.float64)
            against = "the observation of the decision before"
        head: Preference | MeanTarget
        if question is Question.TARGET:
            targets = [option.target for option in sorted(weighing.options, key=_by_number)]
            known = [one for one in targets if one is not None]
            if len(known) < len(targets):
                return "what each action asks for cannot be worked out any more"
            head = MeanTarget(tuple(known), policy.temperature)
            about = "logarithm of the mean target"
        else:
            other = weighing.runner_up
            if rival is not None:
                other = next(one for one in weighing.options if one.action == rival)
            is_q = weighing.kind is ValuesKind.Q_VALUES
            unit = 1.0 / policy.manifest.reward_scale if is_q else 1.0
            head = Preference(weighing.chosen.action, other.action, unit)
            scores = "Q-value" if is_q else "logit"
            about = f"{scores} of {weighing.chosen.label} minus that of {other.label}"
        found = attribute(policy.network, head, step.observation, reference)
        return Why(question, about, baseline, against, found)

    def _deciding_policy(self, step: Step) -> tuple[LearnedPolicy | None, str]:
        """The policy that took this decision, or why it is not at hand."""
        policy = self._policy
        if step.decision.values_kind is ValuesKind.NONE:
            return None, "this policy has no network to look into"
        if policy is None:
            return None, self._problem or "the policy cannot be loaded"
        if policy.manifest.observation.features != self._info.feature_names:
            return None, "the policy that is here now sees other features than were recorded"
        if not step.observation:
            return None, "the observation of this decision is not recorded"
        again = _values(policy, step)
        if len(again) != len(step.decision.action_values):
            return None, "the policy has other actions now than when it decided"
        if not np.allclose(again, step.decision.action_values, rtol=1e-4, atol=1e-5):
            return None, "the policy weighs otherwise now than when it decided"
        return policy, ""


def _values(policy: LearnedPolicy, step: Step) -> Floats:
    """What the policy makes of the recorded observation, in the units that are recorded."""
    scores = policy.network.scores(np.asarray([step.observation], dtype=np.float32))
    if step.decision.values_kind is ValuesKind.Q_VALUES:
        values: Floats = scores[0].astype(np.float64) / policy.manifest.reward_scale
        return values
    weights: Floats = softmax(scores, policy.temperature)[0]
    return weights


def _by_number(option: Option) -> int:
    return option.action
