"""A training on a real cluster: an inference run whose policy learns from what becomes of it.

All that makes a run on a cluster safe holds here too: modes, overrides, guardrails, leases. The
policy is taught between two decisions, from whatever was carried out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from core.agents.bundle_files import check_replaceable
from core.agents.checkpoint import checkpoint_directory, find_checkpoints, prune_checkpoints
from core.agents.online import OnlineLearner, online_learner
from core.agents.online_policy import OnlinePolicy
from core.agents.sink import TrainingProgress
from core.agents.stopwatch import Stopwatch
from core.clock import Clock
from core.errors import BundleError, RunError
from core.runs.cluster_meta import ClusterPlan, check_confirmation, plan_of
from core.runs.config import OnlineTrainingConfig
from core.runs.control import Control
from core.runs.live_outcome import conclude
from core.runs.live_run import plan_cluster
from core.runs.loop import ControlLoop
from core.runs.reader import RunReader
from core.runs.records import EventKind
from core.runs.rows import StatusRow
from core.runs.session import InferenceSession, Progress, StopFlag
from core.runs.store import RunWriter
from core.state import Actor, ControlMode

CHECKPOINT_DECISIONS: Final = 40
"""Decisions between two checkpoints: ten minutes at 15 s."""
_REMEMBERED: Final = 20_000
"""Recorded decisions from which the memory of a resumed training is filled again."""
_PAGE: Final = 1_000


def train_live_run(
    directory: Path,
    writer: RunWriter,
    clock: Clock,
    status: StatusRow,
    stop: StopFlag,
    on_progress: Callable[[Progress], None] | None = None,
    *,
    goes_on: bool,
) -> StatusRow:
    """Train on a cluster as the config in the run file says, from the last checkpoint if any.

    A training that goes on begins in SHADOW, whatever mode it was in: control is confirmed anew.
    It goes on where an engine began before, however early that one ended.

    Returns:
        The last status, finished or stopped, which is not yet written.

    Raises:
        RlscaleError: The bundle or the cluster cannot be used, or control not be taken.
    """
    reader = RunReader(directory)
    try:
        config = reader.config()
        if not isinstance(config, OnlineTrainingConfig):
            raise RunError(f"expected the config of a training on a cluster in {directory.name}.")
        twin = reader.scenario() if reader.meta("scenario") is not None else None
        if config.out is not None:
            # Before a training of hours, not after it.
            check_replaceable(config.out)
        plan = plan_of(config.kubernetes, twin)
        check_confirmation(config.confirmation, plan.target)
        session = _Session(directory, writer, clock, config, plan, stop)
        resumed = session.begin(reader) or goes_on
    finally:
        reader.close()
    if resumed:
        status = replace(status, mode=ControlMode.SHADOW, former_mode=None, override_target=None)
        status = replace(status, override_ends_s=None, paused=False)
    status = replace(status, speed=1.0, timesteps=session.learner.agent.timesteps)
    loop = session.loop(status)
    live = InferenceSession(
        loop,
        writer,
        clock,
        status,
        config.steps,
        stop,
        on_progress,
        real_time=True,
        turned=session.turned,
    )
    try:
        ended = live.run(config.seed, confirmation="" if resumed else config.confirmation)
    finally:
        try:
            left = loop.close()
        finally:
            session.save()
    finished = session.finish(ended)
    if left is not None:
        raise left
    return finished


class _Session:
    """One sitting of a training: learner, policy, checkpoints and reports.

    Args:
        directory: Of the run.
        writer: Its store.
        clock: For checkpoints and reports.
        config: Of the run.
        plan: Which Deployment.
        stop: Set when all steps are done.
    """

    def __init__(
        self,
        directory: Path,
        writer: RunWriter,
        clock: Clock,
        config: OnlineTrainingConfig,
        plan: ClusterPlan,
        stop: StopFlag,
    ) -> None:
        self._directory = directory
        self._writer = writer
        self._clock = clock
        self._config = config
        self._plan = plan
        self._stop = stop
        self._stopwatch = Stopwatch(clock)
        self._checkpoints = directory / "checkpoints"
        self.learner: OnlineLearner = online_learner(
            Path(config.start_from),
            config.hyper_parameters,
            (f"{plan.target.namespace}/{plan.target.deployment}",),
            config.seed,
        )
        self._loop: ControlLoop | None = None
        self._policy = OnlinePolicy(
            self.learner,
            plan.episode.weights,
            plan.episode.guardrails,
            self._learned,
            self._is_acting,
        )
        self._loss: float | None = None
        self._reward = 0.0
        self._saved_at = 0
        self._episode = 0

    def begin(self, reader: RunReader) -> bool:
        """Go on from the newest checkpoint; returns whether there was one, or anything recorded."""
        last, found = reader.last_step(), False
        for path in find_checkpoints(self._checkpoints):
            try:
                state = self.learner.agent.resume(path)
            except BundleError as error:
                self._event(f"checkpoint {path.name} cannot be used: {error.message}")
            else:
                self._stopwatch.continue_from(state.wall_s)
                self._event(f"resumed at {state.timesteps:,} decisions from {path.name}")
                found = True
                break
        if last >= 0:
            self._episode = reader.steps_after(last - 1, 1).episode[0] + 1
            self._recall(reader, last)
        self._saved_at = self.learner.agent.timesteps
        return found or last >= 0

    def _recall(self, reader: RunReader, last: int) -> None:
        """Fill the memory from what earlier sittings recorded, session by session."""
        first = max(0, last - _REMEMBERED + 1)
        episodes = reader.raw_steps(("step", "episode"), first, last)
        found = 0
        for number in sorted({episode for _, episode in episodes}):
            own = [step for step, episode in episodes if episode == number]
            states = [
                step.state
                for start in range(own[0], own[-1] + 1, _PAGE)
                for step in reader.steps(start, min(start + _PAGE - 1, own[-1]))
            ]
            found += self._policy.recall(states, self._plan.facts)
        self._event(f"{found:,} recorded decisions are remembered")

    def loop(self, status: StatusRow) -> ControlLoop:
        """The control loop, not yet started."""
        control = Control(
            status.mode, status.former_mode, status.override_target, status.override_ends_s
        )
        cluster = plan_cluster(
            self._plan,
            self._clock,
            self._directory,
            self._writer,
            self._config.write,
            self._config.seed,
        )
        self._loop = ControlLoop(
            cluster,
            self._policy,
            self._plan.episode,
            self._writer,
            self._clock,
            control,
            first_step=self._writer.next_step,
            episode=int(self._episode),
        )
        return self._loop

    def turned(self, status: StatusRow) -> StatusRow:
        """Report, keep a checkpoint now and then, and end when all is learned."""
        agent, total = self.learner.agent, self._config.steps
        eta_s = max(total - agent.timesteps, 0) * self._plan.facts.interval_s
        per_s = 1.0 / self._plan.facts.interval_s
        self._writer.add_training(
            TrainingProgress(
                timesteps=agent.timesteps,
                total_timesteps=total,
                wall_s=self._stopwatch.total_s,
                steps_per_s=per_s,
                eta_s=eta_s,
                episode_reward=self._reward,
                q_loss=self._loss,
                exploration=self.learner.exploration if self._is_acting() else 0.0,
                learning_rate=agent.settings.learning_rate,
            )
        )
        if agent.timesteps - self._saved_at >= CHECKPOINT_DECISIONS:
            self.save()
        if agent.timesteps >= total:
            self._stop.request(_DONE)
        return replace(
            status,
            timesteps=agent.timesteps,
            total_timesteps=total,
            eta_s=eta_s,
            episode=int(self._episode),
        )

    def save(self) -> None:
        """Write a checkpoint, if anything was learned since the last one."""
        agent = self.learner.agent
        if agent.timesteps <= self._saved_at:
            return
        path = checkpoint_directory(self._checkpoints, agent.timesteps)
        agent.save_checkpoint(path, wall_s=self._stopwatch.total_s)
        prune_checkpoints(self._checkpoints)
        self._saved_at = agent.timesteps

    def finish(self, ended: StatusRow) -> StatusRow:
        """Keep what was learned; see `conclude`."""
        return conclude(
            self._directory,
            self._writer,
            self._config,
            self.learner.agent,
            self._stopwatch,
            ended,
        )

    def _learned(self, reward: float, loss: float | None) -> None:
        # A running mean over about a quarter of an hour takes the place of an episode's reward.
        self._reward += (reward - self._reward) / 60.0
        self._loss = loss

    def _is_acting(self) -> bool:
        return self._loop is not None and self._loop.control.mode is ControlMode.AUTO

    def _event(self, text: str) -> None:
        status = self._writer.status
        self._writer.add_event(
            EventKind.TRAINING, Actor.NOBODY, text, time_s=status.time_s, step=status.step
        )


_DONE: Final = "all decisions are taken"
