"""What a control loop tells while it runs."""

from __future__ import annotations

from typing import Protocol

from core.cluster.base import ScaleOutcome
from core.runs.records import EventKind
from core.runs.rows import StepRecord
from core.state import Actor, ControlMode


class Journal(Protocol):
    """Where a loop writes what happens; `RunWriter` is one."""

    def add_step(self, record: StepRecord) -> None:
        """Take a finished turn."""

    def amend_step(self, mode: ControlMode, actor: Actor, target: int, guardrail: str) -> None:
        """Hear that the newest step's target was replaced before its interval began."""

    def add_event(
        self, kind: EventKind, actor: Actor, message: str, *, time_s: float, step: int
    ) -> None:
        """Take one line for the event log."""

    def begin_scaling(
        self, *, step: int, time_s: float, actor: Actor, replicas_before: int, target: int
    ) -> int:
        """Write the intent to scale before the call; return its number."""

    def finish_scaling(self, number: int, outcome: ScaleOutcome) -> None:
        """Write what the cluster answered."""
