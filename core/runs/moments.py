"""From a time to a step: steps need not be one interval apart, so their own times are asked."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from core.runs.window import Query

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
