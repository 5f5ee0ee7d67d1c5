"""The best schedule for a price of violations, by dynamic programming.

A schedule costs its pod-seconds plus a price for every violation. What matters of the past is how
many pods are ready and how much waits, so that the cost to come is a function of these two, found
from the end backwards (Bellman). A pod that is to serve starts earlier, and is paid from then on;
a pod that goes is paid while it terminates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from core.agents.oracle.demand import Demand, Startup
from core.agents.oracle.tables import Passage, Singles, TableMaker, Tables
from core.cluster.columns import Floats, Integers
from core.cluster.erlang import ErlangTable

_LARGEST_CELLS: Final = 12_000_000
"""Costs to come that are kept at once; longer episodes are planned in parts."""
_OUTLOOK_S: Final = 3600.0
"""How far each part looks beyond its end. What happens later hardly matters before."""


def plan(
    demand: Demand, startups: Sequence[Startup], prices: Floats, erlang: ErlangTable
) -> Integers:
    """Schedules for several prices of a violation.

    Args:
        demand: What will happen.
        startups: How early pods start; each gives schedules of its own.
        prices: Pod-seconds that a violation is worth, shape (prices,).
        erlang: Where Erlang C is looked up.

    Returns:
        Desired replicas from each interval's beginning on, shape (schedules, intervals).
    """
    maker = TableMaker(demand, erlang)
    congestion = maker.opening_congestion()
    interval = demand.scenario.interval_s
    slowest = max(int(one.lag_intervals.max()) for one in startups)
    outlook = int(_OUTLOOK_S // interval) + 2 * slowest
    cells = len(demand.levels) * len(maker.backlogs) * len(prices)
    length = max(_LARGEST_CELLS // cells - outlook, outlook)
    walks = [_Walk(demand, one, prices, len(maker.backlogs)) for one in startups]
    ready = np.empty((len(startups), len(prices), demand.intervals), dtype=np.int64)
    for first in range(0, demand.intervals, length):
        split = min(first + length, demand.intervals)
        last = min(split + outlook, demand.intervals)
        ground, congestion = maker.lay(first, split, last, congestion)
        for startup, walk, levels in zip(startups, walks, ready, strict=True):
            tables = maker.make(ground, startup)
            costs = _costs_to_come(demand, startup, tables, prices, first)
            for index in range(split - first):
                levels[:, first + index] = walk.step(first + index, index, tables, costs[index])
    schedules = [
        _started_early(demand.levels[levels], startup.lag_intervals)
        for startup, levels in zip(startups, ready, strict=True)
    ]
    return np.concatenate(schedules)


def _started_early(ready: Floats, lag_intervals: Integers) -> Integers:
    """Desired replicas that make so many pods ready in each interval."""
    desired = ready.copy()
    for lag in range(1, int(lag_intervals.max()) + 1):
        here = np.flatnonzero(lag_intervals >= lag)
        here = here[here >= lag]
        desired[:, here - lag] = np.maximum(desired[:, here - lag], ready[:, here])
    return desired.astype(np.int64)


def _between(values: Singles, passage: Passage, index: int) -> Singles:
    """Values (levels × backlogs, …) at the backlogs that a passage ends with."""
    row = passage.row[index]
    low: Singles = values.take(row, axis=0)
    high: Singles = values.take(row + 1, axis=0)
    high -= low
    high *= passage.share[index][:, None]
    high += low
    return high


def _costs_to_come(
    demand: Demand, startup: Startup, tables: Tables, prices: Floats, first: int
) -> list[Singles]:
    """Cost from the joining of new pods in each interval on, shape (levels × backlogs, prices).

    Only differences mean anything: the least cost is 0, so that single precision suffices.
    """
    interval = float(demand.scenario.interval_s)
    count, size = len(tables.late.violations), len(demand.levels)
    cells = tables.late.violations.shape[1]
    shape = (size, cells // size, len(prices))
    price = prices.astype(np.float32)
    levels = demand.levels.astype(np.float32)
    paid = np.repeat(levels * np.float32(interval), cells // size)[:, None]
    leaving = (levels * np.float32(demand.scenario.service.termination_s))[:, None, None]
    costs: list[Singles] = [paid] * count
    ahead = np.zeros((cells, len(prices)), dtype=np.float32)
    for index in range(count - 1, -1, -1):
        now = _between(ahead, tables.late, index)
        now += tables.late.violations[index][:, None] * price
        now += paid
        now -= now.min(axis=0)
        costs[index] = now
        lag = int(startup.lag_intervals[first + index])
        more = now
        if first + index >= lag:  # earlier no pod can be there yet
            starting = (levels * np.float32(interval * lag))[:, None, None]
            raised = now.reshape(shape) + starting
            raised = np.minimum.accumulate(raised[::-1], axis=0)[::-1]
            more = (raised - starting).reshape(cells, -1)
        early = (tables.early.violations[index][:, None] * price).reshape(shape)
        rise = _between(more, tables.early, index).reshape(shape)
        rise += early
        fall = _between(now, tables.early, index).reshape(shape)
        fall += early
        fall = np.minimum.accumulate(fall - leaving, axis=0)
        fall += leaving
        ahead = np.minimum(rise, fall, out=rise).reshape(cells, -1)
    return costs


class _Walk:
    """Schedules in the making: for each price, the pods that are ready and what waits."""

    def __init__(self, demand: Demand, startup: Startup, prices: Floats, backlogs: int) -> None:
        self._demand = demand
        self._startup = startup
        self._prices = prices
        self._backlogs = backlogs
        self._each = np.arange(len(prices))
        replicas = demand.scenario.starting_replicas(demand.tape.first_rps)
        self._ready = np.full(len(prices), np.abs(demand.levels - replicas).argmin())
        self._below = np.zeros(len(prices), dtype=np.int64)
        self._share = np.zeros(len(prices))

    def step(self, number: int, index: int, tables: Tables, costs: Singles) -> Integers:
        """Go through an interval on the cheapest way.

        Args:
            number: The interval in the episode.
            index: The interval in the tables.
            tables: What each choice leads to.
            costs: From the joining of new pods on, shape (levels × backlogs, prices).

        Returns:
            Index of the level to be ready, shape (prices,).
        """
        demand, levels = self._demand, self._demand.levels
        ready, lag = self._ready, int(self._startup.lag_intervals[number])
        change = levels - levels[ready][:, None]
        # Until new pods join there are as many as before, or fewer.
        before = np.minimum(np.arange(len(levels)), ready[:, None])
        below, share = self._after(tables.early, index, before)
        row = np.arange(len(levels)) * self._backlogs + below
        each = self._each[:, None]
        low, high = costs[row, each].astype(np.float64), costs[row + 1, each]
        total = low + (high - low) * share
        total += self._prices[:, None] * self._at(tables.early.violations[index], before)
        interval = demand.scenario.interval_s
        termination_s = demand.scenario.service.termination_s
        total += np.where(change > 0.0, change * (interval * lag), -change * termination_s)
        if number < lag:
            total[change > 0.0] = np.inf
        chosen: Integers = total.argmin(axis=1)
        self._below, self._share = below[self._each, chosen], share[self._each, chosen]
        late = self._after(tables.late, index, chosen[:, None])
        self._below, self._share = late[0][:, 0], late[1][:, 0]
        self._ready = chosen
        return chosen

    def _at(self, values: Singles | Floats, level: Integers) -> Floats:
        """Values (levels × backlogs,) at some levels (prices, …) and the present backlogs."""
        row = level * self._backlogs + self._below[:, None]
        low = values[row].astype(np.float64)
        found: Floats = low + (values[row + 1] - low) * self._share[:, None]
        return found

    def _after(self, passage: Passage, index: int, level: Integers) -> tuple[Integers, Floats]:
        """The backlog after a passage at some levels, as the one below it and the share above."""
        place = passage.row[index] % self._backlogs + passage.share[index]
        found = self._at(place, level)
        below = np.minimum(found.astype(np.int64), self._backlogs - 2)
        return below, found - below
