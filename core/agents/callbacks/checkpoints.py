"""Storing where a training stands, so that a killed one goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stable_baselines3.common.callbacks import BaseCallback

from core.agents.agent import Agent
from core.agents.checkpoint import checkpoint_directory, prune_checkpoints
from core.agents.settings import AgentSettings
from core.agents.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True)
class Scores:
    """What the evaluations so far amount to; lower is better."""

    best: float | None
    baseline: float | None


class CheckpointCallback(BaseCallback):
    """Writes a checkpoint every so many steps, between two updates, and when training ends.

    Args:
        agent: Who learns.
        home: Where checkpoints go; the newest two are kept.
        every_steps: Steps between two checkpoints.
        stopwatch: Tells the seconds of training.
        scores: Tells the scores so far.
    """

    def __init__(
        self,
        agent: Agent[AgentSettings],
        home: Path,
        every_steps: int,
        stopwatch: Stopwatch,
        scores: Callable[[], Scores],
    ) -> None:
        super().__init__()
        self._agent = agent
        self._home = home
        self._every_steps = every_steps
        self._stopwatch = stopwatch
        self._scores = scores
        self._last_steps = agent.timesteps

    def _on_training_start(self) -> None:
        self._last_steps = self._agent.timesteps

    def _on_rollout_start(self) -> None:
        # Only here has everything that was counted also been learned from.
        if self._agent.timesteps - self._last_steps >= self._every_steps:
            self.save()

    def _on_training_end(self) -> None:
        if self._agent.timesteps > self._last_steps:
            self.save()

    def _on_step(self) -> bool:
        return True

    def save(self) -> None:
        """Write a checkpoint now."""
        scores = self._scores()
        self._agent.save_checkpoint(
            checkpoint_directory(self._home, self._agent.timesteps),
            wall_s=self._stopwatch.total_s,
            best_score=scores.best,
            baseline_score=scores.baseline,
        )
        self._last_steps = self._agent.timesteps
        prune_checkpoints(self._home)
