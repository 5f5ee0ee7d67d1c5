"""The pods of n Deployments: starting, ready and terminating, as arrays."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.cluster.columns import Columns, Floats, Integers
from core.cluster.tape import STARTUP_DRAWS

_EMPTY: Final = 2**31 - 1
"""No pod at this place."""
_PENDING: Final = 2**30
"""A pod that no node has room for."""


class PodFleet(Columns):
    """Pods of n clusters.

    Pods that start are kept in columns in order of creation, each with the second at which it
    will be ready; ready pods are alike and only counted. Terminating pods serve nothing but are
    paid for until their grace period is over.

    Args:
        size: Number of clusters.
    """

    def __init__(self, size: int) -> None:
        self.ready: Floats = np.zeros(size)
        self.starting: Floats = np.zeros(size)
        """Created and not ready, pending ones included."""
        self.pending: Integers = np.zeros(size, dtype=np.int64)
        """Starting pods that no node has room for."""
        self.startup_s: Floats = np.zeros((STARTUP_DRAWS, size))
        self.termination_s: Floats = np.zeros(size)
        self._created: Integers = np.zeros(size, dtype=np.int64)
        self._ready_at = np.full((16, size), _EMPTY, dtype=np.int32)
        self._top: Integers = np.zeros(size, dtype=np.int64)
        self._ends: Floats = np.full((1, size), -np.inf)
        self._leaving: Floats = np.zeros((1, size))

    def load(self, index: int, ready: int, startup_s: Floats, termination_s: float) -> None:
        """Start over with `ready` pods in one cluster."""
        self.ready[index] = ready
        self.starting[index] = 0.0
        self.pending[index] = 0
        self.startup_s[:, index] = startup_s
        self.termination_s[index] = termination_s
        self._created[index] = 0
        self._ready_at[:, index] = _EMPTY
        self._top[index] = 0
        self._ends[:, index] = -np.inf
        self._leaving[:, index] = 0.0

    # -- scaling ---------------------------------------------------------------------------

    def create(self, columns: Integers, counts: Integers, now: Integers, factor: Floats) -> None:
        """Create pods that start at once.

        Args:
            columns: Which clusters, shape (m,), each once.
            counts: Pods per cluster, shape (m,), at least 1.
            now: Second of creation, shape (m,).
            factor: What start-up times are multiplied by, shape (m,).
        """
        which, pod, within = self._append(columns, counts)
        number = (self._created[columns][which] + within) % STARTUP_DRAWS
        column = columns[which]
        duration = np.ceil(self.startup_s[number, column] * factor[which])
        ready_at = np.minimum(now[which] + duration, _PENDING - 1)
        self._ready_at[pod, column] = ready_at.astype(np.int32)
        self._created[columns] += counts

    def create_pending(self, columns: Integers, counts: Integers) -> None:
        """Create pods that wait for a node, shapes (m,)."""
        which, pod, _ = self._append(columns, counts)
        self._ready_at[pod, columns[which]] = _PENDING
        self.pending[columns] += counts

    def remove(self, columns: Integers, counts: Integers, now: Integers) -> None:
        """Remove pods: starting ones first, youngest first; then ready ones, gracefully.

        Args:
            columns: Which clusters, shape (m,), each once.
            counts: Pods per cluster, shape (m,), at most what there is.
            now: Second of removal, shape (m,).
        """
        from_starting = np.minimum(counts, self.starting[columns]).astype(np.int64)
        young = from_starting > 0
        if young.any():
            some = columns[young]
            highest = int(self._top[some].max())
            pods = self._ready_at[:highest].take(some, axis=1)[::-1] < _EMPTY
            gone = pods & (np.cumsum(pods, axis=0) <= from_starting[young])
            row, which = np.nonzero(gone)
            row = highest - 1 - row
            if self.pending.any():
                waiting = self._ready_at[row, some[which]] == _PENDING
                np.subtract.at(self.pending, some[which], waiting)
            self._ready_at[row, some[which]] = _EMPTY
            self.starting[columns] -= from_starting
        from_ready = counts - from_starting
        grown_up = from_ready > 0
        if grown_up.any():
            self._terminate(columns[grown_up], from_ready[grown_up], now[grown_up])

    def _terminate(self, columns: Integers, counts: Integers, now: Integers) -> None:
        self.ready[columns] -= counts
        ends = now + self.termination_s[columns]
        free = self._ends[:, columns] <= now
        if not free.any(axis=0).all():
            width = ((0, len(self._ends)), (0, 0))
            self._ends = np.pad(self._ends, width, constant_values=-np.inf)
            self._leaving = np.pad(self._leaving, width)
            free = self._ends[:, columns] <= now
        row = free.argmax(axis=0)
        self._ends[row, columns] = ends
        self._leaving[row, columns] = counts

    def _append(self, columns: Integers, counts: Integers) -> tuple[Integers, Integers, Integers]:
        """Make room for new pods and count them as starting.

        Returns:
            For every new pod, in order: position in `columns`, row, number within its cluster.
        """
        highest = int((self._top[columns] + counts).max())
        if highest > len(self._ready_at):
            self._compact(columns)
            highest = int((self._top[columns] + counts).max())
            if highest > len(self._ready_at):
                missing = max(highest - len(self._ready_at), len(self._ready_at))
                width = ((0, missing), (0, 0))
                self._ready_at = np.pad(self._ready_at, width, constant_values=_EMPTY)
        which = np.repeat(np.arange(len(columns)), counts)
        first = np.cumsum(counts) - counts
        within = np.arange(len(which)) - first[which]
        row = self._top[columns][which] + within
        self._top[columns] += counts
        self.starting[columns] += counts
        return which, row, within

    def _compact(self, columns: Integers) -> None:
        """Close the gaps that pods left, keeping the order of creation."""
        pods = self._ready_at[:, columns]
        order = np.argsort(pods == _EMPTY, axis=0, kind="stable")
        self._ready_at[:, columns] = np.take_along_axis(pods, order, axis=0)
        self._top[columns] = (pods < _EMPTY).sum(axis=0)

    # -- time ------------------------------------------------------------------------------

    def become_ready(self, now: Integers, ticks: int) -> Floats | None:
        """Turn the pods that start until `now + ticks` into ready ones.

        Args:
            now: First second of the interval, shape (n,).
            ticks: Length of the interval.

        Returns:
            Pods that become ready at the start of each tick, shape (ticks + 1, n); the last row
            is the end of the interval. None if there are none.
        """
        times = self._ready_at[: int(self._top.max())]
        row, column = np.nonzero(times <= (now + ticks).astype(np.int32))
        if not len(row):
            return None
        tick = np.maximum(times[row, column] - now[column], 0)
        times[row, column] = _EMPTY
        size = len(now)
        counts = np.bincount(tick * size + column, minlength=(ticks + 1) * size)
        joined: Floats = counts.reshape(ticks + 1, size).astype(np.float64)
        total = joined.sum(axis=0)  # whole numbers: exact in any order
        self.starting -= total
        self.ready += total
        self._top[self.starting == 0] = 0
        return joined

    def terminating_seconds(self, now: Integers, ticks: int) -> Floats:
        """Seconds of terminating pods within the next `ticks` seconds, shape (n,)."""
        total = np.zeros(len(now))
        for end, count in zip(self._ends, self._leaving, strict=True):
            total += count * np.minimum(np.maximum(end - now, 0.0), ticks)
        return total

    # -- one cluster, one moment -----------------------------------------------------------

    def settle(self, index: int, second: int) -> list[int]:
        """Turn pods of one cluster that start until `second` into ready ones.

        Returns:
            The second at which each of them became ready.
        """
        times = self._ready_at[:, index]
        rows = np.flatnonzero(times <= second)
        seconds = [int(value) for value in times[rows]]
        times[rows] = _EMPTY
        self.starting[index] -= len(rows)
        self.ready[index] += len(rows)
        return seconds

    def lose(self, index: int, ready: int, scheduled: int) -> None:
        """Drop ready pods and the oldest scheduled starting pods of one cluster, at once."""
        self.ready[index] -= ready
        if scheduled:
            times = self._ready_at[:, index]
            times[np.flatnonzero(times < _PENDING)[:scheduled]] = _EMPTY
            self.starting[index] -= scheduled

    def restart(self, index: int, count: int, ready_at: int) -> None:
        """Create pods of one cluster that will be ready at a known second."""
        columns, counts = np.array([index]), np.array([count])
        _, row, _ = self._append(columns, counts)
        self._ready_at[row, index] = min(ready_at, _PENDING - 1)

    def schedule(self, index: int, count: int, now: int, factor: float) -> None:
        """Let the oldest `count` pending pods of one cluster start now."""
        times = self._ready_at[:, index]
        rows = np.flatnonzero(times == _PENDING)[:count]
        number = (self._created[index] + np.arange(len(rows))) % STARTUP_DRAWS
        ready_at = now + np.ceil(self.startup_s[number, index] * factor)
        times[rows] = np.minimum(ready_at, _PENDING - 1).astype(np.int32)
        self._created[index] += len(rows)
        self.pending[index] -= len(rows)
