"""What can be done to a run from the list; each returns what to tell the operator.

All of them read and write files or wait for an engine, so they are called from workers.
"""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

from textual.worker import get_current_worker

from console.dialogs.export import ExportRequest
from console.recording.formats import RecordingFormat
from console.runs.row import RunRow
from core.errors import RunError
from core.runs import catalogue
from core.runs.export import ExportFormat, export_run
from core.runs.records import RunKind
from core.subprocesses import module_command, module_environment

_LOOK_S = 0.2
_STOP_TIMEOUT_S = 30.0
"""A training on a busy machine answers between two updates of its network."""


def stop(row: RunRow) -> str:
    """Ask the engine to end the run in order.

    Raises:
        RunError: No engine works on it, or it did not answer.
    """
    catalogue.stop_run(row.directory, timeout_s=_STOP_TIMEOUT_S)
    return f"{row.run_id} is stopping."


def delete(row: RunRow) -> str:
    """Delete the run with all its files.

    Raises:
        RunError: An engine works on it, or it cannot be deleted.
    """
    catalogue.delete_run(row.directory)
    return f"{row.run_id} is deleted."


def resume(row: RunRow) -> str:
    """Let a training go on from its last checkpoint, or start a policy's run over.

    Raises:
        InputError: The training is finished.
        RunError: An engine works on it, or the engine did not start.
    """
    from core.runs.launch import restart
    from core.runs.launch import resume as resume_training

    if row.kind is RunKind.TRAINING:
        resume_training(row.directory)
        return f"{row.run_id} goes on from its last checkpoint."
    again = restart(row.directory)
    return f"Started over as {again.name}."


def export(directory: Path, request: ExportRequest) -> str:
    """Write a run to a file.

    Raises:
        InputError: The file exists.
        RunError: The run cannot be read, or the file not written.
    """
    if request.format in tuple(RecordingFormat):
        _record(directory, request)
    else:
        export_run(directory, request.target, ExportFormat(request.format))
    return f"Exported to {request.target}."


def _record(directory: Path, request: ExportRequest) -> None:
    """Let the command do it: a recording brings up a console of its own, in its own process."""
    options = ("--format", request.format, "--out", str(request.target))
    command = module_command("console.cli", "runs", "export", str(directory), *options)
    process = subprocess.Popen(
        command,
        env=module_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    said = ""
    worker = get_current_worker()
    while process.returncode is None:
        with suppress(subprocess.TimeoutExpired):
            _, said = process.communicate(timeout=_LOOK_S)
        if worker.is_cancelled:
            # The console is leaving; what is half done is taken away.
            process.terminate()
    if process.returncode != 0:
        lines = said.strip().splitlines() or [f"it ended with code {process.returncode}"]
        raise RunError(lines[-1].removeprefix("error: "))
