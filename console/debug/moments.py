"""Where in a run is meant: a step's number or a time."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import InputError
from core.times import parse_time

_STEP = re.compile(r"[0-9]{1,12}")
_RELATIVE = re.compile(r"[+-][0-9]{1,9}")


def parse_moment(text: str, present: int) -> int | float:
    """A step (whole number) or a time in seconds (float), from what an operator types.

    Args:
        text: `120` is a step, `+10` and `-3` are relative to the present one; `10:45`, `90 s` and
            `10 min` are times.
        present: The present step.

    Raises:
        InputError: It is none of these.
    """
    words = text.strip()
    if _STEP.fullmatch(words):
        return int(words)
    if _RELATIVE.fullmatch(words):
        return max(present + int(words), 0)
    if not words:
        raise InputError("expected a step or a time, found nothing.")
    try:
        return parse_time(words)
    except InputError:
        raise InputError(
            f"expected a step such as 120 or +10, or a time such as 10:45, found {text!r}."
        ) from None


def step_of(directory: Path, where: int | float) -> int:
    """The step of a run that `parse_moment` found; for a time it is read which one.

    Raises:
        InputError: The run has not come to that time.
        RunError: The run cannot be read, or has no step yet.
    """
    if isinstance(where, int):
        return where
    from core.runs.moments import decision_at
    from core.runs.reader import RunReader

    reader = RunReader(directory)
    try:
        return decision_at(reader, where)
    finally:
        reader.close()
