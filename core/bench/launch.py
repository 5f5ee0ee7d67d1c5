"""Starting a benchmark in a process of its own, which outlives the console."""

from __future__ import annotations

import os
import subprocess
from typing import Final

from core.bench.directory import LOG_FILE, BenchDirectory
from core.clock import Clock, SystemClock
from core.errors import RunError
from core.subprocesses import module_command, module_environment

_START_TIMEOUT_S: Final = 20.0
_POLL_S: Final = 0.01

_children: list[subprocess.Popen[bytes]] = []
"""Benchmarks of this process, so that ended ones are reaped when the next one starts."""


def launch_bench(directory: BenchDirectory, clock: Clock | None = None) -> None:
    """Let a detached process work on a benchmark; returns once it does.

    Args:
        directory: Of a benchmark that nobody works on.
        clock: Paces the waiting; the machine's by default.

    Raises:
        RunError: The process did not start.
    """
    clock = clock or SystemClock()
    _children[:] = [child for child in _children if child.poll() is None]
    directory.forget_stop()
    log = directory.path / LOG_FILE
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = subprocess.Popen(
            module_command("core.bench.engine", str(directory.path.resolve())),
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            start_new_session=True,
            env=module_environment(),
        )
    finally:
        os.close(descriptor)
    _children.append(process)
    deadline = clock.monotonic() + _START_TIMEOUT_S
    while not directory.is_worked_on:
        code = process.poll()
        if code == 0:
            return
        if code is not None:
            progress = directory.progress()
            reason = progress.error if progress is not None else ""
            raise RunError(
                f"expected the benchmark to start, found it ended: {reason or f'see {log}.'}"
            )
        if clock.monotonic() >= deadline:
            process.kill()
            raise RunError(
                f"expected the benchmark to start within {_START_TIMEOUT_S:g} s, found it did not.",
                f"See {log}.",
            )
        clock.wait(_POLL_S)
