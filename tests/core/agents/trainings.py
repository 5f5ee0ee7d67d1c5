"""Tiny trainings for tests: a short scenario, few clusters, a sink that remembers."""

from __future__ import annotations

import threading
from pathlib import Path

from core.agents.config import Algorithm, HyperParameters, TrainingConfig
from core.agents.sink import EvaluationResult, TrainingProgress
from core.state import Step

SCENARIO = """\
name: short
description: Ten minutes of a ramp.
traffic:
  - {kind: ramp, from_rps: 100, to_rps: 400, start_s: 0, duration_s: 600}
duration_s: 600
"""


class Recorder:
    """A sink that keeps all it hears, and can stop the training after some steps."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.steps: list[Step] = []
        self.capacities_rps: list[float | None] = []
        self.reports: list[TrainingProgress] = []
        self.evaluations: list[EvaluationResult] = []
        self.events: list[str] = []
        self.stop_after = stop_after

    def step(self, step: Step, capacity_rps: float | None = None) -> None:
        self.steps.append(step)
        self.capacities_rps.append(capacity_rps)

    def progress(self, progress: TrainingProgress) -> None:
        self.reports.append(progress)

    def evaluation(self, result: EvaluationResult) -> None:
        self.evaluations.append(result)

    def event(self, text: str) -> None:
        self.events.append(text)

    def should_stop(self) -> bool:
        return self.stop_after is not None and len(self.steps) >= self.stop_after

    def wait_while_paused(self) -> None:
        pass


class TickingClock:
    """Every look at the clock finds it one second later."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def now(self) -> float:
        return self._seconds

    def monotonic(self) -> float:
        self._seconds += 1.0
        return self._seconds

    def wait(self, seconds: float, wake: threading.Event | None = None) -> None:
        self._seconds += seconds


def write_scenario(folder: Path) -> Path:
    path = folder / "short.yaml"
    path.write_text(SCENARIO)
    return path


def tiny(scenario: Path, algo: Algorithm = Algorithm.PPO, *, steps: int = 256) -> TrainingConfig:
    """Four clusters; PPO updates every 32 steps, DQN every 4."""
    return TrainingConfig(
        algo=algo,
        scenarios=(str(scenario),),
        steps=steps,
        seed=3,
        evaluation_every=128,
        checkpoint_every=64,
        hyper_parameters=HyperParameters(
            environments=4, rollout_steps=8, batch_size=16, epochs=2, gradient_steps=1
        ),
    )
