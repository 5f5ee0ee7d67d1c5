"""How long a training has taken, over all its sessions and without its pauses."""

from __future__ import annotations

from core.clock import Clock


class Stopwatch:
    """Counts seconds of work.

    Args:
        clock: Where time comes from.
        before_s: Seconds of earlier sessions.
    """

    def __init__(self, clock: Clock, before_s: float = 0.0) -> None:
        self._clock = clock
        self._before_s = before_s
        self._started_s = clock.monotonic()
        self._idle_s = 0.0

    @property
    def session_s(self) -> float:
        """Seconds of work in this session."""
        return self._clock.monotonic() - self._started_s - self._idle_s

    @property
    def total_s(self) -> float:
        """Seconds of work in all sessions."""
        return self._before_s + self.session_s

    def continue_from(self, before_s: float) -> None:
        """Count on from the seconds of earlier sessions."""
        self._before_s = before_s

    def exclude(self, seconds: float) -> None:
        """Leave out seconds in which nothing was done on purpose."""
        self._idle_s += seconds
