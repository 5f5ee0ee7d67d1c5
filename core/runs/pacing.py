"""When the next decision is due: simulated time in step with the clock, at any speed."""

from __future__ import annotations

import math


class Pacer:
    """Accumulates simulated time at some speed and says how long until one interval has passed.

    Moments come from a monotonic clock, in seconds. Time that a slow turn takes beyond one
    interval is not caught up, so that a run never races after a hiccup.

    Args:
        interval_s: Simulated seconds from one decision to the next.
        speed: Simulated seconds per second; None: as fast as possible.
        paused: Start paused.
        now: The present moment.
    """

    def __init__(self, interval_s: float, speed: float | None, paused: bool, now: float) -> None:
        self._interval_s = interval_s
        self._speed = speed
        self._paused = paused
        self._mark = now
        self._progress_s = 0.0

    @property
    def speed(self) -> float | None:
        """Simulated seconds per second; None: as fast as possible."""
        return self._speed

    @property
    def paused(self) -> bool:
        """Whether simulated time stands still."""
        return self._paused

    def set_speed(self, speed: float | None, now: float) -> None:
        """Change the speed from this moment on; what has passed of the interval stays passed."""
        self._advance(now)
        self._speed = speed

    def pause(self, now: float) -> None:
        """Let simulated time stand still."""
        self._advance(now)
        self._paused = True

    def resume(self, now: float) -> None:
        """Let simulated time go on."""
        self._advance(now)
        self._paused = False

    def due_in(self, now: float) -> float:
        """Seconds until the next decision: 0 if it is due, infinite while paused."""
        self._advance(now)
        if self._paused:
            return math.inf
        if self._speed is None:
            return 0.0
        return max(0.0, (self._interval_s - self._progress_s) / self._speed)

    def turn_taken(self, now: float) -> None:
        """A decision was taken: the next interval begins."""
        self._advance(now)
        # Rounding may leave the interval a hair short; that is no debt to carry over.
        self._progress_s = min(max(0.0, self._progress_s - self._interval_s), self._interval_s)

    def _advance(self, now: float) -> None:
        if not self._paused and self._speed is not None:
            self._progress_s += (now - self._mark) * self._speed
        self._mark = now
