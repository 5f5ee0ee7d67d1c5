"""A training under the roof of a run: its progress into the file, commands out of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from core.agents.sink import EvaluationResult, TrainingProgress
from core.agents.training import TrainingResult, train
from core.clock import Clock
from core.errors import InputError, RunError
from core.runs.commands import ExitRule
from core.runs.config import TrainingConfig
from core.runs.desk import CommandDesk
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunState
from core.runs.rows import StatusRow, StepRecord
from core.runs.session import BUSY_POLL_S, POLL_S, Progress, StopFlag
from core.runs.store import RunWriter
from core.runs.totals import TotalsKeeper
from core.state import Actor, ControlMode, RewardComponents, Step

_STEP_INTERVAL_S: Final = 0.05
"""At most 20 rows of `steps` per second."""
_NOTHING: Final = RewardComponents(slo=0.0, cost=0.0, churn=0.0, error=0.0)


def train_run(
    directory: Path,
    writer: RunWriter,
    clock: Clock,
    status: StatusRow,
    stop: StopFlag,
    on_progress: Callable[[Progress], None] | None = None,
) -> StatusRow:
    """Train as the config in the run file says, from the last checkpoint if there is one.

    Returns:
        The last status, finished or stopped, which is not yet written.

    Raises:
        RlscaleError: What the training raised.
    """
    reader = RunReader(directory)
    config, interval_s = reader.config(), reader.info().interval_s
    reader.close()
    if not isinstance(config, TrainingConfig):
        raise RunError(f"expected the config of a training in {directory.name}.")
    sink = RunSink(writer, clock, replace(status, paused=False), interval_s, stop, on_progress)
    result = train(config, directory, sink, clock)
    writer.set_meta({"result": _result(result)})
    state = RunState.FINISHED if result.completed else RunState.STOPPED
    return replace(
        sink.status,
        state=state,
        message=stop.reason if state is RunState.STOPPED else "",
        timesteps=result.timesteps,
        paused=False,
        eta_s=None,
    )


def _result(result: TrainingResult) -> dict[str, object]:
    return {
        "bundle": str(result.bundle),
        "algo": result.algo.value,
        "steps": result.timesteps,
        "best_steps": result.best_timesteps,
        "wall_s": result.wall_s,
        "steps_per_s": result.steps_per_s,
        "seed": result.seed,
        "evaluation": asdict(result.evaluation),
        "baseline_score": result.baseline_score,
        "completed": result.completed,
    }


class RunSink:
    """Takes what a training tells and writes it; answers commands meanwhile.

    A `TrainingSink`. Of the first cluster's decisions it keeps at most 20 per second.

    Args:
        writer: Store of the run.
        clock: For throttling and pausing.
        status: As it stands when the training starts.
        interval_s: Simulated seconds between two decisions.
        stop: Ends the training when set.
        on_progress: Called some times per second.
    """

    def __init__(
        self,
        writer: RunWriter,
        clock: Clock,
        status: StatusRow,
        interval_s: float,
        stop: StopFlag,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.status = status
        self._writer = writer
        self._clock = clock
        self._stop = stop
        self._on_progress = on_progress
        self._desk = CommandDesk(writer, self)
        self._totals = TotalsKeeper(interval_s)
        self._time_s: float | None = None
        self._episode = status.episode if status.step < 0 else status.episode + 1
        self._next_step_at = clock.monotonic()
        self._next_serve_at = clock.monotonic()
        self._timesteps: float = math.inf

    # -- what the training tells --------------------------------------------------------------

    def step(self, step: Step, capacity_rps: float | None = None) -> None:
        """Take one decision of the first cluster.

        Args:
            step: The decision; its index is replaced by the number of its row.
            capacity_rps: Ready pods times per-pod capacity, where it is known.
        """
        state, reward = step.state, step.reward
        if self._time_s is None or state.time_s <= self._time_s:
            # The reward that comes with it belongs to the episode before.
            reward = _NOTHING
            self._episode += 0 if self._time_s is None else 1
            self._totals.begin(state)
        else:
            self._totals.add(state, reward)
        self._time_s = state.time_s
        now = self._clock.monotonic()
        if now < self._next_step_at:
            return
        self._next_step_at = now + _STEP_INTERVAL_S
        number = self._writer.next_step
        row = replace(step, index=number, reward=reward)
        self._writer.add_step(StepRecord(row, capacity_rps, self._totals.totals, self._episode))
        self._set(step=number, episode=self._episode, time_s=state.time_s)

    def progress(self, progress: TrainingProgress) -> None:
        """Take the newest numbers."""
        if progress.timesteps < self._timesteps:
            # What came after the last checkpoint, or was cut off by a stop, will be done again.
            self._writer.forget_training_after(progress.timesteps)
        self._timesteps = progress.timesteps
        self._writer.add_training(progress)
        self._set(
            state=RunState.RUNNING,
            timesteps=progress.timesteps,
            total_timesteps=progress.total_timesteps,
            steps_per_s=progress.steps_per_s,
            eta_s=progress.eta_s,
        )
        if self._on_progress is not None:
            self._on_progress(
                Progress(progress.timesteps, progress.total_timesteps, progress.steps_per_s)
            )

    def evaluation(self, result: EvaluationResult) -> None:
        """Take the result of an evaluation."""
        self._writer.add_evaluation(result)
        words = (
            f"evaluated at {result.timesteps:,} steps: score {result.score:.2f}, "
            f"calibrated HPA {result.baseline_score:.2f}" + (", best so far" if result.best else "")
        )
        self._event(EventKind.EVALUATION, Actor.NOBODY, words)
        best = result.score if result.best else self.status.best_score
        self._set(best_score=best, baseline_score=result.baseline_score)

    def event(self, text: str) -> None:
        """Take one line for the event log."""
        self._event(EventKind.TRAINING, Actor.NOBODY, text)

    def should_stop(self) -> bool:
        """Say whether the training should end early, and answer commands now and then."""
        now = self._clock.monotonic()
        if now >= self._next_serve_at:
            self._next_serve_at = now + BUSY_POLL_S
            self._desk.serve()
            self._writer.flush_if_due()
        return bool(self._stop.reason)

    def wait_while_paused(self) -> None:
        """Return at once unless paused; else answer commands until resumed or stopped."""
        while self.status.paused and not self._stop.reason:
            self._clock.wait(POLL_S)
            self._desk.serve()
            self._writer.flush_if_due()

    # -- commands, see `Controls` -------------------------------------------------------------

    def pause(self) -> str:
        """Stop before the next step."""
        if self.status.paused:
            return "already paused"
        self._event(EventKind.PACE, Actor.OPERATOR, "paused")
        self._set(paused=True)
        return "paused"

    def resume(self) -> str:
        """Go on."""
        if not self.status.paused:
            return "already running"
        self._event(EventKind.PACE, Actor.OPERATOR, "resumed")
        self._set(paused=False)
        return "resumed"

    def step_once(self) -> str:
        """Refused: a training has no single decisions."""
        raise _refusal("step")

    def set_speed(self, speed: float | None) -> str:
        """Refused: a training always runs as fast as it can."""
        raise _refusal("speed")

    def set_mode(self, mode: ControlMode, confirmation: str = "") -> str:
        """Refused: in a training nobody but the policy acts."""
        raise _refusal("mode")

    def override(self, replicas: int, ttl_s: float | None, confirmation: str = "") -> str:
        """Refused: in a training nobody but the policy acts."""
        raise _refusal("override")

    def release(self) -> str:
        """Refused: in a training nobody but the policy acts."""
        raise _refusal("release")

    def stop(self, reason: str, rule: ExitRule | None = None) -> str:
        """End the training soon, keeping what it has learned."""
        self._stop.request(reason)
        return "stopping"

    def _event(self, kind: EventKind, actor: Actor, message: str) -> None:
        self._writer.add_event(
            kind, actor, message, time_s=self.status.time_s, step=self.status.step
        )

    def _set(self, **changes: object) -> None:
        self.status = replace(self.status, **changes)  # type: ignore[arg-type]
        self._writer.set_status(self.status)


def _refusal(name: str) -> InputError:
    return InputError(
        f"expected pause, resume or stop, found '{name}' to a training.",
        "It applies to inference runs.",
    )
