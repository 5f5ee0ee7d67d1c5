"""What the operator's keys do to the engine, and what is said about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.live.log import LogLine
from core.state import Actor, ControlMode

if TYPE_CHECKING:
    from console.dialogs.override import OverrideDialog
    from console.live.commander import Answer, Commander
    from console.live.signs import Signs
    from console.live.snapshot import Snapshot
    from core.runs.commands import Command

_PICTURES = 3
"""How many pictures may pass until what somebody else pinned counts."""


class Desk:
    """Sends commands for one run and keeps what is not answered yet.

    Args:
        read_only: Whether this console may only look; the sender then refuses every command.
        answered: Called from a thread with every answer.
    """

    def __init__(self, *, read_only: bool, answered: Callable[[Answer], None]) -> None:
        self._read_only = read_only
        self._answered = answered
        self._commander: Commander | None = None
        self._wanted: int | None = None
        self._unanswered = 0
        self._patience = 0

    def send(self, snapshot: Snapshot, command: Command) -> None:
        """Hand in a command for the run of `snapshot`."""
        from console.live.commander import Commander

        if self._commander is None:
            self._commander = Commander(
                snapshot.info.directory, read_only=self._read_only, answered=self._answered
            )
        self._commander.send(command)

    def pin(self, snapshot: Snapshot, by: int) -> str:
        """Pin `by` replicas more; returns why that was not sent, or nothing."""
        from console.live.control import pinned, target_of

        status = snapshot.status
        if status.mode is not ControlMode.MANUAL and self._wanted is None:
            return f"Mode is {status.mode}: press o to pin replicas, or m for MANUAL"
        command = pinned(status, snapshot.step, snapshot.facts, by, self._wanted)
        if command is None:
            return "At the limit of the deployment"
        self._wanted = target_of(command)
        self._unanswered += 1
        self.send(snapshot, command)
        return ""

    def seen(self, snapshot: Snapshot) -> None:
        """Take a newer picture: once it shows the pin, counting goes on from what it shows."""
        if self._wanted is None or self._unanswered:
            return
        # A picture may have been taken just before the answer; a later one decides.
        self._patience -= 1
        if snapshot.status.override_target == self._wanted or self._patience <= 0:
            self._wanted = None

    def settle(self, answer: Answer, snapshot: Snapshot) -> LogLine | None:
        """Take an answer; returns a line for the log if it was a refusal."""
        from console.live.control import target_of

        if target_of(answer.command) is not None and self._unanswered:
            self._unanswered -= 1
            self._patience = _PICTURES
        if answer.ok:
            return None
        self._wanted = None
        time_s = snapshot.step.state.time_s if snapshot.step is not None else 0.0
        words = f"{answer.command.name}: {answer.message}"
        return LogLine(snapshot.newest, time_s, "refused", words, Actor.OPERATOR)

    def stop(self) -> None:
        """Let go of the run."""
        if self._commander is not None:
            self._commander.stop()


def override_dialog(look: Callable[[], Snapshot | None], signs: Signs) -> OverrideDialog | None:
    """The dialog for the run as it stands; None if there is nothing to override yet.

    Args:
        look: The newest picture; the dialog keeps up with it.
        signs: Characters to write with.
    """
    from console.dialogs.override import OverrideDialog, OverrideSubject

    def subject() -> OverrideSubject | None:
        snapshot = look()
        if snapshot is None or snapshot.step is None or snapshot.facts is None:
            return None
        info, step = snapshot.info, snapshot.step
        floor = "the floor of its HPA, " if info.steers_floor else ""
        return OverrideSubject(
            f"{floor}{info.target or info.scenario}",
            step.state,
            step.target,
            snapshot.facts,
            snapshot.guardrails,
            snapshot.status.override_target,
        )

    return None if subject() is None else OverrideDialog(subject, signs)
