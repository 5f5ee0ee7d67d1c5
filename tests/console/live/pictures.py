"""Snapshots of synthetic runs, without threads or screens."""

from __future__ import annotations

from pathlib import Path

from console.live.navigation import Navigation
from console.live.snapshot import Snapshot, View
from console.live.source import RunSource
from core.runs.reader import RunReader


def picture(
    directory: Path, navigation: Navigation | None = None, head: int | None = None
) -> Snapshot:
    """One look at a run."""
    source = RunSource(RunReader(directory))
    try:
        return source.look(View(navigation or Navigation(), head))
    finally:
        source.close()
