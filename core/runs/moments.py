"""From a time to a step: steps need not be one interval apart, so their own times are asked."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, Final

from core.errors import InputError, RunError
from core.runs.window import Query
from core.times import clock

if TYPE_CHECKING:
    from core.runs.reader import RunReader

WITHIN_S: Final = 0.5
"""Clocks show whole seconds: a step counts as there at a time that rounds to the one shown."""

_READ: Final = "SELECT episode, time_s FROM steps WHERE step = ?"


def last_step_at(query: Query, newest: int, time_s: float) -> int:
    """The last step up to a time; see `RunReader.step_at`.

    Args:
        query: Reads the run file.
        newest: Number of its newest step; -1 if there is none yet.
        time_s: The time.
    """
    if newest < 0:
        return newest

    def moment(step: int) -> tuple[int, float]:
        [(episode, step_s)] = query(_READ, step)
        return episode, step_s

    # Time grows from step to step, and begins anew with each episode, so twenty looks are enough.
    wanted = (moment(newest)[0], time_s + WITHIN_S)
    return max(bisect_right(range(newest + 1), wanted, key=moment) - 1, 0)


def decision_at(reader: RunReader, time_s: float) -> int:
    """The last step up to a time that the run has come to, to the second.

    Args:
        reader: Of the run.
        time_s: The time; the interval that follows the newest step is still of that one.

    Raises:
        InputError: The run has not come to that time.
        RunError: The run has no step yet.
    """
    newest, info = reader.last_step(), reader.info()
    found = reader.step_at(time_s)
    if found < 0:
        raise RunError(f"expected a first decision in {info.run_id}, found none yet.")
    # Before the newest step there may be a pause, of which every time is of the step before it.
    if found >= newest:
        end_s = reader.step(found).state.time_s
        if time_s > end_s + info.interval_s:
            raise InputError(f"expected a time up to {clock(end_s)}, found {clock(time_s)}.")
    return found
