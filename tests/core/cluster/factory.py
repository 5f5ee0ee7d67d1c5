"""Small scenarios for tests of the simulator, and ways to play them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import StateBatch
from core.cluster.simulated import SimulatedCluster
from core.cluster.simulator import SimulatorBatch
from core.state import ClusterState
from core.traffic.faults import Fault
from core.traffic.patterns import AdditivePattern, ArNoisePattern, ConstantPattern, SpikePattern
from core.traffic.scenario import (
    ClusterModel,
    MetricsModel,
    Scenario,
    ServiceModel,
    ServiceTimeDistribution,
)

POD_RPS = 1000.0 / 17.5
"""Requests per second of a pod with the default service."""


def scenario_of(
    traffic: float | Sequence[AdditivePattern | ArNoisePattern] = 300.0,
    *,
    pods: int = 8,
    duration_s: int = 600,
    faults: Sequence[Fault] = (),
    service: dict[str, Any] | None = None,
    cluster: dict[str, Any] | None = None,
    metrics: dict[str, Any] | None = None,
    interval_s: int = 15,
) -> Scenario:
    """A scenario that starts with `pods`; by default of constant traffic and undelayed metrics."""
    patterns = (
        (ConstantPattern(rps=float(traffic)),)
        if isinstance(traffic, int | float)
        else tuple(traffic)
    )
    settings: dict[str, Any] = dict(service or {})
    if settings.get("service_time_cv", 1.0) < 1.0:
        settings["service_time_distribution"] = ServiceTimeDistribution.SHIFTED_EXPONENTIAL
    bounds = {"min_replicas": 1, "max_replicas": 1000, "initial_replicas": pods}
    return Scenario(
        name="test",
        traffic=patterns,
        service=ServiceModel(**settings),
        cluster=ClusterModel(**(bounds | (cluster or {}))),
        metrics=MetricsModel(**({"delay_s": 0.0, "window_s": float(interval_s)} | (metrics or {}))),
        interval_s=interval_s,
        duration_s=duration_s,
        faults=tuple(faults),
    )


def spike(height_rps: float, at_s: float, hold_s: float) -> SpikePattern:
    """A rectangle of traffic."""
    return SpikePattern(at_s=at_s, rps=height_rps, rise_s=0.0, hold_s=hold_s, fall_s=0.0)


def play(
    scenario: Scenario,
    seed: int = 1,
    decide: Callable[[ClusterState], int] | None = None,
) -> tuple[list[ClusterState], SimulatedCluster]:
    """All states of an episode, from the first, and the cluster at its end."""
    simulated = SimulatedCluster(scenario, seed)
    states = [simulated.reset(seed)]
    while not simulated.finished:
        if decide is not None:
            simulated.scale(decide(states[-1]))
        states.append(simulated.advance())
    return states, simulated


def at(states: Sequence[ClusterState], time_s: float) -> ClusterState:
    """The state of a moment."""
    return next(state for state in states if state.time_s == time_s)


def batch_of(scenarios: Sequence[Scenario], seeds: Sequence[int]) -> SimulatorBatch:
    """A loaded batch, one slot per scenario."""
    batch = SimulatorBatch(len(scenarios), scenarios[0].interval_s)
    for index, (scenario, seed) in enumerate(zip(scenarios, seeds, strict=True)):
        batch.load(index, scenario, seed)
    return batch


def as_array(states: StateBatch) -> NDArray[np.float64]:
    """All fields of some states, shape (fields, n)."""
    return np.array([getattr(states, item.name) for item in fields(states)])


def assert_same(left: StateBatch, right: StateBatch) -> None:
    """Fail unless two batches are equal to the last bit, NaN included."""
    assert as_array(left).tobytes() == as_array(right).tobytes()


def column(states: StateBatch, index: int) -> StateBatch:
    """One cluster of a batch, as a batch of one."""
    return StateBatch(*(getattr(states, item.name)[[index]] for item in fields(states)))
