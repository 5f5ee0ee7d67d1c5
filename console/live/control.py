"""Which command a key means, given how the run stands; plain functions, no widgets."""

from __future__ import annotations

from core.runs.commands import Command, CommandName
from core.runs.records import RunState, RunStatus
from core.state import ControlMode, DeploymentFacts, Step

SPEEDS: tuple[float | None, ...] = (1.0, 10.0, 60.0, None)
"""Simulated seconds per second that + and - step through; None is as fast as possible."""

MODES = (ControlMode.AUTO, ControlMode.SHADOW, ControlMode.MANUAL, ControlMode.HOLD)
"""The order in which `m` goes through the modes."""


def pause_or_resume(status: RunStatus) -> Command:
    """Pause a run that moves, resume one that stands."""
    stands = status.paused or status.state is RunState.PAUSED
    return Command.resume() if stands else Command.pause()


def next_mode(mode: ControlMode) -> Command:
    """The mode after `mode`."""
    return Command.mode(MODES[(MODES.index(mode) + 1) % len(MODES)])


def next_speed(speed: float | None, by: int) -> float | None:
    """The next speed in the direction of `by`; the same at either end."""
    if by > 0:
        return next((one for one in SPEEDS if _rank(one) > _rank(speed)), SPEEDS[-1])
    return next((one for one in reversed(SPEEDS) if _rank(one) < _rank(speed)), SPEEDS[0])


def _rank(speed: float | None) -> float:
    return float("inf") if speed is None else speed


def pinned(
    status: RunStatus, step: Step | None, facts: DeploymentFacts | None, by: int, wanted: int | None
) -> Command | None:
    """An override by `by` replicas more; None if it would not change anything.

    Args:
        status: How the run stands; its mode is MANUAL.
        step: The newest step.
        facts: Limits of the deployment.
        by: Replicas more (or less).
        wanted: What was asked for already and is not answered yet.
    """
    present = wanted if wanted is not None else status.override_target
    if present is None:
        present = step.target if step is not None else None
    if present is None:
        return None
    low = facts.min_replicas if facts is not None else 0
    high = facts.max_replicas if facts is not None else present + abs(by)
    target = min(max(present + by, low), high)
    if target == present:
        return None
    return Command.override(target, status.override_remaining_s)


def target_of(command: Command) -> int | None:
    """The replicas that a command pins; None for other commands."""
    replicas = command.arguments.get("replicas")
    return replicas if command.name is CommandName.OVERRIDE and isinstance(replicas, int) else None
