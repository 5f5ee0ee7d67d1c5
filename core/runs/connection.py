"""A connection that only reads: beside an engine, on a finished run, on a copied file."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

from core.confinement import is_confined
from core.errors import RunError
from core.runs.database import BUSY_TIMEOUT_S
from core.runs.lock import is_alive
from core.runs.migrations import check_version


class ReadConnection:
    """Runs SELECTs on a run file; safe to use from several threads.

    Args:
        path: The file.

    Raises:
        RunError: There is no such file, it is damaged, no run, or written by a newer version.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._frozen: tuple[int, int] | None = None
        """Size and time of change of a file that is read as one that cannot change."""
        if not path.is_file():
            raise RunError(
                f"expected a run file at {path}, found none.",
                "`rlscale-console runs list` shows the runs.",
            )
        self._connection: sqlite3.Connection | None = self._connect()

    def rows(self, sql: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._guard:
            try:
                return self._execute(sql, arguments).fetchall()
            except sqlite3.Error as error:
                raise self._damaged(error) from error

    def row(self, sql: str, *arguments: Any) -> dict[str, Any] | None:
        """The first row of a query by column name; None if there is none."""
        with self._guard:
            try:
                cursor = self._execute(sql, arguments)
                row = cursor.fetchone()
                names = [item[0] for item in cursor.description]
                cursor.close()
            except sqlite3.Error as error:
                raise self._damaged(error) from error
        return None if row is None else dict(zip(names, row, strict=True))

    def close(self) -> None:
        """Let go of the file."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        # Without a write-ahead log and without an engine the file does not change; `immutable`
        # then reads it without creating files beside it, also on a read-only disk.
        mark = self._mark()
        idle = not self._log_exists() and not is_alive(self._path.parent)
        self._frozen = mark if idle else None
        mode = "mode=ro"
        if idle:
            mode += "&immutable=1"
        elif is_confined() and self._beside("-shm").exists():
            # Without it SQLite opens the index of the log for writing, `mode=ro` or not. All
            # connections of a process share that index: whoever commands the engine must write.
            mode += "&readonly_shm=1"
        try:
            connection = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?{mode}",
                uri=True,
                isolation_level=None,
                timeout=BUSY_TIMEOUT_S,
                check_same_thread=False,
            )
            try:
                check_version(connection)
            except BaseException:
                connection.close()
                raise
        except sqlite3.Error as error:
            raise self._damaged(error) from error
        return connection

    def _mark(self) -> tuple[int, int] | None:
        """What tells one content of the file from another; None if it was deleted."""
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return None
        return found.st_size, found.st_mtime_ns

    def _log_exists(self) -> bool:
        return self._beside("-wal").exists()

    def _beside(self, ending: str) -> Path:
        return self._path.with_name(self._path.name + ending)

    def _execute(self, sql: str, arguments: tuple[Any, ...]) -> sqlite3.Cursor:
        # An engine that started since has left its log, or has come and gone and left a change.
        changed = self._frozen and (self._log_exists() or self._mark() not in (self._frozen, None))
        if changed and self._connection is not None:
            self._connection.close()
            self._connection = None
        # It may be impossible to open at this moment; then the next query tries again.
        if self._connection is None:
            self._connection = self._connect()
        return self._connection.execute(sql, arguments)

    def _damaged(self, error: sqlite3.Error) -> RunError:
        return RunError(
            f"expected a readable run file, found {self._path}: {error}.",
            "Restore it from a copy, or delete the run.",
        )
