"""Clocks for tests: one that stands until somebody waits, and waiting for real processes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from core.runs.reader import RunReader
from core.runs.records import RunState

LOG_TAIL = 2_000


class ManualClock:
    """Time passes only where somebody waits for it."""

    def __init__(self, start: float = 1_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return 1_800_000_000.0 + self.time

    def monotonic(self) -> float:
        return self.time

    def wait(self, seconds: float, wake: threading.Event | None = None) -> None:
        self.time += max(0.0, seconds)


def wait_until(
    condition: Callable[[], bool], timeout_s: float = 20.0, directory: Path | None = None
) -> None:
    """Poll a real process until `condition` holds.

    Gives up at the time-out, or when the run in `directory` has failed; then shows its log.
    """
    deadline = time.monotonic() + timeout_s
    while not condition():
        failed = directory is not None and RunReader(directory).status().state is RunState.FAILED
        if failed or time.monotonic() > deadline:
            log = directory / "engine.log" if directory is not None else None
            text = log.read_text()[-LOG_TAIL:] if log is not None and log.exists() else "no log"
            raise AssertionError(f"not so within {timeout_s} s; engine.log: {text}")
        time.sleep(0.005)
