from __future__ import annotations

import numpy as np
import pytest

from core.agents.config import Algorithm
from core.agents.evaluation import (
    Case,
    average_results,
    evaluate_cases,
    evaluate_policies,
    evaluate_policy,
)
from core.agents.hpa import HpaPolicy
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation
from core.agents.rule import RatePolicy
from core.agents.static import StaticPolicy
from core.agents.threshold import ThresholdPolicy
from core.clock import SystemClock
from core.cluster.base import ScaleOutcome
from core.cluster.simulated import SimulatedCluster
from core.envs.pipeline import EpisodeSettings
from core.runs.loop import ControlLoop
from core.runs.rows import StepRecord
from core.state import Decision, DeploymentFacts
from core.traffic.library import load_scenario
from core.traffic.scenario import Scenario
from tests.core.agents.factory import make_bundle


def short(name: str, duration_s: int) -> Scenario:
    return load_scenario(name).model_copy(update={"duration_s": duration_s})


def cases() -> list[Case]:
    """Of different lengths, one with a gap in its metrics."""
    return [
        Case(short("flash-crowd", 1200), 5),
        Case(short("metrics-outage", 2700), 6),
        Case(short("pod-crashes", 600), 7),
    ]


def policies() -> list[Policy]:
    return [
        HpaPolicy(),
        ThresholdPolicy(),
        LearnedPolicy(make_bundle(Algorithm.PPO)),
        LearnedPolicy(make_bundle(Algorithm.DQN)),
    ]


@pytest.mark.parametrize("policy", policies(), ids=["hpa", "threshold", "ppo", "dqn"])
def test_episodes_together_are_the_same_as_alone(policy: Policy) -> None:
    together = evaluate_cases(policy, cases())
    assert [one.scenario for one in together] == ["flash-crowd", "metrics-outage", "pod-crashes"]
    for case, found in zip(cases(), together, strict=True):
        assert evaluate_policy(policy, case.scenario, case.seed) == found
        assert found.summary.steps == case.scenario.duration_s // 15


class Journal:
    """Keeps the records of a control loop."""

    def __init__(self) -> None:
        self.records: list[StepRecord] = []

    def add_step(self, record: StepRecord) -> None:
        self.records.append(record)

    def amend_step(self, *arguments: object) -> None:
        raise AssertionError("nobody overrides")

    def add_event(self, *arguments: object, **keywords: object) -> None:
        pass

    def begin_scaling(self, **keywords: object) -> int:
        return 0

    def finish_scaling(self, number: int, outcome: ScaleOutcome) -> None:
        pass


@pytest.mark.parametrize("policy", policies(), ids=["hpa", "threshold", "ppo", "dqn"])
def test_an_evaluation_is_what_a_run_in_auto_does(policy: Policy) -> None:
    for case in cases():
        journal = Journal()
        settings = EpisodeSettings(case.scenario.reward, case.scenario.guardrails)
        loop = ControlLoop(
            SimulatedCluster(case.scenario), policy, settings, journal, SystemClock()
        )
        loop.start(case.seed)
        while not loop.finished:
            loop.turn()
        summary = evaluate_policy(policy, case.scenario, case.seed).summary
        steps = [record.step for record in journal.records]
        assert len(steps) - 1 == summary.steps
        assert sum(step.reward.total for step in steps) == pytest.approx(summary.reward)
        desired = [step.state.replicas_desired for step in steps]
        assert np.abs(np.diff(desired)).sum() == summary.churn
        loop.close()


def test_more_pods_cost_more_and_violate_less() -> None:
    scenario = short("sudden-spike", 3600)
    few, many = (evaluate_policy(StaticPolicy(count), scenario, 1).summary for count in (4, 40))
    assert many.pod_hours > 2 * few.pod_hours
    assert many.slo_violation_ratio < few.slo_violation_ratio
    assert few.requests == many.requests > 0
    assert few.needed_pod_hours == many.needed_pod_hours
    average = average_results([evaluate_policy(StaticPolicy(4), scenario, 1)] * 2)
    assert average.score == pytest.approx(few.score)
    assert average.latency_p95_ms == pytest.approx(few.latency_p95_ms)


class CountsItsHistory:
    """Wants as many pods as it has seen intervals; needs a history of its own cluster."""

    name = "counts"
    action_labels: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.turns = 0

    def reset(self, facts: DeploymentFacts) -> None:
        self.turns = 0

    def decide(self, situation: Situation) -> Decision:
        self.turns += 1
        assert situation.history.size == 1
        assert situation.history.state.state(0) == situation.state
        return Decision(self.turns, 0, "one more each time")


def test_a_policy_with_a_memory_is_copied_for_each_episode() -> None:
    policy = CountsItsHistory()
    results = evaluate_cases(policy, cases()[::2])
    assert policy.turns == 0
    assert results[0].summary.churn != results[1].summary.churn


def test_policies_together_are_the_same_as_alone() -> None:
    many = [*policies(), CountsItsHistory(), HpaPolicy(0.5, down_stabilization_s=0.0), RatePolicy()]
    steps: list[int] = []
    together = evaluate_policies(many, cases(), steps.append)
    assert together == [evaluate_cases(policy, cases()) for policy in many]
    assert sum(steps) == len(many) * sum(case.scenario.duration_s // 15 for case in cases())
    assert len({result[0].summary.pod_hours for result in together}) == len(many)
