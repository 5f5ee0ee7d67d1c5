"""All that decides what the Live screen shows: the run as read, and how it is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.widgets.too_small import SMALLEST
from core.runs.records import RunKind

if TYPE_CHECKING:
    from console.live.log import LogLine
    from console.live.snapshot import Snapshot

TRAFFIC_CHARTS = ("latency", "replicas", "traffic", "reward")
"""What every run shows, in reading order."""
EXTRA_CHARTS = ("utilization", "queue")
"""What joins where there is room."""
TRAINING_CHARTS = ("score", "episode", "losses", "exploration")
"""What a training shows besides."""

WIDE = 130
"""Columns from which the decision stands beside the charts."""
TALL = 36
"""Rows from which the log gets a third of the height."""
ROOMY = (190, 54)
"""Columns and rows from which more charts join."""


@dataclass(frozen=True, slots=True)
class HeaderContext:
    """What the header must tell besides the run itself."""

    read_only: bool = False
    replay: bool = False
    playing: bool = True
    """Replay: whether the play head moves."""
    replay_speed: float | None = 1.0


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the screen."""

    snapshot: Snapshot | None = None
    problem: str = ""
    opening: str = ""
    """What is said until the run is read."""
    context: HeaderContext = field(default_factory=HeaderContext)
    selected: int = 0
    """Which of the charts keys act on."""
    full_screen: bool = False
    decision: bool | None = None
    """Whether the decision is shown; None leaves it to the width."""
    traffic_page: bool = False
    """Training: show the charts of the traffic where there is no room for all."""
    pattern: str = ""
    refusals: tuple[LogLine, ...] = ()
    """What this console was refused, for the log."""
    width: int = 80
    height: int = 24

    @property
    def too_small(self) -> bool:
        """Whether there is room for one line of explanation only."""
        return self.width < SMALLEST[0] or self.height < SMALLEST[1]

    @property
    def wide(self) -> bool:
        """Whether the decision has a place beside the charts."""
        return self.width >= WIDE

    @property
    def decision_beside(self) -> bool:
        """Whether the decision is shown beside the charts."""
        return self.wide and self.decision is not False and not self.full_screen

    @property
    def decision_instead(self) -> bool:
        """Whether the decision is shown in the place of the charts."""
        return not self.wide and self.decision is True

    @property
    def training(self) -> bool:
        """Whether the run is a training."""
        return self.snapshot is not None and self.snapshot.info.kind is RunKind.TRAINING

    @property
    def charts(self) -> tuple[str, ...]:
        """Names of the charts, in reading order."""
        roomy = self.width >= ROOMY[0] and self.height >= ROOMY[1]
        if self.training:
            if roomy:
                return (*TRAINING_CHARTS, *TRAFFIC_CHARTS)
            return TRAFFIC_CHARTS if self.traffic_page else TRAINING_CHARTS
        return (*TRAFFIC_CHARTS, *EXTRA_CHARTS) if roomy else TRAFFIC_CHARTS

    @property
    def log_rows(self) -> int:
        """Height of the log, its heading included where it has one."""
        if self.height >= TALL:
            return self.height // 3 - 2
        return max(1, 2 + (self.height - 24) // 3)

    @property
    def log(self) -> tuple[LogLine, ...]:
        """What the log shows before filtering, oldest first."""
        lines = self.snapshot.log if self.snapshot is not None else ()
        if not self.refusals:
            return lines
        return tuple(sorted((*lines, *self.refusals), key=lambda line: line.step))
