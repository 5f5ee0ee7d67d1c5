"""Liveness of an engine: an OS file lock that the kernel drops when the process ends, however."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from core.clock import Clock, SystemClock
from core.errors import RunError

LOCK_NAME: Final = "engine.lock"

_RETRY_S: Final = 0.005
_DEADLINE_S: Final = 1.0


class EngineLock:
    """Held by the one engine of a run for as long as it lives.

    A probe (`is_alive`) takes a shared lock for some microseconds. Probes do not hinder each
    other, and an engine that starts at that very moment tries again for up to a second, so that
    a probe can never keep it from starting.

    Args:
        directory: The run directory.
        clock: Paces the retries.

    Raises:
        RunError: Another engine works on this run.
    """

    def __init__(self, directory: Path, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self._descriptor = os.open(directory / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        deadline = clock.monotonic() + _DEADLINE_S
        while True:
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if clock.monotonic() >= deadline:
                    os.close(self._descriptor)
                    raise RunError(
                        f"expected run {directory.name} to be free, found an engine working on it.",
                        "Attach to it, or stop it first.",
                    ) from None
                clock.wait(_RETRY_S)

    def release(self) -> None:
        """Give the lock back; the run then counts as without an engine."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def is_alive(directory: Path) -> bool:
    """Say whether an engine holds the lock of a run; changes nothing and never waits.

    A directory without a lock file (a copied `run.db`) has no engine.
    """
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDONLY)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
