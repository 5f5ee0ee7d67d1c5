"""Carrying out a run in this process; the engine is this plus signals and a log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import Clock
from core.errors import RlscaleError, RunError
from core.runs.desk import refuse_waiting
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunKind, RunState
from core.runs.rights import ensure_key
from core.runs.rows import StatusRow
from core.runs.session import InferenceSession, Progress, StopFlag
from core.runs.store import RunWriter
from core.runs.summary import figures
from core.state import Actor

if TYPE_CHECKING:
    from core.runs.branch import Past
    from core.runs.config import InferenceConfig
    from core.runs.loop import ControlLoop
    from core.traffic.scenario import Scenario

_LIVE = "the run ended before it could answer"


def execute(
    directory: Path,
    clock: Clock,
    *,
    stop: StopFlag | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> RunState:
    """Carry out the run in `directory` to its end, holding its lock; anyone may attach meanwhile.

    An inference run must not have begun; a training goes on from its last checkpoint if it has.
    However it ends, the file says how.

    Args:
        directory: A run made by `create_run`.
        clock: Paces everything.
        stop: Ends the run in order when set.
        on_progress: Called some times per second.

    Returns:
        FINISHED or STOPPED.

    Raises:
        RunError: Another engine works on it, or it cannot be begun (again).
        RlscaleError: What went wrong; the run's state is then FAILED, with the same message.
    """
    stop = stop or StopFlag()
    # Whoever sees the lock held may command, and needs the key for it.
    ensure_key(directory)
    # Before the lock is held nobody can hand in a command: these were meant for a lost engine.
    left_behind = _last_command(directory)
    with EngineLock(directory, clock):
        kind, on_cluster = _check(directory)
        writer = RunWriter(directory, clock, durable=on_cluster)
        try:
            goes_on = writer.status.started_wall_time is not None
            started = _start(writer, clock, left_behind)
            if kind is RunKind.INFERENCE:
                ended = _infer(directory, writer, clock, started, stop, on_progress)
            elif on_cluster:
                from core.runs.live_training import train_live_run

                ended = train_live_run(
                    directory, writer, clock, started, stop, on_progress, goes_on=goes_on
                )
            else:
                from core.runs.training import train_run

                ended = train_run(directory, writer, clock, started, stop, on_progress)
            _end(writer, clock, ended)
            return ended.state
        except BaseException as error:
            _fail(writer, clock, error)
            raise
        finally:
            writer.close()


def _last_command(directory: Path) -> int:
    reader = RunReader(directory)
    number = reader.last_command()
    reader.close()
    return number


def _check(directory: Path) -> tuple[RunKind, bool]:
    """Whether the run can be begun: its kind, and whether it is on a real cluster."""
    reader = RunReader(directory)
    status, target = reader.status(), reader.info().target
    reader.close()
    if status.kind is RunKind.INFERENCE and status.step >= 0:
        raise RunError(
            f"expected a run that has not begun, found {status.run_id} at step {status.step}.",
            "Restart it as a new run.",
        )
    if status.kind is RunKind.TRAINING and status.state is RunState.FINISHED:
        raise RunError(
            f"expected an unfinished training, found {status.run_id} finished.",
            "Start a new one.",
        )
    return status.kind, bool(target)


def _start(writer: RunWriter, clock: Clock, left_behind: int) -> StatusRow:
    refuse_waiting(writer, "the engine was lost before it could answer", left_behind)
    before = writer.status
    words = "engine started" if before.started_wall_time is None else "engine started again"
    writer.add_event(EventKind.ENGINE, Actor.NOBODY, words, time_s=before.time_s, step=before.step)
    started = replace(
        before,
        state=RunState.STARTING,
        message="",
        started_wall_time=before.started_wall_time or clock.now(),
        ended_wall_time=None,
    )
    writer.set_status(started)
    writer.flush()
    return started


def _infer(
    directory: Path,
    writer: RunWriter,
    clock: Clock,
    status: StatusRow,
    stop: StopFlag,
    on_progress: Callable[[Progress], None] | None,
) -> StatusRow:
    from core.runs.branch import Past
    from core.runs.config import InferenceConfig

    reader = RunReader(directory)
    try:
        config, info = reader.config(), reader.info()
        if not isinstance(config, InferenceConfig):
            raise RunError(f"expected the config of an inference run in {directory.name}.")
        past = None if config.branch is None else Past(config.branch)
        if config.on_cluster:
            from core.runs.live_run import live_loop

            twin = reader.scenario() if reader.meta("scenario") is not None else None
            loop = live_loop(writer, clock, config, twin, directory)
        else:
            loop = _control_loop(writer, clock, config, reader.scenario(), info.seed, past)
        session = InferenceSession(
            loop,
            writer,
            clock,
            status,
            int((info.duration_s or 0) // info.interval_s),
            stop,
            on_progress,
            real_time=config.on_cluster,
        )
        try:
            ended = session.run(info.seed, past, config.confirmation)
        finally:
            left = loop.close()
        writer.flush()
        writer.set_meta({"figures": figures(reader).as_dict()})
        if left is not None:
            raise left
    finally:
        reader.close()
    return ended


def _control_loop(
    writer: RunWriter,
    clock: Clock,
    config: InferenceConfig,
    scenario: Scenario,
    seed: int,
    past: Past | None,
) -> ControlLoop:
    from core.agents.policy import foretell
    from core.agents.registry import load_policy
    from core.cluster.simulated import SimulatedCluster
    from core.envs.observation import FEATURES
    from core.envs.pipeline import EpisodeSettings
    from core.runs.control import Control
    from core.runs.loop import ControlLoop
    from core.runs.replay import RepeatingPolicy

    policy = load_policy(config.policy)
    foretell(policy, scenario, seed)
    if past is not None:
        policy = RepeatingPolicy(policy, past.decision)
    status = writer.status
    control = Control(
        status.mode, status.former_mode, status.override_target, status.override_ends_s
    )
    cluster = SimulatedCluster(scenario)
    writer.set_meta(
        {
            "facts": asdict(cluster.facts),
            "action_labels": policy.action_labels,
            "feature_names": [feature.name for feature in FEATURES],
        }
    )
    return ControlLoop(
        cluster,
        policy,
        EpisodeSettings(scenario.reward, scenario.guardrails),
        writer,
        clock,
        control,
        scenario.faults,
    )


def _end(writer: RunWriter, clock: Clock, ended: StatusRow) -> None:
    words = ended.state.value + (f": {ended.message}" if ended.message else "")
    writer.add_event(EventKind.ENGINE, Actor.NOBODY, words, time_s=ended.time_s, step=ended.step)
    try:
        refuse_waiting(writer, _LIVE)
    finally:
        writer.set_status(replace(ended, ended_wall_time=clock.now()))
        writer.flush()


def _fail(writer: RunWriter, clock: Clock, error: BaseException) -> None:
    interrupted = isinstance(error, KeyboardInterrupt)
    message = "interrupted" if interrupted else one_line(error)
    state = RunState.STOPPED if interrupted else RunState.FAILED
    # If the file itself cannot be written any more, the error that is on its way says so.
    with suppress(RunError):
        _end(writer, clock, replace(writer.status, state=state, message=message, paused=False))


def one_line(error: BaseException) -> str:
    """What went wrong, for the header: our own errors as they are, others with their type."""
    if isinstance(error, RlscaleError):
        return str(error)
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
