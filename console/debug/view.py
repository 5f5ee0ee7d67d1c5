"""What the debugger is asked to show, and what it found: plain values between threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from console.live.navigation import Navigation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from console.live.snapshot import Snapshot
    from core.debug.breakpoints import Breakpoint, BreakpointCount
    from core.debug.explain import Explanation, Why
    from core.debug.whatif import WhatIf


class Panel(StrEnum):
    """The parts of the screen; the value is the title. Their order is that of the keys 1 to 6."""

    MOMENT = "moment"
    VALUES = "values"
    WHY = "why"
    WHAT_IF = "what if"
    STOPS = "stops"
    ALIKE = "alike"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How a decision is explained."""

    about_target: bool = False
    """Why so many replicas, rather than why this action."""
    since_previous: bool = False
    """Compared with the decision before, rather than with the mean of the run."""
    rival: int | None = None
    """The action that the chosen one is compared with; None for the runner-up."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a moment is played forward."""

    steps: int = 20
    samples: int = 32
    policies: tuple[str, ...] = ("hpa", "rule")
    """Those that take over, beside the alternatives of the decision."""


@dataclass(frozen=True, slots=True)
class DebugView:
    """What the screen asks for."""

    navigation: Navigation = field(default_factory=Navigation)
    inquiry: Inquiry = field(default_factory=Inquiry)
    outlook: Outlook = field(default_factory=Outlook)
    points: int = 400
    """Most samples the timeline needs."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A moment of the run as last read."""

    view: DebugView
    """What it answers."""
    snapshot: Snapshot
    explanation: Explanation | None
    """None before the first decision."""
    why: Why | str
    """Contributions, or why there are none."""
    counts: tuple[BreakpointCount, ...]
    stops: NDArray[np.int64]
    """Every step at which an enabled breakpoint stops."""
    here: tuple[Breakpoint, ...]
    """The enabled ones that stop at the shown step."""

    @property
    def index(self) -> int:
        """The shown step; -1 before the first."""
        return -1 if self.explanation is None else self.explanation.step.index

    def differs_from(self, other: Picture) -> bool:
        """Whether anything that is drawn is another than in `other`."""
        one, two = self.snapshot, other.snapshot
        return not (
            self.view is other.view
            and self.explanation is other.explanation
            and self.why is other.why
            and self.counts == other.counts
            and len(self.stops) == len(other.stops)
            and one.window is two.window
            and one.length == two.length
            and one.status == two.status
        )


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What came of playing a moment forward."""

    index: int
    outlook: Outlook
    found: WhatIf | None = None
    """None while it is worked out, or if it cannot be."""
    problem: str = ""
    """Why it cannot be, in words."""
    faithfulness: str = ""
    """Whether living through the run again came to the recorded moment, in words."""
    progress: float | None = None
    """Share of the way back to the moment that is done; None once it is."""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of something that was asked of the run."""

    words: str = ""
    """To be told; empty if there is nothing to say."""
    failed: bool = False
    goto: int | None = None
    """A step to show now."""
    follow: bool = False
    """Whether to stay with the newest step from now on."""
    watch: bool = False
    """Whether to stop following at the next stop, where the engine cannot be driven to it."""
    rival: Path | None = None
    """A run to hold beside this one now."""
