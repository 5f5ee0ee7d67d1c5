"""Quitting while an engine goes on that no screen of this console shows any more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import RlscaleError

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from console.dialogs.leave import LeaveChoice
    from core.runs.commands import ExitRule

_STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class LeftRun:
    """A run that this console could command when its screen was closed."""

    directory: Path
    training: bool
    controls: str = ""
    """Full name of the Deployment that it scales; empty for none."""

    @property
    def is_live(self) -> bool:
        """Whether its engine still works."""
        from core.runs.reader import RunReader

        try:
            reader = RunReader(self.directory)
            try:
                return reader.status().state.is_live
            finally:
                reader.close()
        except (RlscaleError, OSError):
            return False


def ask_about(application: RlscaleApp, run: LeftRun) -> None:
    """Ask whether the engine of `run` goes on, then quit."""
    from console.dialogs.leave import LeaveChoice, LeaveDialog

    def answered(choice: LeaveChoice | None) -> None:
        if choice is LeaveChoice.LEAVE_RUNNING:
            application.exit()
        elif choice is not None:
            application.notify("Stopping the engine")
            work = partial(_stop, application, run, stop_rule(run.controls, choice))
            application.run_worker(work, thread=True, exclusive=True)

    dialog = LeaveDialog(
        run.directory.name, training=run.training, controls=run.controls, shown=False
    )
    application.push_screen(dialog, answered)


def stop_rule(controls: str, choice: LeaveChoice) -> ExitRule | None:
    """What a stop says about the replicas; nothing where none are controlled."""
    from console.dialogs.leave import LeaveChoice
    from core.runs.commands import ExitRule

    if not controls:
        return None
    return ExitRule.RESTORE if choice is LeaveChoice.RESTORE else ExitRule.HOLD


def _stop(application: RlscaleApp, run: LeftRun, rule: ExitRule | None) -> None:
    from core.runs.catalogue import stop_run

    try:
        stop_run(run.directory, timeout_s=_STOP_TIMEOUT_S, rule=rule)
    except RlscaleError as error:
        application.call_from_thread(
            partial(application.notify, str(error), severity="error", markup=False)
        )
    else:
        application.call_from_thread(application.exit)
