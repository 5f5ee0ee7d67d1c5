"""The past decisions of a run that were most like one of them, and what came after."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import RunError

if TYPE_CHECKING:
    from core.runs.reader import RunReader

Floats = NDArray[np.float64]

AFTER_STEPS: Final = 8
"""How far is looked ahead of a past decision, and how far apart those are that are shown."""
BACK_STEPS: Final = 20_000
"""How far back is looked for similar decisions."""
_LEAST_SPREAD: Final = 0.02
_BLOCKS: Final = 40
_BLOCK_STEPS: Final = 100
"""A long run is sampled in blocks, which are read much faster than steps here and there."""

_COLUMNS: Final = (
    "step",
    "observation",
    "coalesce(policy_action, 1000000 + (policy_target > replicas_desired) "
    "- (policy_target < replicas_desired))",
)
"""Policies without actions are told apart by the direction in which they decided."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A past decision for the same action in a similar situation."""

    step: int
    time_s: float
    distance: float
    """Root mean square over the features, in standard deviations of the run; 0 is the same."""
    target: int
    """What was then asked for."""
    reason: str
    worst_latency_p95_ms: float | None
    """Of the intervals that followed; None if nothing was measured."""
    worst_violation_ratio: float | None


class Observations:
    """The observations of a run; safe to use from several threads.

    Args:
        reader: The run, which may be growing.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._seen = np.zeros((0, 0), dtype=np.float32)
        self._actions = np.zeros(0, dtype=np.int64)
        self._first = 0
        """Step of the first row of these."""
        self._sampled: tuple[int, NDArray[np.float32]] | None = None

    def mean(self) -> tuple[Floats, int]:
        """The mean observation of the run so far, and of how many it is.

        Of a long run it is that of some thousands, spread evenly over it.

        Raises:
            RunError: No observation is recorded.
        """
        seen = self._sample()
        return seen.mean(axis=0, dtype=np.float64), len(seen)

    def nearest(self, step: int, count: int) -> list[Neighbour]:
        """Up to `count` earlier decisions for the same action, the most similar first.

        They lie at least `AFTER_STEPS` apart from `step` and from each other: its own neighbours
        in time are alike, and tell nothing. It looks back over `BACK_STEPS`.
        """
        with self._lock:
            self._read(max(0, step - BACK_STEPS), step)
            first, seen, actions = self._first, self._seen, self._actions
        here = step - first
        if not 0 <= here < len(seen):
            return []
        spread = np.maximum(self._sample().std(axis=0, dtype=np.float64), _LEAST_SPREAD)
        until = max(here - AFTER_STEPS + 1, 0)
        oldest = max(step - BACK_STEPS - first, 0)
        same = oldest + np.flatnonzero(actions[oldest:until] == actions[here])
        apart = (seen[same].astype(np.float64) - seen[here]) / spread
        distances = np.sqrt(np.mean(apart * apart, axis=1))
        found: list[tuple[int, float]] = []
        for place in np.argsort(distances, kind="stable"):
            at = int(same[place]) + first
            if all(abs(at - other) >= AFTER_STEPS for other, _ in found):
                found.append((at, float(distances[place])))
            if len(found) == count:
                break
        return [self._neighbour(at, distance) for at, distance in found]

    def _sample(self) -> NDArray[np.float32]:
        newest = self._reader.last_step()
        with self._lock:
            known = self._sampled
            # A tenth more of a run changes its mean and its spread little.
            if known is None or newest > known[0] + max(known[0] // 10, 0):
                blocks = _blocks(newest)
                seen = [self._observed(first, last)[0] for first, last in blocks]
                known = (newest, np.concatenate(seen)) if seen else (newest, self._seen[:0])
                self._sampled = known
        if not known[1].size:
            raise RunError("expected observations in the run, found none.")
        return known[1]

    def _read(self, first: int, last: int) -> None:
        """Have the rows from `first` to `last` at hand, and few others."""
        end = self._first + len(self._actions)
        if not self._first <= first <= end or len(self._actions) > 3 * BACK_STEPS:
            self._seen, self._actions, self._first = self._seen[:0], self._actions[:0], first
            end = first
        if last >= end:
            seen, actions = self._observed(end, last)
            self._seen = np.concatenate([self._seen, seen]) if self._seen.size else seen
            self._actions = np.concatenate([self._actions, actions])

    def _observed(self, first: int, last: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Observations and actions of some steps, up to the first that is not recorded."""
        rows = self._reader.raw_steps(_COLUMNS, first, last)
        whole = list(takewhile(lambda row: row[1] is not None, rows))
        if not whole:
            return np.zeros((0, 0), dtype=np.float32), np.zeros(0, dtype=np.int64)
        blobs = b"".join(row[1] for row in whole)
        seen = np.frombuffer(blobs, dtype="<f4").reshape(len(whole), -1)
        return seen, np.array([row[2] for row in whole], dtype=np.int64)

    def _neighbour(self, at: int, distance: float) -> Neighbour:
        step = self._reader.step(at)
        after = self._reader.steps_after(at, AFTER_STEPS)
        return Neighbour(
            at,
            step.state.time_s,
            distance,
            step.target,
            step.decision.reason,
            _worst(after.latency_p95_ms),
            _worst(after.slo_violation_ratio),
        )


def _blocks(newest: int) -> list[tuple[int, int]]:
    """First and last steps of what is sampled of a run."""
    if newest < 2 * _BLOCKS * _BLOCK_STEPS:
        return [(0, newest)] if newest >= 0 else []
    starts = np.linspace(0, newest - _BLOCK_STEPS + 1, _BLOCKS).astype(int)
    return [(int(start), int(start) + _BLOCK_STEPS - 1) for start in starts]


def _worst(values: Floats) -> float | None:
    measured = values[np.isfinite(values)]
    return float(measured.max()) if len(measured) else None
