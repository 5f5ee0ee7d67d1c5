from __future__ import annotations

import numpy as np
import pytest

from core.agents.evaluation import Case, evaluate_policies
from core.agents.grid import HPA_SETTINGS, RULE_SETTINGS, evaluate_grid
from core.agents.oracle import FrontPoint, cheapest_within, merge_fronts, oracle_front
from core.agents.oracle.front import best_schedules
from core.agents.static import StaticPolicy
from core.cluster.simulator import SimulatorBatch
from core.errors import InputError
from core.traffic.library import load_scenario
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import Scenario

MEANT_WELL = 0.001
"""Violations that nobody minds: the bound of the comparisons."""


def short(name: str, seconds: int = 1800) -> Scenario:
    return load_scenario(name).model_copy(update={"duration_s": seconds, "faults": ()})


def test_a_front_falls_and_is_the_same_again() -> None:
    scenario = short("flash-crowd")
    front = oracle_front(scenario, 3)
    ratios, hours = np.array(front).T
    assert (np.diff(ratios) > 0.0).all()
    assert (np.diff(hours) < 0.0).all()
    assert front == oracle_front(scenario, 3)
    assert front != oracle_front(scenario, 4)


def test_the_figures_are_those_of_the_simulator() -> None:
    scenario = short("bursty")
    played = best_schedules(scenario, 5)
    middle = len(played.schedules) // 2
    batch = SimulatorBatch(1)
    batch.load(0, scenario, 5)
    for target in played.schedules[middle].tolist():
        batch.scale(np.array([target]))
        batch.advance()
    totals = batch.totals(0)
    assert played.violation_ratio[middle] == totals.violations / totals.arrived_requests
    assert played.pod_hours[middle] == totals.pod_seconds / 3600.0


def test_constant_traffic_needs_a_constant_count() -> None:
    scenario = short("baseline-steady", 900).model_copy(
        update={"traffic": load_scenario("baseline-steady").traffic[:1]}
    )
    point = cheapest_within(oracle_front(scenario, 1), MEANT_WELL)
    counts = range(2, 14)
    results = evaluate_policies([StaticPolicy(count) for count in counts], [Case(scenario, 1)])
    statics = [result.summary for (result,) in results]
    best = min(one.pod_hours for one in statics if one.slo_violation_ratio <= MEANT_WELL)
    assert best * 0.9 <= point.pod_hours <= best * 1.001


@pytest.mark.parametrize("number", range(2))
def test_no_hpa_or_rule_passes_it(number: int) -> None:
    rng = np.random.default_rng([20_261_122, number])
    scenario = random_scenario(rng).model_copy(update={"duration_s": 2700, "faults": ()})
    front = oracle_front(scenario, number)
    figures = evaluate_grid(HPA_SETTINGS[::2] + RULE_SETTINGS[::3], [Case(scenario, number)])
    compared = 0
    for ratio, hours in zip(figures.violation_ratios[:, 0], figures.pod_hours[:, 0], strict=True):
        if ratio <= 0.05:
            best = cheapest_within(front, max(float(ratio), MEANT_WELL))
            assert best.pod_hours <= hours * 1.01
            compared += 1
    assert compared > 5


def test_faults_and_limited_nodes_are_planned_with() -> None:
    for name in ("node-loss", "slow-start"):
        scenario = load_scenario(name)
        front = oracle_front(scenario, 1)
        figures = evaluate_grid(HPA_SETTINGS[:14:2], [Case(scenario, 1)])
        for ratio, hours in zip(
            figures.violation_ratios[:, 0], figures.pod_hours[:, 0], strict=True
        ):
            if ratio <= 0.05:
                best = cheapest_within(front, max(float(ratio), MEANT_WELL))
                assert best.pod_hours <= hours * 1.01, name


def test_the_cheapest_within_a_bound() -> None:
    front = [(0.0001, 9.0), (0.0008, 7.0), (0.002, 5.0)]
    assert cheapest_within(front, 0.001) == (0.0008, 7.0)
    assert cheapest_within(front, 0.5) == FrontPoint(0.002, 5.0)
    assert cheapest_within(front, 0.0) == (0.0001, 9.0)
    # All but equal to the least possible: the cheapest of these.
    assert cheapest_within([(0.05, 9.0), (0.050001, 4.0), (0.06, 3.0)], 0.001).pod_hours == 4.0
    with pytest.raises(InputError, match="front"):
        cheapest_within([], 0.1)


def test_fronts_are_merged_without_what_is_beaten() -> None:
    merged = merge_fronts([(0.1, 5.0), (0.3, 2.0)], [(0.2, 6.0), (0.2, 4.0), (0.3, 2.5)])
    assert merged == ((0.1, 5.0), (0.2, 4.0), (0.3, 2.0))


def test_a_service_that_nobody_asks_costs_the_least() -> None:
    scenario = Scenario.model_validate(
        {"name": "silence", "traffic": [{"kind": "constant", "rps": 0.0}], "duration_s": 600}
    )
    front = oracle_front(scenario, 1)
    assert front == (FrontPoint(0.0, 2 * 600 / 3600),)
