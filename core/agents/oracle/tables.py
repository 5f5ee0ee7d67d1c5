"""What each number of pods would lead to in each interval, for every backlog it may find.

The formulas are the simulator's own, but for two liberties: the congestion is that of pods which
were as many all the time, and a backlog makes every request wait as long as the mean one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.agents.oracle.demand import Demand, Startup
from core.cluster.columns import Floats, Integers
from core.cluster.erlang import ErlangTable
from core.cluster.queueing import congest, stationary_congestion
from core.cluster.response import response_time, survival

Singles = NDArray[np.float32]

_BACKLOGS_IN_SLO: Final = (0.0, 0.25, 1.0, 3.0, 8.0)
"""Backlogs considered, as a wait in multiples of the SLO; the timeout is the last one."""
_LONGEST_EXPONENT: Final = 50.0
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of every interval under each level and from each backlog.

    Arrays have the shape (intervals, levels × backlogs); levels are the slower index.
    """

    violations: Singles
    """Requests that arrive in it and violate the SLO."""
    row: Integers
    """The backlog it ends with lies between this row of the same level and the next…"""
    share: Singles
    """…this share of the way, in 0…1."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Some consecutive intervals: first the ticks before new pods join, then those after."""

    early: Passage
    late: Passage


@dataclass(frozen=True, slots=True)
class Ground:
    """What the tables of some intervals are made from."""

    first: int
    last: int
    """The interval after the last."""
    slow: Floats
    """Share of requests that violate without a backlog, shape (intervals, ticks, levels, 1)."""
    capacity: Floats
    """Requests per second, same shape."""


class TableMaker:
    """Makes the tables of a demand, part after part, in order.

    Args:
        demand: What will happen.
        erlang: Where Erlang C is looked up.
    """

    def __init__(self, demand: Demand, erlang: ErlangTable) -> None:
        self._demand = demand
        self._erlang = erlang
        service, slo_s = demand.scenario.service, demand.scenario.slo.latency_ms / 1000.0
        self._spread_s = service.service_time_ms / 1000.0 * service.service_time_cv
        waits_s = np.array([*(slo_s * factor for factor in _BACKLOGS_IN_SLO), service.timeout_s])
        self.backlogs: Floats = (
            np.unique(np.minimum(waits_s, service.timeout_s)) / service.timeout_s
        )
        """Backlogs in parts of the most that can wait, from 0 to 1."""
        self._slo_s = slo_s

    def opening_congestion(self) -> Floats:
        """Congestion of each level before the start, shape (levels,)."""
        service = self._demand.scenario.service
        mean_s = service.service_time_ms / 1000.0
        first_rps = self._demand.tape.first_rps
        return np.array(
            [
                stationary_congestion(first_rps, level * service.workers, mean_s)
                for level in self._demand.levels.tolist()
            ]
        )

    def lay(self, first: int, split: int, last: int, congestion: Floats) -> tuple[Ground, Floats]:
        """What the intervals first … last − 1 have in common, whatever pods' start-up times.

        Args:
            first: First interval.
            split: Where the next part will begin.
            last: The one after the last.
            congestion: Of each level at the start, shape (levels,).

        Returns:
            The ground of the tables, and the congestion at `split`.
        """
        demand, size = self._demand, len(self._demand.levels)
        interval, workers = demand.scenario.interval_s, demand.scenario.service.workers
        ticks = slice(first * interval, last * interval)
        shape = (ticks.stop - ticks.start, size)
        rates = np.broadcast_to(demand.tape.rates_rps[ticks, None], shape)
        service_s = np.broadcast_to(demand.service_s[ticks, None], shape)
        servers = np.maximum(demand.levels - demand.lost_pods[ticks, None], 0.0) * workers
        middle = (split - first) * interval
        until = congest(congestion, rates[:middle], servers[:middle], service_s[:middle])
        beyond = congest(until.last, rates[middle:], servers[middle:], service_s[middle:])
        law = response_time(
            np.zeros((shape[0] + 1, size)),
            np.concatenate([until.mean, beyond.mean]),
            servers,
            service_s,
            np.full(size, self._spread_s),
            np.full(size, demand.scenario.service.timeout_s),
            self._erlang,
        )
        slow = survival(law, (self._slo_s - service_s) / self._spread_s + 1.0)
        cells = (last - first, interval, size, 1)
        capacity = (servers / service_s).reshape(cells)
        return Ground(first, last, slow.reshape(cells), capacity), until.last

    def make(self, ground: Ground, startup: Startup) -> Tables:
        """Follow every backlog through every interval of a part."""
        demand, interval = self._demand, self._demand.scenario.interval_s
        first, last = ground.first, ground.last
        ticks, tape = slice(first * interval, last * interval), demand.tape
        rates, arrivals, patient = (
            one[ticks].reshape(last - first, interval, 1, 1)
            for one in (tape.rates_rps, tape.arrivals, tape.patient)
        )
        most_after = np.maximum(patient[:, -1, 0, 0], _TINY)
        before = tape.patient[max(first * interval - 1, 0)]
        most_before = np.maximum(np.concatenate([[before], most_after[:-1]]), _TINY)
        shape = (last - first, len(demand.levels), len(self.backlogs))
        start = np.broadcast_to(most_before[:, None, None] * self.backlogs, shape)
        queue, violations = start.copy(), np.zeros(shape)
        early_violations, early_queue = violations.copy(), start.copy()
        late_ticks = startup.late_ticks[first:last]
        for tick in range(interval):
            joined = late_ticks == tick
            if joined.any():
                early_violations[joined], early_queue[joined] = violations[joined], queue[joined]
                violations[joined], queue[joined] = 0.0, start[joined]
            served = ground.capacity[:, tick]
            growth = np.where(served > 0.0, rates[:, tick] - served, arrivals[:, tick])
            after = np.minimum(np.maximum(queue + growth, 0.0), patient[:, tick])
            wait = (queue + after) * (0.5 / self._spread_s / np.maximum(served, _TINY))
            # A wait shortens the time that is left, and the tail is nearly exponential.
            longer = np.exp(np.minimum(wait, _LONGEST_EXPONENT))
            share = np.where(served > 0.0, np.minimum(ground.slow[:, tick] * longer, 1.0), 1.0)
            violations += arrivals[:, tick] * share
            queue = after
        return Tables(
            self._passage(early_violations, early_queue / most_before[:, None, None]),
            self._passage(violations, queue / most_after[:, None, None]),
        )

    def _passage(self, violations: Floats, share_of_most: Floats) -> Passage:
        backlogs, count = self.backlogs, len(self.backlogs)
        place = np.minimum(share_of_most, 1.0)
        below = np.zeros(place.shape, dtype=np.int64)
        for backlog in backlogs[1:-1].tolist():
            below += place >= backlog
        share = (place - backlogs[below]) / np.diff(backlogs)[below]
        row = below + np.arange(place.shape[1])[:, None] * count
        flat = (len(place), -1)
        return Passage(
            violations.reshape(flat).astype(np.float32),
            row.reshape(flat),
            share.reshape(flat).astype(np.float32),
        )
