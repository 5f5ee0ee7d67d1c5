"""The past decisions of a run that were most like one of them, and what came after."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import RunError

if TYPE_CHECKING:
    from core.runs.reader import RunReader

Floats = NDArray[np.float64]

AFTER_STEPS: Final = 8
"""How far is looked ahead of a past decision, and how far apart those are that are shown."""
_CHUNK_STEPS: Final = 20_000
_LEAST_SPREAD: Final = 0.02
_SAMPLE: Final = 4000

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
    """The observations of a run as one array; safe to use from several threads.

    Args:
        reader: The run, which may be growing.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._seen = np.zeros((0, 0), dtype=np.float32)
        self._actions = np.zeros(0, dtype=np.int64)

    def mean(self) -> tuple[Floats, int]:
        """The mean observation of the run so far, and of how many it is.

        Raises:
            RunError: No observation is recorded.
        """
        seen = self._sample()
        return seen.mean(axis=0, dtype=np.float64), len(seen)

    def nearest(self, step: int, count: int) -> list[Neighbour]:
        """Up to `count` earlier decisions for the same action, the most similar first.

        They lie at least `AFTER_STEPS` apart from `step` and from each other: its own neighbours
        in time are alike, and tell nothing.
        """
        with self._lock:
            self._read(step)
            seen, actions = self._seen, self._actions
        if not step < len(seen):
            return []
        spread = np.maximum(self._sample().std(axis=0, dtype=np.float64), _LEAST_SPREAD)
        until = max(step - AFTER_STEPS + 1, 0)
        same = np.flatnonzero(actions[:until] == actions[step])
        apart = (seen[same].astype(np.float64) - seen[step]) / spread
        distances = np.sqrt(np.mean(apart * apart, axis=1))
        found: list[tuple[int, float]] = []
        for place in np.argsort(distances, kind="stable"):
            at = int(same[place])
            if all(abs(at - other) >= AFTER_STEPS for other, _ in found):
                found.append((at, float(distances[place])))
            if len(found) == count:
                break
        return [self._neighbour(at, distance) for at, distance in found]

    def _sample(self) -> NDArray[np.float32]:
        newest = self._reader.last_step()
        with self._lock:
            self._read(newest)
            seen = self._seen
        if not seen.size:
            raise RunError("expected observations in the run, found none.")
        # Enough for means and spreads, however long the run is.
        chosen: NDArray[np.float32] = seen[:: max(1, len(seen) // _SAMPLE)]
        return chosen

    def _read(self, last: int) -> None:
        for begin in range(len(self._actions), last + 1, _CHUNK_STEPS):
            end = min(begin + _CHUNK_STEPS - 1, last)
            rows = self._reader.raw_steps(_COLUMNS, begin, end)
            if not rows or any(row[1] is None for row in rows):
                return
            blobs = b"".join(row[1] for row in rows)
            seen = np.frombuffer(blobs, dtype="<f4").reshape(len(rows), -1)
            self._seen = np.concatenate([self._seen, seen]) if self._seen.size else seen
            actions = np.array([row[2] for row in rows], dtype=np.int64)
            self._actions = np.concatenate([self._actions, actions])

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


def _worst(values: Floats) -> float | None:
    measured = values[np.isfinite(values)]
    return float(measured.max()) if len(measured) else None
