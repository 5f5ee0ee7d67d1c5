"""Opening and creating `run.db` for writing."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

from core.errors import RunError, cannot_write
from core.runs.migrations import create_tables
from core.runs.records import CommandRecord
from core.runs.rights import ensure_key
from core.runs.rows import StatusRow
from core.runs.schema import STATUS

FILE_NAME: Final = "run.db"
BUSY_TIMEOUT_S: Final = 5.0
"""How long a writer waits for another one's transaction."""
_ELSEWHERE: Final = "Set RLSCALE_DATA_DIR to a directory that you may write."

SET_STATUS: Final = (
    "INSERT OR REPLACE INTO status VALUES (1, " + ", ".join("?" * (len(STATUS.names) - 1)) + ")"
)


@contextmanager
def translated(path: Path, purpose: str) -> Iterator[None]:
    """Turn SQLite's errors into one line for the operator."""
    try:
        yield
    except sqlite3.Error as error:
        raise RunError(
            f"cannot {purpose} {path}: {error}.", "Check the disk, or delete the run."
        ) from error


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of what is done within, or nothing; it waits for other writers at its beginning."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # Of a full disk and the like SQLite rolls back by itself.
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def create_run_file(directory: Path, meta: Mapping[str, Any], status: StatusRow) -> Path:
    """Create `run.db` and the operator's key (0600) in `directory` (created 0700 if needed).

    Args:
        directory: The new run's directory.
        meta: Facts by name; values are stored as JSON.
        status: How the run stands at first.

    Raises:
        InputError: Nothing can be written there.
        RunError: The file exists, or writing failed.
    """
    path = directory / FILE_NAME
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        ensure_key(directory)
    except OSError as error:
        raise cannot_write(path, error, _ELSEWHERE) from error
    with translated(path, "create"):
        connection = connect(path)
        connection.execute("BEGIN IMMEDIATE")
        create_tables(connection)
        connection.execute(SET_STATUS, astuple(status))
        connection.executemany("INSERT INTO meta VALUES (?, ?)", json_items(meta))
        connection.execute("COMMIT")
        connection.close()
    return path


def json_items(meta: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Rows of `meta` for facts by name."""
    return ((key, json.dumps(value, allow_nan=False)) for key, value in meta.items())


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing file for writing, in autocommit mode, with a write-ahead log."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        timeout=BUSY_TIMEOUT_S,
        check_same_thread=False,
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    # Text that is none must not end an engine.
    connection.text_factory = _decoded
    return connection


def command_record(row: tuple[Any, ...]) -> CommandRecord:
    """A row of `commands` as a value.

    Anyone who may write the file may write nonsense into it; the engine must survive that.
    """
    # Files of the first version have no proofs.
    number, wall_time, issuer, name, arguments, done, ok, result, *proof = row
    return CommandRecord(
        id=number,
        wall_time=wall_time,
        issuer=_text(issuer),
        name=_text(name),
        arguments=_arguments(_text(arguments)),
        done_wall_time=done,
        ok=None if ok is None else bool(ok),
        result=_text(result),
        proof=_text(proof[0]) if proof else "",
    )


def _arguments(text: str) -> Mapping[str, object]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = text
    return found if isinstance(found, dict) else {"arguments": found}


def _text(value: object) -> str:
    return _decoded(value) if isinstance(value, bytes) else str(value)


def _decoded(text: bytes) -> str:
    return text.decode(errors="replace")
