"""Faults of a scenario, compiled for the simulator: windows in time and events at a moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from core.cluster.columns import Columns, Flags, Floats, Integers
from core.traffic.scenario import (
    DependencyLatencyFault,
    Fault,
    MetricsGapFault,
    NodeLossFault,
    PodCrashFault,
    ScaleRejectedFault,
    SlowStartFault,
)

NEVER: Final = 2**31 - 1
"""A second that no episode reaches."""


class EventKind(StrEnum):
    """What happens to pods and nodes at one moment."""

    CRASH = "crash"
    NODE_LOST = "node-lost"
    NODE_BACK = "node-back"
    NODE_READY = "node-ready"
    """Nodes that were ordered take pods from now on."""


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """Something that happens at the start of the tick `second`."""

    second: int
    kind: EventKind
    count: int = 1
    """Pods that crash, or nodes."""
    restart_s: int = -1
    """Time until crashed pods are ready again; negative: a usual start-up time."""


def events_of(faults: Sequence[Fault]) -> tuple[Event, ...]:
    """The momentary events among `faults`, in order of time."""
    events: list[Event] = []
    for fault in faults:
        second = math.ceil(fault.at_s)
        if isinstance(fault, PodCrashFault):
            restart_s = -1 if fault.restart_s is None else math.ceil(fault.restart_s)
            events.append(Event(second, EventKind.CRASH, fault.count, restart_s))
        elif isinstance(fault, NodeLossFault):
            back = max(math.ceil(fault.at_s + fault.duration_s), second + 1)
            events.append(Event(second, EventKind.NODE_LOST))
            events.append(Event(back, EventKind.NODE_BACK))
    return tuple(sorted(events))


class Windows(Columns):
    """Windows [start, end) in time with a value, at most a few per cluster.

    Args:
        size: Number of clusters.
    """

    def __init__(self, size: int) -> None:
        self.any = False
        self._start: Floats = np.full((1, size), np.inf)
        self._end: Floats = np.full((1, size), np.inf)
        self._value: Floats = np.zeros((1, size))

    def load(self, index: int, windows: Sequence[tuple[float, float, float]]) -> None:
        """Replace the windows of one cluster by (start, end, value) triples."""
        missing = len(windows) - len(self._start)
        if missing > 0:
            width = ((0, missing), (0, 0))
            self._start = np.pad(self._start, width, constant_values=np.inf)
            self._end = np.pad(self._end, width, constant_values=np.inf)
            self._value = np.pad(self._value, width)
        self._start[:, index] = np.inf
        for row, (start, end, value) in enumerate(windows):
            self._start[row, index] = start
            self._end[row, index] = end
            self._value[row, index] = value
        self.any = bool(np.isfinite(self._start).any())

    def active(self, second: Floats | Integers) -> Flags:
        """Which clusters are inside one of their windows at `second`, shape (n,)."""
        inside = (self._start <= second) & (second < self._end)
        active: Flags = np.any(inside, axis=0)
        return active

    def touch(self, first: Integers, end: Integers) -> bool:
        """Whether any cluster is inside one of its windows at any time in [first, end), (n,)."""
        return self.any and bool(((self._start < end) & (first < self._end)).any())

    def total(self, second: Floats | Integers) -> Floats:
        """Sum of the values of the windows that `second` (…, n) is inside of, same shape."""
        total = np.zeros(second.shape)
        for start, end, value in zip(self._start, self._end, self._value, strict=True):
            total += np.where((start <= second) & (second < end), value, 0.0)
        return total

    def product(self, second: Floats | Integers) -> Floats:
        """Product of the values of the windows that `second` (n,) is inside of; 1 outside."""
        product = np.ones(len(second))
        if not self.active(second).any():
            return product
        for start, end, value in zip(self._start, self._end, self._value, strict=True):
            product *= np.where((start <= second) & (second < end), value, 1.0)
        return product

    def product_of(self, index: int, second: float) -> float:
        """`product` of one cluster."""
        product = 1.0
        if self.any:
            inside = (self._start[:, index] <= second) & (second < self._end[:, index])
            for value in self._value[inside, index].tolist():
                product *= value
        return product

    def opened(self, second: Floats, columns: Integers) -> Floats:
        """Start of the window of each of some clusters that `second` (m,) is in; +inf outside."""
        start, end = self._start[:, columns], self._end[:, columns]
        inside = (start <= second) & (second < end)
        first: Floats = np.where(inside, start, np.inf).min(axis=0)
        return first


class FaultPlan(Columns):
    """The faults of n clusters.

    Args:
        size: Number of clusters.
    """

    def __init__(self, size: int) -> None:
        self.slow_start = Windows(size)
        self.dependency_s = Windows(size)
        self.metrics_gap = Windows(size)
        self.scale_rejected = Windows(size)

    def load(self, index: int, faults: Sequence[Fault]) -> None:
        """Replace the faults of one cluster."""
        slow: list[tuple[float, float, float]] = []
        dependency: list[tuple[float, float, float]] = []
        gaps: list[tuple[float, float, float]] = []
        rejected: list[tuple[float, float, float]] = []
        for fault in faults:
            if isinstance(fault, PodCrashFault | NodeLossFault):
                continue
            end_s = fault.at_s + fault.duration_s
            if isinstance(fault, SlowStartFault):
                slow.append((fault.at_s, end_s, fault.factor))
            elif isinstance(fault, DependencyLatencyFault):
                dependency.append((fault.at_s, end_s, fault.added_ms / 1000.0))
            elif isinstance(fault, MetricsGapFault):
                gaps.append((fault.at_s, end_s, 0.0))
            elif isinstance(fault, ScaleRejectedFault):
                rejected.append((fault.at_s, end_s, 0.0))
        self.slow_start.load(index, slow)
        self.dependency_s.load(index, dependency)
        self.metrics_gap.load(index, _merged(gaps))
        self.scale_rejected.load(index, rejected)


def _merged(windows: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Join windows that touch, so that a gap has one beginning."""
    joined: list[tuple[float, float, float]] = []
    for start, end, value in sorted(windows):
        if joined and start <= joined[-1][1]:
            first, last, _ = joined[-1]
            joined[-1] = (first, max(last, end), value)
        else:
            joined.append((start, end, value))
    return joined
