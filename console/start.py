"""What the console opens with, and how it draws: plain values from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StartSetup:
    """Open on the Setup screen."""

    training: bool = False
    """Whether training is chosen there at once."""
    scenario: str = ""
    """Name of a scenario that is picked there at once; empty for the last one."""
    own_file: bool = False
    """Whether the path of an own file is asked for at once."""
    cluster: bool = False
    """Whether a real cluster is chosen as environment at once."""


@dataclass(frozen=True, slots=True)
class StartRuns:
    """Open on the list of runs."""


@dataclass(frozen=True, slots=True)
class StartAttach:
    """Open the Live screen on a run, live or ended."""

    run_directory: Path
    read_only: bool = False
    """Whether this console may only look."""


@dataclass(frozen=True, slots=True)
class StartReplay:
    """Open a run with a play head of this console's own."""

    run_directory: Path
    begin_s: float = 0.0
    """Where the play head begins, in simulated seconds after the first decision."""
    speed: float | None = 10.0
    """Simulated seconds per second; None is as fast as makes sense."""


@dataclass(frozen=True, slots=True)
class StartDemo:
    """Tell a story: a script steers the console until somebody else does."""

    seed: int | None = None
    """Source of all randomness; None takes the scenario's own."""
    script: Path | None = None
    """Where the story is written; None for the one that comes with the console."""
    pace: float = 1.0
    """How much faster than written it is told."""


@dataclass(frozen=True, slots=True)
class StartDebug:
    """Open a run in the debugger."""

    run_directory: Path
    step: int | None = None
    """The decision; None for the newest, unless there is a time."""
    time_s: float | None = None
    """The same by simulated time."""
    read_only: bool = False
    """Whether this console may only look."""
    versus: Path | None = None
    """Another run to hold beside it; then both are stepped through."""


StartRequest = StartSetup | StartRuns | StartAttach | StartReplay | StartDemo | StartDebug


@dataclass(frozen=True, slots=True)
class DrawingOptions:
    """How this terminal is drawn to."""

    ascii: bool = False
    """No character outside ASCII."""
    low_bandwidth: bool = False
    """One redraw a second and no animation."""
    fps: float | None = None
    """Redraws per second that were asked for; None goes by `low_bandwidth`."""

    @property
    def refresh_hz(self) -> float:
        """How often the screen looks for something new."""
        if self.fps is not None:
            return self.fps
        return 1.0 if self.low_bandwidth else 2.0


def over_ssh(environment: Mapping[str, str]) -> bool:
    """Whether the terminal is at the other end of an SSH line, by a process's variables."""
    return "SSH_CONNECTION" in environment or "SSH_TTY" in environment
