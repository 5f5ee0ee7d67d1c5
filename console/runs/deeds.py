"""What can be done to a run from the list; each returns what to tell the operator.

All of them read and write files or wait for an engine, so they are called from workers.
"""

from __future__ import annotations

from console.dialogs.export import ExportRequest
from console.runs.row import RunRow
from core.runs import catalogue
from core.runs.export import ExportFormat, export_run
from core.runs.records import RunKind

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


def export(row: RunRow, request: ExportRequest) -> str:
    """Write the run to a file.

    Raises:
        InputError: The file exists.
        RunError: The run cannot be read, or the file not written.
    """
    target = export_run(row.directory, request.target, ExportFormat(request.format))
    return f"Exported to {target}."
