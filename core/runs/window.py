"""Reading many steps at once, as columns, or reduced to least and greatest per bucket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from core.runs.columns import Floats, Steps, Window
from core.runs.rows import ACTORS, MODES
from core.runs.schema import BUCKET_SIZES, SERIES
from core.state import Actor, ControlMode

_Named = TypeVar("_Named")

Query = Callable[..., list[tuple[Any, ...]]]
"""Runs one SELECT with its arguments and returns all rows."""

_STEP_NAMES: Final = tuple(item.name for item in fields(Steps))
_WHOLE: Final = ("step", "episode")
_WORDS: Final[dict[str, Callable[[Any], Any]]] = {
    "mode": ControlMode,
    "actor": Actor,
    "policy_reason": str,
    "guardrail": str,
}
_READ_STEPS: Final = f"SELECT {', '.join(_STEP_NAMES)} FROM steps WHERE step BETWEEN ? AND ?"

_ACTOR_BIT: Final = " ".join(f"WHEN '{actor}' THEN {1 << i}" for i, actor in enumerate(ACTORS))
_MODE_BIT: Final = " ".join(f"WHEN '{mode}' THEN {1 << i}" for i, mode in enumerate(MODES))
_READ_SERIES: Final = (
    f"SELECT step, CASE actor {_ACTOR_BIT} ELSE 0 END, CASE mode {_MODE_BIT} ELSE 0 END, "
    f"target > replicas_desired, target < replicas_desired, {', '.join(SERIES)} "
    "FROM steps WHERE step BETWEEN ? AND ?"
)
_READ_BUCKETS: Final = (
    "SELECT first_step, actors, modes, ups, downs, "
    + ", ".join(f"{name}_min" for name in SERIES)
    + ", "
    + ", ".join(f"{name}_max" for name in SERIES)
    + " FROM buckets WHERE size = ? AND first_step BETWEEN ? AND ? ORDER BY first_step"
)
_HEAD: Final = 5
"""Columns before the series: first step, actors, modes, ups, downs."""


def read_columns(query: Query, first: int, last: int) -> Steps:
    """Steps `first` to `last` (inclusive) as columns."""
    rows = query(_READ_STEPS, first, last)
    columns: dict[str, Any] = {}
    values = list(zip(*rows, strict=True)) if rows else [()] * len(_STEP_NAMES)
    for name, column in zip(_STEP_NAMES, values, strict=True):
        if name in _WORDS:
            columns[name] = tuple(map(_WORDS[name], column))
        else:
            columns[name] = np.array(column, dtype=np.int64 if name in _WHOLE else np.float64)
    return Steps(**columns)


def read_window(query: Query, first: int, last: int, max_points: int) -> Window:
    """Steps `first` to `last` reduced to at most about `max_points` points; see `RunReader`."""
    count = max(0, last - first + 1)
    if count <= max_points:
        head, low = _steps(query, first, last)
        return _window(head, low, low, 1)
    wanted = -(-count // max(1, max_points // 2))
    usable = [size for size in BUCKET_SIZES if size <= wanted]
    if not usable:
        start = first - first % wanted
        head, values = _steps(query, start, last)
        return _reduced(head, values, values, wanted)
    size = usable[-1]
    bucket_steps = -(-wanted // size) * size
    head, low, high = _coarse(query, first - first % bucket_steps, last, size)
    return _reduced(head, low, high, bucket_steps)


def _steps(query: Query, first: int, last: int) -> tuple[NDArray[np.int64], Floats]:
    rows = _matrix(query(_READ_SERIES, first, last), _HEAD + len(SERIES))
    return rows[:, :_HEAD].astype(np.int64), rows[:, _HEAD:]


def _coarse(
    query: Query, first: int, last: int, size: int
) -> tuple[NDArray[np.int64], Floats, Floats]:
    rows = _matrix(query(_READ_BUCKETS, size, first, last - size + 1), _HEAD + 2 * len(SERIES))
    head = rows[:, :_HEAD].astype(np.int64)
    low, high = rows[:, _HEAD : _HEAD + len(SERIES)], rows[:, _HEAD + len(SERIES) :]
    covered = int(head[-1, 0]) + size if len(head) else first
    rest_head, rest = _steps(query, covered, last)
    return (
        np.concatenate([head, rest_head]),
        np.concatenate([low, rest]),
        np.concatenate([high, rest]),
    )


def _matrix(rows: Sequence[tuple[Any, ...]], width: int) -> Floats:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _reduced(head: NDArray[np.int64], low: Floats, high: Floats, bucket_steps: int) -> Window:
    bucket = head[:, 0] // bucket_steps
    starts = np.flatnonzero(np.diff(bucket, prepend=-1))
    reduced = np.column_stack(
        [
            head[starts, 0],
            np.bitwise_or.reduceat(head[:, 1], starts),
            np.bitwise_or.reduceat(head[:, 2], starts),
            np.add.reduceat(head[:, 3], starts),
            np.add.reduceat(head[:, 4], starts),
        ]
    )
    return _window(
        reduced,
        np.fmin.reduceat(low, starts, axis=0),
        np.fmax.reduceat(high, starts, axis=0),
        bucket_steps,
    )


def _window(head: NDArray[np.int64], low: Floats, high: Floats, bucket_steps: int) -> Window:
    return Window(
        bucket_steps=bucket_steps,
        step=head[:, 0],
        time_s=low[:, SERIES.index("time_s")],
        low={name: low[:, position] for position, name in enumerate(SERIES)},
        high={name: high[:, position] for position, name in enumerate(SERIES)},
        actors=tuple(_named(ACTORS, bits) for bits in head[:, 1].tolist()),
        modes=tuple(_named(MODES, bits) for bits in head[:, 2].tolist()),
        ups=head[:, 3],
        downs=head[:, 4],
    )


def _named(names: tuple[_Named, ...], bits: int) -> frozenset[_Named]:
    return frozenset(name for position, name in enumerate(names) if bits >> position & 1)
