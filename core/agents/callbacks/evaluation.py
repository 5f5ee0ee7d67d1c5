"""Judging the policy while it learns, and keeping the best one."""

from __future__ import annotations

from pathlib import Path

from stable_baselines3.common.callbacks import BaseCallback

from core.agents.agent import Agent
from core.agents.callbacks.checkpoints import Scores
from core.agents.learned import LearnedPolicy
from core.agents.settings import AgentSettings
from core.agents.sink import EvaluationResult, TrainingSink, comparable_score
from core.agents.stopwatch import Stopwatch
from core.agents.traffic import Validation


class EvaluationCallback(BaseCallback):
    """Lets the policy control simulated clusters of its own, with its inference rule.

    What is judged is what is shipped: the bundle, with the NumPy network. The best bundle is kept
    with its figures.

    Args:
        agent: Who learns.
        validation: Traffic to judge on.
        every_steps: Steps between two evaluations.
        best: Directory of the best bundle.
        sink: Where results go.
        stopwatch: Tells the seconds of training.
        scores: Scores of earlier sessions.
    """

    def __init__(
        self,
        agent: Agent[AgentSettings],
        validation: Validation,
        every_steps: int,
        best: Path,
        sink: TrainingSink,
        stopwatch: Stopwatch,
        scores: Scores,
    ) -> None:
        super().__init__()
        self._agent = agent
        self._validation = validation
        self._every_steps = every_steps
        self._best = best
        self._sink = sink
        self._stopwatch = stopwatch
        self._scores = scores
        self._last_steps = agent.timesteps

    @property
    def scores(self) -> Scores:
        """The best score so far and the baseline's."""
        return self._scores

    def _on_rollout_start(self) -> None:
        if self._agent.timesteps - self._last_steps >= self._every_steps:
            self.evaluate()

    def _on_training_end(self) -> None:
        if self._scores.best is None or self._agent.timesteps > self._last_steps:
            self.evaluate()

    def _on_step(self) -> bool:
        return True

    def evaluate(self) -> EvaluationResult:
        """Judge the policy as it is now."""
        agent, baseline = self._agent, self._scores.baseline
        if baseline is None:
            baseline = self._validation.baseline_score()
        policy = LearnedPolicy(agent.bundle())
        summary = self._validation.judge(policy)
        score = comparable_score(summary)
        better = self._scores.best is None or score < self._scores.best
        if better:
            agent.save(self._best, summary)
        self._scores = Scores(score if better else self._scores.best, baseline)
        self._last_steps = agent.timesteps
        result = EvaluationResult.of(
            summary,
            timesteps=agent.timesteps,
            wall_s=self._stopwatch.total_s,
            baseline_score=baseline,
            best=better,
        )
        self._log(result)
        self._sink.evaluation(result)
        return result

    def _log(self, result: EvaluationResult) -> None:
        logger = self._agent.model.logger
        logger.record("evaluation/score", result.score)
        logger.record("evaluation/baseline_score", result.baseline_score)
        logger.record("evaluation/slo_violation_ratio", result.slo_violation_ratio)
        logger.record("evaluation/pod_hours", result.pod_hours)
        logger.record("evaluation/churn", result.churn)
        logger.record("evaluation/reward", result.reward)
