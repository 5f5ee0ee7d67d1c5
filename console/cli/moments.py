"""Moments of a run on the command line: a decision's number, or a time."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError


def moment_of(directory: Path, text: str) -> tuple[int, float]:
    """The decision that is meant, and its simulated time in seconds.

    Args:
        directory: The run.
        text: Such as 120, 10:45, 645 s or 10 min.

    Raises:
        InputError: It is no moment, or lies behind the last decision.
        RunError: The run cannot be read.
    """
    from console.charts.text import clock
    from console.debug.moments import parse_moment
    from core.runs.reader import RunReader

    where = parse_moment(text, 0)
    reader = RunReader(directory)
    try:
        interval_s, last = reader.info().interval_s, reader.last_step()
    finally:
        reader.close()
    step = where if isinstance(where, int) else round(where / interval_s)
    if step > max(last, 0):
        end = clock(max(last, 0) * interval_s)
        raise InputError(f"expected a moment up to decision {last} ({end}), found {text}.")
    return step, step * interval_s
