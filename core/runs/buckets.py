"""The coarse rows from which long runs draw at once: least and greatest of 32 and 1024 steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.runs.rows import (
    ACTOR_POSITION,
    ACTORS,
    DESIRED_POSITION,
    MODE_POSITION,
    MODES,
    SERIES_POSITIONS,
    TARGET_POSITION,
)
from core.runs.schema import BUCKET_SIZES, SERIES

_ACTOR_BITS: Final = {actor.value: 1 << bit for bit, actor in enumerate(ACTORS)}
_MODE_BITS: Final = {mode.value: 1 << bit for bit, mode in enumerate(MODES)}


class BucketBuilder:
    """Turns rows of `steps`, given in order, into rows of `buckets`.

    A bucket is closed only when the first step of the next one arrives, so that the newest step
    may still be amended.
    """

    def __init__(self) -> None:
        self._rows: list[Sequence[Any]] = []
        self._fine: list[tuple[Any, ...]] = []

    def add(self, row: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Take one row of `steps`; return the rows of `buckets` that it completes."""
        fine, coarse = BUCKET_SIZES
        closed: list[tuple[Any, ...]] = []
        if len(self._rows) == fine:
            closed.append(bucket_of_steps(self._rows))
            self._rows.clear()
            self._fine.append(closed[0])
            if len(self._fine) == coarse // fine:
                closed.append(bucket_of_buckets(self._fine))
                self._fine.clear()
        self._rows.append(row)
        return closed

    def amend(self, row: Sequence[Any]) -> None:
        """Put `row` in the place of the newest one."""
        self._rows[-1] = row


def bucket_of_steps(rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """The row of `buckets` that covers these rows of `steps`."""
    values = np.array(
        [[row[position] for position in SERIES_POSITIONS] for row in rows], dtype=np.float64
    )
    actors = modes = ups = downs = 0
    for row in rows:
        actors |= _ACTOR_BITS[row[ACTOR_POSITION]]
        modes |= _MODE_BITS[row[MODE_POSITION]]
        ups += row[TARGET_POSITION] > row[DESIRED_POSITION]
        downs += row[TARGET_POSITION] < row[DESIRED_POSITION]
    extremes = _interleave(np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0))
    return (len(rows), rows[0][0], actors, modes, ups, downs, *extremes)


def bucket_of_buckets(rows: Sequence[Sequence[Any]]) -> tuple[Any, ...]:
    """The row of `buckets` that covers these finer ones."""
    extremes = np.array([row[6:] for row in rows], dtype=np.float64)
    low = np.fmin.reduce(extremes[:, 0::2], axis=0)
    high = np.fmax.reduce(extremes[:, 1::2], axis=0)
    return (
        sum(row[0] for row in rows),
        rows[0][1],
        int(np.bitwise_or.reduce([row[2] for row in rows])),
        int(np.bitwise_or.reduce([row[3] for row in rows])),
        sum(row[4] for row in rows),
        sum(row[5] for row in rows),
        *_interleave(low, high),
    )


def _interleave(low: NDArray[np.float64], high: NDArray[np.float64]) -> list[float | None]:
    pairs = np.empty(2 * len(SERIES))
    pairs[0::2], pairs[1::2] = low, high
    return [None if value != value else value for value in pairs.tolist()]
