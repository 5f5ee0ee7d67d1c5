"""Starting engines: detached processes that outlive the console."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any, Final

from core.clock import Clock, SystemClock
from core.errors import InputError, RunError
from core.runs.config import InferenceConfig, RunConfig
from core.runs.creation import create_run
from core.runs.lock import is_alive
from core.runs.reader import RunReader
from core.runs.records import RunKind, RunState
from core.state import ControlMode
from core.subprocesses import module_command, module_environment

LOG_NAME: Final = "engine.log"

_START_TIMEOUT_S: Final = 20.0
_POLL_S: Final = 0.005
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_children: list[subprocess.Popen[bytes]] = []
"""Engines of this process, so that ended ones are reaped when the next one starts."""


def launch(config: RunConfig, *, clock: Clock | None = None) -> Path:
    """Create a run and start a detached engine on it.

    Args:
        config: What the run is asked to do.
        clock: Paces the waiting; the machine's by default.

    Returns:
        The run directory, as soon as the engine holds its lock.

    Raises:
        InputError: The config names what does not exist or does not fit.
        RunError: The engine did not start.
    """
    directory = create_run(config, clock=clock)
    start_engine(directory, clock=clock)
    return directory


def restart(directory: Path, *, clock: Clock | None = None) -> Path:
    """Start an inference run over: a new run with the same config, scenario and seed.

    The old run stays as it is, and the new one names it as its parent. On a real cluster it begins
    in SHADOW, whatever the old one did: control is confirmed anew.

    Returns:
        The new run's directory.

    Raises:
        InputError: The run is a training.
        RunError: Its file cannot be read, or the engine did not start.
    """
    reader = RunReader(directory)
    try:
        info, config = reader.info(), reader.config()
        if not isinstance(config, InferenceConfig):
            raise InputError(
                f"expected an inference run to restart, found training {info.run_id}.",
                "Resume it instead.",
            )
        known = not config.on_cluster or reader.meta("scenario") is not None
        scenario = reader.scenario() if known else None
    finally:
        reader.close()
    if config.on_cluster:
        looking = {"confirmation": "", "mode": ControlMode.SHADOW, "override_replicas": None}
        config = config.model_copy(update=looking)
    if config.branch is not None:
        # Its own file has the past that it repeated, whatever became of the other run.
        branch = config.branch.model_copy(update={"run": str(directory.resolve())})
        config = config.model_copy(update={"branch": branch})
    again = create_run(config, parent=info.run_id, scenario=scenario, clock=clock)
    start_engine(again, clock=clock)
    return again


def launch_branch(directory: Path, step: int, **choices: Any) -> Path:
    """Create a branch and start a detached engine on it; see `core.runs.branch.create_branch`.

    Returns:
        The new run's directory, as soon as the engine holds its lock.
    """
    from core.runs.branch import create_branch

    branched = create_branch(directory, step, **choices)
    start_engine(branched, clock=choices.get("clock"))
    return branched


def resume(directory: Path, *, clock: Clock | None = None) -> Path:
    """Let a training that was stopped, failed or lost go on from its last checkpoint.

    Returns:
        The same directory.

    Raises:
        InputError: The run is no training, or is finished.
        RunError: An engine works on it, or the engine did not start.
    """
    reader = RunReader(directory)
    status = reader.status()
    reader.close()
    if status.kind is not RunKind.TRAINING:
        raise InputError(
            f"expected a training to resume, found {status.kind} run {status.run_id}.",
            "Restart it instead.",
        )
    if status.state is RunState.FINISHED:
        raise InputError(f"expected an unfinished training, found {status.run_id} finished.")
    if status.state.is_live:
        raise RunError(f"expected an ended training, found {status.run_id} {status.state}.")
    start_engine(directory, clock=clock)
    return directory


def start_engine(
    directory: Path, *, clock: Clock | None = None, timeout_s: float = _START_TIMEOUT_S
) -> None:
    """Start an engine on an existing run and wait until it holds the lock.

    Raises:
        RunError: It ended with an error, or took longer than `timeout_s`.
    """
    clock = clock or SystemClock()
    _children[:] = [child for child in _children if child.poll() is None]
    descriptor = os.open(directory / LOG_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            module_command("core.runs.engine", str(directory.resolve())),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            env=_environment(directory),
        )
    finally:
        os.close(descriptor)
    _children.append(process)
    deadline = clock.monotonic() + timeout_s
    while not is_alive(directory):
        code = process.poll()
        if code is not None:
            _check_end(directory, code)
            return
        if clock.monotonic() >= deadline:
            process.kill()
            raise RunError(
                f"expected the engine to start within {timeout_s:g} s, found none.",
                f"See {directory / LOG_NAME}.",
            )
        clock.wait(_POLL_S)


def _environment(directory: Path) -> dict[str, str]:
    environment = module_environment()
    reader = RunReader(directory)
    kind = reader.info().kind
    reader.close()
    if kind is RunKind.INFERENCE:
        # One small network on one core: more threads cost memory and start-up time only.
        for name in _ONE_THREAD:
            environment.setdefault(name, "1")
    return environment


def _check_end(directory: Path, code: int) -> None:
    """An engine that ended at once is an error, unless its run was that short."""
    reader = RunReader(directory)
    status = reader.status()
    reader.close()
    if code == 0:
        return
    text = (directory / LOG_NAME).read_text(encoding="utf-8", errors="replace").strip()
    last = text.splitlines()[-1] if text else f"exit code {code}"
    reason = status.message if status.state is RunState.FAILED else last
    raise RunError(
        f"expected the engine to start, found it ended: {reason}", f"See {directory / LOG_NAME}."
    )
