"""Moments of a run on the command line: a decision's number, or a time."""

from __future__ import annotations

from pathlib import Path

from core.errors import InputError


def moment_of(directory: Path, text: str) -> tuple[int, float]:
    """The decision that is meant, and where a play head stands that shows it, in seconds.

    Args:
        directory: The run.
        text: Such as 120, 10:45, 645 s or 10 min.

    Raises:
        InputError: It is no moment, or lies behind the last decision.
        RunError: The run cannot be read.
    """
    from console.debug.moments import parse_moment
    from core.runs.reader import RunReader
    from core.times import clock

    where = parse_moment(text, 0)
    reader = RunReader(directory)
    try:
        interval_s, last = reader.info().interval_s, reader.last_step()
        end_s = reader.step(last).state.time_s if last >= 0 else 0.0
        if isinstance(where, int):
            step, beyond = where, where > max(last, 0)
        else:
            step, beyond = max(reader.step_at(where), 0), where >= end_s + interval_s
    finally:
        reader.close()
    if beyond:
        raise InputError(f"expected a moment up to decision {last} ({clock(end_s)}), found {text}.")
    return step, step * interval_s
