"""The runs on this machine: list, find, delete."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.errors import InputError, RlscaleError, RunError
from core.locations import runs_directory, typed_path
from core.runs.commands import Command, CommandSender, ExitRule
from core.runs.database import FILE_NAME
from core.runs.lock import EngineLock, is_alive
from core.runs.reader import RunReader
from core.runs.records import RunInfo, RunStatus


@dataclass(frozen=True, slots=True)
class RunEntry:
    """One line of the list of runs."""

    run_id: str
    directory: Path
    info: RunInfo | None
    """None if the file cannot be read."""
    status: RunStatus | None
    """None if the file cannot be read."""
    error: str
    """Why the file cannot be read, in one line; empty if it can."""
    size_bytes: int
    """Of all files in the run's directory."""


def list_runs(home: Path | None = None) -> list[RunEntry]:
    """All runs with their live state, newest first; unreadable ones say why.

    Args:
        home: Directory of runs; `runs_directory()` by default.
    """
    home = home or runs_directory()
    if not home.is_dir():
        return []
    entries = [_entry(path.parent) for path in home.glob(f"*/{FILE_NAME}")]
    return sorted(
        entries,
        key=lambda entry: (entry.info.created_wall_time if entry.info else 0.0, entry.run_id),
        reverse=True,
    )


def _entry(directory: Path) -> RunEntry:
    info, status, error = None, None, ""
    try:
        reader = RunReader(directory)
        try:
            info, status = reader.info(), reader.status()
        finally:
            reader.close()
    except (RlscaleError, OSError) as problem:
        error = str(problem)
    return RunEntry(directory.name, directory, info, status, error, _size_bytes(directory))


def _size_bytes(directory: Path) -> int:
    total = 0
    for path in directory.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total


def find_run(name: str, home: Path | None = None) -> Path:
    """The directory of a run.

    Args:
        name: Its id, a unique beginning or ending of it, "latest", or the path of a run
            directory or of a copied run file.
        home: Directory of runs; `runs_directory()` by default.

    Returns:
        A run directory; a file if the path of a file was given.

    Raises:
        InputError: There is none, or several.
    """
    home = home or runs_directory()
    path = typed_path(name)
    # These two, unlike those of `Path`, say False to any text that cannot be a path.
    if os.path.isfile(path) or os.path.isfile(path / FILE_NAME):
        return path
    runs = sorted(found.parent for found in home.glob(f"*/{FILE_NAME}"))
    if name == "latest" and runs:
        return list_runs(home)[0].directory
    exact = [run for run in runs if run.name == name]
    matches = exact or [
        run for run in runs if name and (run.name.startswith(name) or run.name.endswith(name))
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise InputError(
            f"expected one run, found {len(matches)} for {name!r}: {_listed(matches)}."
        )
    raise InputError(
        f"expected a run's name or a unique part of its beginning or end, found {name!r}.",
        "`rlscale-console runs list` shows the runs.",
    )


def find_live_run(home: Path | None = None) -> Path:
    """The directory of the one run whose engine works.

    Args:
        home: Directory of runs; `runs_directory()` by default.

    Raises:
        InputError: There is none, or several.
    """
    home = home or runs_directory()
    live = sorted(path.parent for path in home.glob(f"*/{FILE_NAME}") if is_alive(path.parent))
    if len(live) == 1:
        return live[0]
    if live:
        raise InputError(
            f"expected one live run, found {len(live)}: {_listed(live)}.", "Name one of them."
        )
    raise InputError(
        "expected a live run, found none.", "`rlscale-console runs list` shows those that ended."
    )


def _listed(runs: list[Path]) -> str:
    more = f" and {len(runs) - 4} more" if len(runs) > 4 else ""
    return ", ".join(run.name for run in runs[-4:]) + more


def stop_run(
    directory: Path,
    *,
    clock: Clock | None = None,
    timeout_s: float = 5.0,
    rule: ExitRule | None = None,
) -> None:
    """Ask the engine of a run to end it in order; returns when it has agreed.

    Args:
        directory: Of the run.
        clock: Paces the waiting; the machine's by default.
        timeout_s: How long to wait for the engine to agree.
        rule: See `Command.stop`.

    Raises:
        RunError: No engine works on the run, or it did not answer.
    """
    sender = CommandSender(directory, clock=clock)
    try:
        result = sender.send(Command.stop(rule), timeout_s)
    finally:
        sender.close()
    if not result.ok:
        raise RunError(f"expected the engine to stop, found it refused: {result.message}")


def _belongs_to_its_run(directory: Path) -> bool:
    """Whether a directory was made for its run, and is no place to which a file was copied."""
    if directory.parent == runs_directory().resolve():
        return True
    return (entry := _entry(directory)).info is not None and entry.info.run_id == directory.name


def delete_run(directory: Path) -> None:
    """Delete a run with all its artefacts.

    Raises:
        RunError: It is no run, an engine works on it, or it cannot be deleted.
    """
    if not (directory / FILE_NAME).is_file():
        raise RunError(f"expected a run directory, found no {FILE_NAME} in {directory}.")
    if not _belongs_to_its_run(directory.resolve()):
        raise RunError(
            f"expected a run's own directory to delete, found a {FILE_NAME} among other things "
            f"in {directory}.",
            "Delete it by hand.",
        )
    if is_alive(directory):
        raise RunError(
            f"expected an ended run to delete, found {directory.name} with a live engine.",
            "Stop it first.",
        )
    try:
        # While the lock is held no engine can start on what is being deleted.
        with EngineLock(directory):
            shutil.rmtree(directory)
    except OSError as error:
        raise RunError(f"cannot delete {directory}: {error.strerror}.") from error
