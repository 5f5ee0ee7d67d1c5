from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.agents.evaluation import Case, evaluate_cases
from core.agents.rule import RatePolicy
from core.cluster.batch import FactsBatch, StateBatch
from core.envs.history import StateHistory
from core.state import ClusterState, Decision, DeploymentFacts
from core.traffic.library import load_scenario
from tests.core.agents.factory import FACTS, make_situation, make_state


def decide_after(
    policy: RatePolicy, states: list[ClusterState], facts: DeploymentFacts = FACTS
) -> Decision:
    situation = make_situation(states[0], facts)
    for state in states[1:]:
        situation.history.push(StateBatch.from_states([state]))
    return policy.decide(replace(situation, state=states[-1]))


@pytest.mark.parametrize(("rps", "target"), [(375.0, 10), (375.1, 11), (0.0, 2), (9e9, 40)])
def test_capacity_times_utilization_covers_the_rate(rps: float, target: int) -> None:
    decision = RatePolicy().decide(make_situation(make_state(rps=rps)))
    assert (decision.target, decision.change) == (target, target - 10)


def test_the_highest_rate_of_the_window_counts_and_nothing_older() -> None:
    states = [make_state(time_s=15.0 * turn, rps=100.0) for turn in range(12)]
    for turn, target in ((11, 20), (7, 20), (6, 3)):
        peaked = [*states]
        peaked[turn] = replace(states[turn], rps=750.0)
        assert decide_after(RatePolicy(75.0, 0.75), peaked).target == target, turn


def test_reasons_in_words() -> None:
    words = RatePolicy().decide(make_situation(make_state(rps=412.0))).reason
    assert words == "cover the 75 s peak of 412 rps at 75% of 50 rps per pod"
    assert (
        RatePolicy()
        .decide(make_situation(make_state(rps=5000.0)))
        .reason.endswith(": 134, but 40 is the limit")
    )


def test_it_holds_without_a_rate() -> None:
    states = [make_state(rps=900.0), make_state(time_s=30.0, rps=None, desired=13)]
    decision = decide_after(RatePolicy(), states)
    assert (decision.target, decision.change, decision.reason) == (13, 0, "keep: no request rate")


def test_many_clusters_at_once_are_the_same_as_one_by_one() -> None:
    policy = RatePolicy(60.0, 0.6)
    rates = (0.0, 77.0, 412.5, None, 10_000.0)
    states = [make_state(rps=rps, desired=7) for rps in rates]
    history = StateHistory(FactsBatch.from_facts([FACTS] * len(states)))
    history.restart(np.ones(len(states), dtype=np.bool_), StateBatch.from_states(states))
    alone = [policy.decide(make_situation(state)).target for state in states]
    assert policy.targets(history).tolist() == alone


def test_an_episode_is_the_same_alone_and_among_others() -> None:
    scenario = load_scenario("flash-crowd").model_copy(update={"duration_s": 900})
    cases = [Case(scenario, seed) for seed in (1, 2)]
    together = evaluate_cases(RatePolicy(), cases)
    assert together[1] == evaluate_cases(RatePolicy(), cases[1:])[0]
    assert together[0].policy == "rule"
    assert together[0].summary.pod_hours > 0.0
