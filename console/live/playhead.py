"""The play head of a replay: which step is shown, and how it moves with time."""

from __future__ import annotations

from dataclasses import dataclass, replace

FASTEST_S = 10.0
"""At the speed `max` a whole run passes in about this many seconds."""


@dataclass(frozen=True, slots=True)
class PlayHead:
    """A position in a run, in simulated seconds after its first step."""

    position_s: float = 0.0
    playing: bool = True
    speed: float | None = 10.0
    """Simulated seconds per second; None is `max`."""

    def step(self, interval_s: float, length: int) -> int:
        """The step at the head, from 0 to `length`."""
        return min(max(int(self.position_s / interval_s + 1e-6), 0), max(length, 0))

    def advanced(self, elapsed_s: float, interval_s: float, length: int) -> PlayHead:
        """After `elapsed_s` of wall time; halts at the end of the run."""
        if not self.playing or length < 0 or not elapsed_s:
            return self
        end_s = length * interval_s
        speed = self.speed if self.speed is not None else max(end_s / FASTEST_S, 60.0)
        position = self.position_s + elapsed_s * speed
        return replace(self, position_s=min(position, end_s), playing=position < end_s)

    def toggled(self, interval_s: float, length: int) -> PlayHead:
        """Playing, or halted; from the end it starts over."""
        at_end = self.position_s >= length * interval_s
        if not self.playing and at_end:
            return replace(self, position_s=0.0, playing=True)
        return replace(self, playing=not self.playing)

    def moved(self, steps: int, interval_s: float, length: int) -> PlayHead:
        """Halted, `steps` further."""
        return self.at(self.step(interval_s, length) + steps, interval_s, length)

    def at(self, step: int, interval_s: float, length: int) -> PlayHead:
        """Halted at `step`, or at the end that lies nearest."""
        kept = min(max(step, 0), max(length, 0))
        return replace(self, position_s=kept * interval_s, playing=False)

    def sought(self, step: int, interval_s: float, length: int) -> PlayHead:
        """At `step`, or at the end that lies nearest; a head that plays goes on playing."""
        return replace(self.at(step, interval_s, length), playing=self.playing)

    def with_speed(self, speed: float | None) -> PlayHead:
        """At another speed."""
        return replace(self, speed=speed)
