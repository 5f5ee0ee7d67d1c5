"""What a clairvoyant knows of an episode: traffic second by second, and how long pods take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.cluster.columns import Floats, Integers
from core.cluster.faults import FaultPlan, Windows
from core.cluster.tape import Tape
from core.traffic.scenario import NodeLossFault, PodCrashFault, Scenario

_FINE_LEVELS: Final = 100
"""Up to here every replica count is considered, above in steps…"""
_LEVEL_STEP: Final = 0.01
"""…of this share."""
_MOST_USED: Final = 2.0
"""More pods than this times the peak are never worth their price…"""
_MORE_USED: Final = 10
"""…plus these."""


@dataclass(frozen=True, slots=True)
class Demand:
    """An episode as it will be, but for the start-up times of pods."""

    scenario: Scenario
    tape: Tape
    levels: Floats
    """Numbers of ready pods to choose among, ascending, whole numbers, shape (levels,)."""
    service_s: Floats
    """Mean service time in every tick, shape (ticks,)."""
    lost_pods: Floats
    """Ready pods that faults take away, in every tick, shape (ticks,)."""

    @property
    def intervals(self) -> int:
        """Decision intervals of the episode."""
        return len(self.tape.rates_rps) // self.scenario.interval_s


@dataclass(frozen=True, slots=True)
class Startup:
    """How long before it serves a pod must be asked for, shape (intervals,) each."""

    lag_intervals: Integers
    """Whole decision intervals before the one in which it shall serve."""
    late_ticks: Integers
    """Ticks of that interval which it still misses, fewer than an interval has."""


def foresee(scenario: Scenario, tape: Tape) -> Demand:
    """Look ahead.

    Args:
        scenario: What happens.
        tape: What chance has in store for it.
    """
    plan = FaultPlan(1)
    plan.load(0, scenario.faults)
    ticks = len(tape.rates_rps)
    service_s = np.full(ticks, scenario.service.service_time_ms / 1000.0)
    if plan.dependency_s.any:
        service_s += plan.dependency_s.total(np.arange(ticks)[:, None])[:, 0]
    lost = _lost_pods(scenario, tape, plan.slow_start)
    busy = tape.rates_rps * service_s / scenario.service.workers
    return Demand(scenario, tape, _levels(scenario, float((busy + lost).max())), service_s, lost)


def startup_of(demand: Demand, startup_s: float) -> Startup:
    """Plan with one start-up time for all pods, but for faults that slow it down."""
    plan = FaultPlan(1)
    plan.load(0, demand.scenario.faults)
    interval = demand.scenario.interval_s
    startups_s = np.full(demand.intervals, startup_s)
    if plan.slow_start.any:
        created = np.maximum(np.arange(demand.intervals) * interval - startup_s, 0.0)
        startups_s *= [plan.slow_start.product_of(0, second) for second in created.tolist()]
    lag = np.floor(startups_s / interval).astype(np.int64)
    return Startup(lag, np.floor(startups_s - lag * interval).astype(np.int64))


def _lost_pods(scenario: Scenario, tape: Tape, slow_start: Windows) -> Floats:
    """What crashes take away until the pods that replace them have started."""
    ticks = len(tape.rates_rps)
    lost = np.zeros(ticks)
    for fault in scenario.faults:
        if isinstance(fault, PodCrashFault):
            count, restart_s = fault.count, fault.restart_s
        elif isinstance(fault, NodeLossFault) and scenario.cluster.pods_per_node is not None:
            count, restart_s = scenario.cluster.pods_per_node, None
        else:
            continue
        first = math.ceil(fault.at_s)
        after_s = np.arange(ticks - first)
        startups_s = np.sort(tape.startup_s) * slow_start.product_of(0, first)
        if restart_s is not None:
            startups_s = np.full(len(startups_s), math.ceil(restart_s))
        started = np.searchsorted(startups_s, after_s, side="right") / len(startups_s)
        lost[first:] += np.rint(count * (1.0 - started))
    return lost


def _levels(scenario: Scenario, peak_pods: float) -> Floats:
    low, high = scenario.cluster.min_replicas, scenario.cluster.max_replicas
    high = max(min(high, math.ceil(_MOST_USED * peak_pods) + _MORE_USED), low)
    levels = np.arange(low, min(high, max(low, _FINE_LEVELS)) + 1, dtype=np.float64)
    last = levels[-1]
    if last < high:
        steps = math.ceil(math.log(high / last) / math.log1p(_LEVEL_STEP))
        levels = np.unique(np.concatenate([levels, np.rint(np.geomspace(last, high, steps + 1))]))
    return levels
