"""What the keys of the Runs screen do to a run: refuse, ask, work in a worker, say the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.dialogs.confirm import ConfirmDialog
from console.dialogs.export import ExportDialog, ExportRequest
from console.runs import deeds
from console.runs.row import RunRow
from core.errors import RlscaleError
from core.runs.records import RunKind

if TYPE_CHECKING:
    from console.app import RlscaleApp


class RunDesk:
    """Carries out what is asked of runs.

    Args:
        application: Shows dialogs and notices, and lends its workers.
        begun: Takes what is being done, in a few words.
        done: Called when it is done or has failed.
    """

    def __init__(
        self,
        application: RlscaleApp,
        begun: Callable[[str], None],
        done: Callable[[], None],
    ) -> None:
        self._application = application
        self._begun = begun
        self._done = done

    def refuse(self, reason: str) -> None:
        """Say why something is not done."""
        self._application.notify(reason, severity="warning", markup=False)

    def open(self, row: RunRow, *, read_only: bool = False) -> None:
        """Show a run, with or without the right to command it."""
        if self._can_read(row):
            self._application.open_live(row.directory, read_only=read_only)

    def replay(self, row: RunRow) -> None:
        """Play a run again."""
        if not self._can_read(row):
            return
        if row.kind is RunKind.TRAINING:
            self.refuse("A training has no single course to replay. Enter opens it.")
        else:
            self._application.open_replay(row.directory)

    def debug(self, row: RunRow) -> None:
        """Open the debugger on a run."""
        if not self._can_read(row):
            return
        if row.kind is RunKind.TRAINING:
            self.refuse("A training has no one course to step through. Enter opens it.")
        else:
            self._application.open_debug(row.directory)

    def compare(self, pair: tuple[RunRow, RunRow] | None) -> None:
        """Show two runs side by side."""
        if pair is None:
            self.refuse("Comparing takes two runs: mark them with space.")
            return
        first, second = pair
        if first.kind is not second.kind:
            self.refuse("Expected two runs of the same kind, found a training and a policy's run.")
            return
        from console.screens.compare import CompareScreen

        self._application.push_screen(CompareScreen(first.directory, second.directory))

    def export(self, row: RunRow) -> None:
        """Ask for a format and a file, then write it."""
        if not self._can_read(row):
            return

        def answered(request: ExportRequest | None) -> None:
            if request is not None:
                work = partial(deeds.export, row.directory, request)
                self._do(f"Exporting to {request.target}", work)

        self._application.push_screen(ExportDialog(row.run_id, Path.cwd()), answered)

    def stop(self, row: RunRow) -> None:
        """Stop the engine of a run, after asking."""
        if not row.is_live:
            self.refuse(f"No engine works on this run; it is {row.state_word}.")
            return
        kept = "learned" if row.kind is RunKind.TRAINING else "recorded"
        text = f"{row.run_id}\n{row.title}. What it has {kept} is kept."
        self._ask("Stop this run?", text, "stop it", deeds.stop, row)

    def resume(self, row: RunRow) -> None:
        """Let an engine take up a training, or start a policy's run over."""
        if row.can_resume:
            self._do(f"Resuming {row.run_id}", partial(deeds.resume, row))
        elif row.is_live:
            self.refuse("An engine works on this run already.")
        elif self._can_read(row):
            self.refuse("This training is finished; t sets up another.")

    def delete(self, row: RunRow) -> None:
        """Delete a run, after asking."""
        if row.is_live:
            self.refuse("An engine works on this run; stop it first with x.")
            return
        text = (
            f"{row.run_id}\n{row.title}, {row.started}.\n"
            "Its file, logs and checkpoints go; there is no way back."
        )
        self._ask("Delete this run?", text, "delete", deeds.delete, row)

    def _can_read(self, row: RunRow) -> bool:
        if not row.readable:
            self.refuse(f"This run cannot be read: {row.message}")
        return row.readable

    def _ask(
        self, title: str, text: str, verb: str, deed: Callable[[RunRow], str], row: RunRow
    ) -> None:
        def answered(yes: bool | None) -> None:
            if yes:
                self._do(f"{verb.capitalize()}: {row.run_id}", partial(deed, row))

        self._application.push_screen(ConfirmDialog(title, text, verb), answered)

    def _do(self, note: str, deed: Callable[[], str]) -> None:
        self._begun(note)
        self._application.run_worker(partial(self._work, deed), thread=True, group="deeds")

    def _work(self, deed: Callable[[], str]) -> None:
        try:
            result, failed = deed(), False
        except (RlscaleError, OSError) as error:
            result, failed = str(error), True
        self._application.call_from_thread(self._tell, result, failed)

    def _tell(self, result: str, failed: bool) -> None:
        self._application.notify(
            result, severity="error" if failed else "information", markup=False
        )
        self._done()
