"""Where a training reports to, and where it hears that it should pause or stop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from core.state import Step
from core.summary import Summary


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """How a training goes; None where the algorithm has no such number, or none yet."""

    timesteps: int
    """Decisions taken so far in all clusters together, earlier sessions included."""
    total_timesteps: int
    wall_s: float
    """Seconds of training so far, earlier sessions included."""
    steps_per_s: float
    """Speed of late, everything included."""
    eta_s: float | None
    """Estimated seconds left."""
    episode_reward: float | None = None
    """Mean unscaled reward of the episodes that ended of late."""
    episode_length: float | None = None
    """Their mean length in decisions."""
    policy_loss: float | None = None
    value_loss: float | None = None
    entropy: float | None = None
    """Mean entropy of the policy in nats (PPO)."""
    q_loss: float | None = None
    """Mean Huber loss of the Q-network (DQN)."""
    exploration: float | None = None
    """Probability of a random action (DQN)."""
    learning_rate: float | None = None


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """One evaluation during training: an average episode of validation traffic."""

    timesteps: int
    wall_s: float
    score: float
    """Pod-hours / needed pod-hours + 30 * violation ratio; lower is better."""
    baseline_score: float
    """The same for the HPA that is calibrated on the training suite, on the same traffic."""
    slo_violation_ratio: float
    pod_hours: float
    churn: float
    reward: float
    best: bool
    """True if no earlier evaluation of this training was better."""

    @classmethod
    def of(
        cls,
        summary: Summary,
        *,
        timesteps: int,
        wall_s: float,
        baseline_score: float,
        best: bool,
    ) -> EvaluationResult:
        """The result that an average episode's figures are."""
        return cls(
            timesteps=timesteps,
            wall_s=wall_s,
            score=comparable_score(summary),
            baseline_score=baseline_score,
            slo_violation_ratio=summary.slo_violation_ratio,
            pod_hours=summary.pod_hours,
            churn=summary.churn,
            reward=summary.reward,
            best=best,
        )


def comparable_score(summary: Summary) -> float:
    """The score; one that is not known is worse than any."""
    return math.inf if summary.score is None else summary.score


class TrainingSink(Protocol):
    """What a training tells the world; the run store implements it.

    All calls come from the training thread, `step` and `should_stop` once per step of all
    clusters (some hundred times per second), so they must be cheap and must not raise.
    """

    def step(self, step: Step, capacity_rps: float | None = None) -> None:
        """Take one decision of the first simulated cluster.

        Args:
            step: The decision.
            capacity_rps: Ready pods times per-pod capacity; None if it is not known.
        """

    def progress(self, progress: TrainingProgress) -> None:
        """Take the newest numbers, a few times per second at most."""

    def evaluation(self, result: EvaluationResult) -> None:
        """Take the result of an evaluation."""

    def event(self, text: str) -> None:
        """Take one line for the event log."""

    def should_stop(self) -> bool:
        """Say whether the training should end early, keeping what it has learned."""

    def wait_while_paused(self) -> None:
        """Return at once unless paused; else block until resumed or stopped."""


class NullSink:
    """Takes everything and does nothing; for trainings that nobody watches."""

    def step(self, step: Step, capacity_rps: float | None = None) -> None:
        """Drop the step."""

    def progress(self, progress: TrainingProgress) -> None:
        """Drop the numbers."""

    def evaluation(self, result: EvaluationResult) -> None:
        """Drop the result."""

    def event(self, text: str) -> None:
        """Drop the line."""

    def should_stop(self) -> bool:
        """Never stop early."""
        return False

    def wait_while_paused(self) -> None:
        """Never pause."""
