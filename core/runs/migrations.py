"""Creating the tables of a run, and bringing older files up to date."""

from __future__ import annotations

import sqlite3
from typing import Final

from core.errors import RunError
from core.runs.schema import SCHEMA_VERSION, TABLES

MIGRATIONS: Final[dict[int, str]] = {
    1: "ALTER TABLE commands ADD COLUMN proof TEXT NOT NULL DEFAULT ''",
}
"""From a `user_version` to the statements that lead to the next one."""


def create_tables(connection: sqlite3.Connection) -> None:
    """Give an empty database all tables of this version."""
    for table in TABLES:
        connection.execute(table.create_sql)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def check_version(connection: sqlite3.Connection) -> int:
    """Return the `user_version`, or say that the file is no run or too new.

    Raises:
        RunError: The file is not a run, or was written by a newer version.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise RunError(
            f"expected a run file of version {SCHEMA_VERSION} or older, found version {version}.",
            "It was written by a newer rlscale-console; upgrade this one.",
        )
    if version < 1:
        raise RunError("expected a run file, found a database without a run in it.", "")
    return version


def migrate(
    connection: sqlite3.Connection,
    migrations: dict[int, str] = MIGRATIONS,
    version: int = SCHEMA_VERSION,
) -> None:
    """Bring an older file up to `version`, one transaction per step.

    Raises:
        RunError: The file is not a run, or was written by a newer version.
    """
    for found in range(check_version(connection), version):
        connection.executescript(
            f"BEGIN IMMEDIATE; {migrations[found]}; PRAGMA user_version = {found + 1}; COMMIT;"
        )
