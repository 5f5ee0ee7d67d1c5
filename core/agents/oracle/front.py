"""The front of clairvoyant schedules: how few pod-hours for which share of violations.

Every schedule is played in the simulator, so that the front is of measured figures and not of the
planner's estimates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from core.agents.oracle.demand import foresee, startup_of
from core.agents.oracle.schedule import plan
from core.cluster.columns import Floats, Integers
from core.cluster.erlang import ErlangTable
from core.cluster.simulator import SimulatorBatch
from core.cluster.tape import Tape, draw_tape
from core.errors import InputError
from core.traffic.scenario import Scenario

_STARTUP_QUANTILES: Final = (0.6, 0.9, 1.0)
"""Start-up times to plan with: early for most pods, or for all."""
_PRICES: Final = np.concatenate(
    [np.geomspace(0.6, 2.0, 6)[:-1], np.geomspace(2.0, 1e6, 28)[:-1], np.geomspace(1e6, 1e9, 4)]
)
"""Prices of a violation, in pod-seconds that one request takes at full utilisation.

At 30 a schedule is the best by the score; at the highest every request counts."""
_GAPS: Final = (0.006, 0.006, 0.02, 0.02, 0.02)
"""Share of pod-hours between two points of the front that is filled, round by round."""
_GAPS_OF_LONG: Final = (0.006, 0.02)
_LONG: Final = 2000
"""Intervals of an episode in which every price finds points, so that half of them will do."""
_MOST_FILLERS: Final = 3
_FLOOR: Final = 1e-3
_MOST_SLOTS: Final = 160
"""Schedules that are played together; more need more memory without being faster."""


class FrontPoint(NamedTuple):
    """What one schedule came to."""

    slo_violation_ratio: float
    pod_hours: float


@dataclass(frozen=True, slots=True)
class Played:
    """Schedules and what came of them when they were played."""

    schedules: Integers
    """Desired replicas, shape (schedules, intervals)."""
    violation_ratio: Floats
    pod_hours: Floats

    def front(self) -> Integers:
        """Indices of those that none beats in both figures, by growing violations."""
        order = np.lexsort((self.pod_hours, self.violation_ratio))
        least = np.minimum.accumulate(self.pod_hours[order])
        better = np.concatenate([[True], self.pod_hours[order][1:] < least[:-1]])
        found: Integers = order[better]
        return found

    def only(self, indices: Integers) -> Played:
        """Some of them."""
        return Played(
            self.schedules[indices], self.violation_ratio[indices], self.pod_hours[indices]
        )

    def joined(self, other: Played) -> Played:
        """These and others."""
        return Played(
            np.concatenate([self.schedules, other.schedules]),
            np.concatenate([self.violation_ratio, other.violation_ratio]),
            np.concatenate([self.pod_hours, other.pod_hours]),
        )

    def points(self) -> list[FrontPoint]:
        """The figures alone."""
        pairs = zip(self.violation_ratio.tolist(), self.pod_hours.tolist(), strict=True)
        return [FrontPoint(*pair) for pair in pairs]


def oracle_front(scenario: Scenario, seed: int) -> tuple[FrontPoint, ...]:
    """What a clairvoyant could reach in one episode.

    Args:
        scenario: The episode.
        seed: The randomness of the episode, as the simulator takes it.

    Returns:
        Points that none beats in both figures, by growing violations and falling pod-hours.

    Raises:
        InputError: A trace of the scenario cannot be read.
    """
    return tuple(best_schedules(scenario, seed).points())


def merge_fronts(*fronts: Iterable[tuple[float, float]]) -> tuple[FrontPoint, ...]:
    """The front of several sets of (violation ratio, pod-hours), such as of other schedules."""
    least, found = np.inf, []
    for ratio, hours in sorted(point for front in fronts for point in front):
        if hours < least:
            found.append(FrontPoint(ratio, hours))
            least = hours
    return tuple(found)


def cheapest_within(front: Sequence[tuple[float, float]], bound: float) -> FrontPoint:
    """The point with the fewest pod-hours whose violation ratio is at most `bound`.

    What even idle pods violate is a floor that no schedule gets below; close to it more pods buy
    nothing but digits. So a ratio within a thousandth of the least one counts as the least one,
    and where none is within the bound, the cheapest of those is taken.

    Raises:
        InputError: The front is empty.
    """
    if not front:
        raise InputError("expected a front of at least one point, found none.")
    limit = max(bound, (1.0 + _FLOOR) * min(front)[0])
    within = [point for point in front if point[0] <= limit]
    return FrontPoint(*min(within, key=lambda point: point[1]))


@lru_cache(maxsize=1)
def best_schedules(scenario: Scenario, seed: int) -> Played:
    """The schedules of the front, by growing violations; see `oracle_front`.

    The last answer is kept: a benchmark asks for the front and for the policy that follows it.
    """
    tape = draw_tape(scenario, seed)
    single = SimulatorBatch(1, scenario.interval_s)
    single.load(0, scenario, seed)
    played = _play(single, _plans(scenario, tape))
    played = played.only(played.front())
    for gap in _GAPS_OF_LONG if played.schedules.shape[1] > _LONG else _GAPS:
        fillers = _fillers(played, gap)
        if not len(fillers):
            continue
        played = played.joined(_play(single, fillers))
        played = played.only(played.front())
    return played


def _plans(scenario: Scenario, tape: Tape) -> Integers:
    is_long = tape.rates_rps.size > _LONG * scenario.interval_s
    prices = (_PRICES[::2] if is_long else _PRICES) / scenario.service.pod_capacity_rps
    startups_s = np.unique(np.quantile(tape.startup_s, _STARTUP_QUANTILES))
    if scenario.cluster.pods_per_node is not None:
        slowest = startups_s[-1] + scenario.cluster.node_provisioning_s
        startups_s = np.append(startups_s, slowest)
    demand = foresee(scenario, tape)
    startups = [startup_of(demand, startup_s) for startup_s in startups_s.tolist()]
    plans = plan(demand, startups, prices, ErlangTable())
    # Nothing violates less than all the pods there may be.
    most = np.full((1, demand.intervals), scenario.cluster.max_replicas)
    schedules: Integers = np.unique(np.concatenate([plans, most]), axis=0)
    return schedules


def _play(single: SimulatorBatch, schedules: Integers) -> Played:
    """Let the simulator carry out schedules, without guardrails.

    Args:
        single: One slot at its start.
        schedules: Desired replicas, shape (schedules, intervals).
    """
    ratios, hours = [], []
    for first in range(0, len(schedules), _MOST_SLOTS):
        part = schedules[first : first + _MOST_SLOTS]
        batch = single.fork(0, len(part))
        for targets in part.T:
            batch.scale(targets)
            batch.advance_unmeasured()
        counters = batch.counters
        ratios.append(counters.violations / np.maximum(counters.arrived, 1.0))
        hours.append(counters.pod_seconds / 3600.0)
    return Played(schedules, np.concatenate(ratios), np.concatenate(hours))


def _fillers(played: Played, wide: float) -> Integers:
    """Schedules that follow one neighbour on a front up to a moment, and the other from then on.

    Prices find only the corners of the front (its convex hull); such crossings lie near the lines
    between them. The moments are such that the parts differ by equally many pods.

    Args:
        played: Schedules of a front, by growing violations.
        wide: Share of pod-hours between two of them that is filled.
    """
    found = []
    for careful, sparing in pairwise(range(len(played.pod_hours))):
        gap = float(played.pod_hours[careful] / played.pod_hours[sparing]) - 1.0
        count = min(int(gap / wide), _MOST_FILLERS)
        one, other = played.schedules[careful], played.schedules[sparing]
        share = np.cumsum(np.abs(one - other))
        for number in range(1, count + 1):
            moment = int(np.searchsorted(share, share[-1] * number / (count + 1))) + 1
            found.append(np.concatenate([one[:moment], other[moment:]]))
            found.append(np.concatenate([other[:moment], one[moment:]]))
    if not found:
        return np.empty((0, played.schedules.shape[1]), dtype=np.int64)
    schedules: Integers = np.unique(found, axis=0)
    return schedules
