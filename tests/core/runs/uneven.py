"""Runs whose steps are not evenly spaced, as on a real cluster after a pause."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from core.runs.database import FILE_NAME


def paused(directory: Path, step: int, pause_s: float = 600.0) -> Path:
    """The same run, `step` and all after it that much later; returns `directory`."""
    connection = sqlite3.connect(directory / FILE_NAME)
    with connection:
        connection.execute("UPDATE steps SET time_s = time_s + ? WHERE step >= ?", (pause_s, step))
    connection.close()
    return directory
