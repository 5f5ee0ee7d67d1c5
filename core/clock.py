"""Time as something that is passed in, so that a simulation and a test need not wait."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from, in seconds."""

    def now(self) -> float:
        """Seconds since the epoch, for records that people read."""

    def monotonic(self) -> float:
        """Seconds that never go back, for durations."""

    def wait(self, seconds: float, wake: threading.Event | None = None) -> None:
        """Let `seconds` pass, or less if `wake` is set meanwhile."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def wait(self, seconds: float, wake: threading.Event | None = None) -> None:
        """Sleep for `seconds`, or until `wake` is set."""
        if seconds <= 0:
            return
        if wake is None:
            time.sleep(seconds)
        else:
            wake.wait(seconds)
