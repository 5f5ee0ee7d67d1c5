"""Where a console stands in a run: it follows or inspects, or it plays the run again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from console.live.navigation import Extent, Navigation
from console.live.playhead import PlayHead

if TYPE_CHECKING:
    from console.live.snapshot import Snapshot, View

_INTERVAL_S = 15.0
"""Until the run says its own."""


@dataclass(frozen=True, slots=True)
class Position:
    """Immutable; every move gives a new one. In a replay the play head is what moves."""

    navigation: Navigation = field(default_factory=Navigation)
    head: PlayHead | None = None
    """The play head of a replay; None otherwise."""

    @property
    def playing(self) -> bool:
        """Whether time alone moves it."""
        return self.head is not None and self.head.playing

    def view(self, snapshot: Snapshot | None) -> View:
        """What has to be read to draw it."""
        from console.live.snapshot import View

        if self.head is None:
            return View(self.navigation)
        run = _run(snapshot)
        return View(self.navigation, self.head.step(run.interval_s, run.newest))

    def advanced(self, elapsed_s: float, snapshot: Snapshot | None) -> Position:
        """After `elapsed_s` of wall time."""
        if self.head is None:
            return self
        run = _run(snapshot)
        return replace(self, head=self.head.advanced(elapsed_s, run.interval_s, run.newest))

    def moved(self, by: int, snapshot: Snapshot | None) -> Position:
        """`by` steps further, or back."""
        run = _run(snapshot)
        if self.head is not None:
            return replace(self, head=self.head.moved(by, run.interval_s, run.newest))
        return replace(self, navigation=self.navigation.moved(by, run))

    def at(self, step: int, snapshot: Snapshot | None) -> Position:
        """At `step`."""
        run = _run(snapshot)
        if self.head is not None:
            return replace(self, head=self.head.at(step, run.interval_s, run.newest))
        if run.newest < 0:
            return self
        return replace(self, navigation=self.navigation.at(step, run))

    def sought(self, step: int, snapshot: Snapshot | None) -> Position:
        """At `step`; a replay goes on playing from there."""
        if self.head is None:
            return self.at(step, snapshot)
        run = _run(snapshot)
        return replace(self, head=self.head.sought(step, run.interval_s, run.newest))

    def followed(self, snapshot: Snapshot | None) -> Position:
        """At the newest step."""
        run = _run(snapshot)
        if self.head is not None:
            return replace(self, head=self.head.at(run.newest, run.interval_s, run.newest))
        return replace(self, navigation=self.navigation.followed())

    def zoomed(self, by: int, snapshot: Snapshot | None) -> Position:
        """More time in view, or less."""
        run = _run(snapshot)
        if self.head is not None:
            run = Extent(self.head.step(run.interval_s, run.newest), run.interval_s)
        return replace(self, navigation=self.navigation.zoomed(by, run))

    def toggled(self, snapshot: Snapshot | None) -> Position:
        """Replay: playing or halted."""
        if self.head is None:
            return self
        run = _run(snapshot)
        return replace(self, head=self.head.toggled(run.interval_s, run.newest))

    def with_speed(self, speed: float | None) -> Position:
        """Replay: at another speed."""
        return self if self.head is None else replace(self, head=self.head.with_speed(speed))


def _run(snapshot: Snapshot | None) -> Extent:
    if snapshot is None:
        return Extent(-1, _INTERVAL_S)
    return Extent(snapshot.length, snapshot.info.interval_s)
