"""What the Live screen draws at one moment: an immutable picture of the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.live.navigation import Navigation
from core.state import ControlMode

if TYPE_CHECKING:
    from console.live.log import LogLine
    from core.runs.columns import Window
    from core.runs.records import EvaluationRow, RunInfo, RunStatus, RunTotals, TrainingRow
    from core.state import DeploymentFacts, Step
    from core.traffic.scenario import GuardrailSettings


@dataclass(frozen=True, slots=True)
class View:
    """What the screen asks the feed for."""

    navigation: Navigation = field(default_factory=Navigation)
    head: int | None = None
    """Replay: the step at the play head; None is the newest there is."""
    points: int = 400
    """Most samples a curve needs."""


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """The run as last read. Parts that did not change are the same objects as before."""

    view: View
    """What it answers."""
    info: RunInfo
    status: RunStatus
    newest: int
    """Number of the newest step that may be shown: the play head in a replay."""
    length: int
    """Number of the newest step in the file, behind the play head or not."""
    window: Window
    step: Step | None
    """The newest step."""
    totals: RunTotals
    """Up to the newest step."""
    inspected: Step | None
    """The step under the cursor; None without one."""
    log: tuple[LogLine, ...]
    """What happened up to the shown step, oldest first."""
    training: tuple[TrainingRow, ...] = ()
    evaluations: tuple[EvaluationRow, ...] = ()
    whole: Window | None = None
    """Replay: the run from its first step to its last."""
    guardrails: GuardrailSettings | None = None
    """Of the scenario; None in a training and until they are read."""

    @property
    def facts(self) -> DeploymentFacts | None:
        """What is known about the scaled service."""
        return self.info.facts

    @property
    def controls(self) -> str:
        """Full name of the Deployment that the run scales; empty if it scales none."""
        status, info = self.status, self.info
        acting = status.mode in (ControlMode.AUTO, ControlMode.MANUAL)
        holding = status.mode is ControlMode.HOLD and info.may_write
        return info.target if status.state.is_live and (acting or holding) else ""

    @property
    def shown_step(self) -> Step | None:
        """The step that panels explain: under the cursor, else the newest."""
        return self.inspected or self.step
