"""Telling how a training goes, and hearing that it should pause or stop."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from core.agents.agent import Agent
from core.agents.settings import AgentSettings
from core.agents.sink import TrainingProgress, TrainingSink
from core.agents.stopwatch import Stopwatch
from core.clock import Clock

_EVERY_S: Final = 0.5
_SPEED_WINDOW: Final = 20
"""Reports that the speed is averaged over."""
_LOGGED: Final = {
    "train/policy_gradient_loss": "policy_loss",
    "train/value_loss": "value_loss",
    "train/entropy": "entropy",
    "train/loss": "q_loss",
    "train/learning_rate": "learning_rate",
    "rollout/exploration_rate": "exploration",
}


class ProgressCallback(BaseCallback):
    """Reports to the sink twice a second, and asks it after every step whether to go on.

    Args:
        agent: Who learns.
        sink: Where progress goes.
        total_timesteps: Steps at which the training ends.
        stopwatch: Tells the seconds of training.
        clock: Where time comes from.
    """

    def __init__(
        self,
        agent: Agent[AgentSettings],
        sink: TrainingSink,
        total_timesteps: int,
        stopwatch: Stopwatch,
        clock: Clock,
    ) -> None:
        super().__init__()
        self._agent = agent
        self._sink = sink
        self._total_timesteps = total_timesteps
        self._stopwatch = stopwatch
        self._clock = clock
        self._next_s = 0.0
        self._numbers: dict[str, float] = {}
        self._marks: deque[tuple[float, int]] = deque(maxlen=_SPEED_WINDOW)

    def _on_training_start(self) -> None:
        self._marks.append((self._stopwatch.session_s, self._agent.timesteps))

    def _on_step(self) -> bool:
        before_s = self._clock.monotonic()
        self._sink.wait_while_paused()
        now_s = self._clock.monotonic()
        self._stopwatch.exclude(now_s - before_s)
        if now_s >= self._next_s:
            self._next_s = now_s + _EVERY_S
            self.report()
        return not self._sink.should_stop()

    def _on_rollout_start(self) -> None:
        self._collect()

    def _on_training_end(self) -> None:
        self._collect()
        self.report()

    def _collect(self) -> None:
        """Keep what the algorithm logged; the logger forgets it when it writes."""
        logged = self.logger.name_to_value
        for name, key in _LOGGED.items():
            if name in logged:
                self._numbers[key] = float(logged[name])

    def report(self) -> None:
        """Report the numbers of now."""
        self._collect()
        agent = self._agent
        seconds, steps = self._stopwatch.session_s, agent.timesteps
        self._marks.append((seconds, steps))
        first_s, first_steps = self._marks[0]
        speed = (steps - first_steps) / (seconds - first_s) if seconds > first_s else 0.0
        remaining = max(0, self._total_timesteps - steps)
        episodes = list(agent.model.ep_info_buffer or [])
        self._sink.progress(
            TrainingProgress(
                timesteps=steps,
                total_timesteps=self._total_timesteps,
                wall_s=self._stopwatch.total_s,
                steps_per_s=speed,
                eta_s=remaining / speed if speed > 0 else None,
                episode_reward=_mean([one["r"] for one in episodes]),
                episode_length=_mean([one["l"] for one in episodes]),
                policy_loss=self._numbers.get("policy_loss"),
                value_loss=self._numbers.get("value_loss"),
                entropy=self._numbers.get("entropy"),
                q_loss=self._numbers.get("q_loss"),
                exploration=self._numbers.get("exploration"),
                learning_rate=self._numbers.get("learning_rate"),
            )
        )


def _mean(values: list[float]) -> float | None:
    return float(np.mean(values)) if values else None
