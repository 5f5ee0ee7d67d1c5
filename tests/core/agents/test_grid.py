"""Grids of settings against the exact policies, decision by decision and in their figures."""

from __future__ import annotations

import numpy as np
import pytest

from core.agents.evaluation import Case, evaluate_cases
from core.agents.grid import HPA_SETTINGS, RULE_SETTINGS, Setting, evaluate_grid
from core.agents.hpa import HpaPolicy
from core.agents.hpa.batch import HpaBatch
from core.agents.hpa.setting import HpaSetting
from core.agents.policy import Policy, Situation
from core.agents.registry import load_policy
from core.agents.rule import RatePolicy
from core.agents.rule_batch import RuleBatch, RuleSetting
from core.cluster.batch import FactsBatch, StateBatch
from core.errors import InputError
from core.state import Decision, DeploymentFacts
from core.traffic.library import load_scenario
from core.traffic.patterns import ConstantPattern
from core.traffic.scenario import Scenario

NAMES = ("bursty", "metrics-outage", "pod-crashes", "scale-rejected", "small-nodes")


def cut(name: str, duration_s: int) -> Scenario:
    return load_scenario(name).model_copy(update={"duration_s": duration_s})


def cases() -> list[Case]:
    """Bursts, a gap in the metrics, crashes, rejected calls; of two lengths."""
    lengths = {"metrics-outage": 2700}
    return [Case(cut(name, lengths.get(name, 900)), seed) for seed, name in enumerate(NAMES)]


class Compared:
    """Decides as the exact policy does, and holds the array of one against it every time."""

    action_labels: tuple[str, ...] = ()

    def __init__(self, setting: Setting) -> None:
        self.name = setting.spec
        self._setting = setting

    def reset(self, facts: DeploymentFacts) -> None:
        setting, batch = self._setting, FactsBatch.from_facts([facts])
        self._exact: Policy
        self._array: HpaBatch | RuleBatch
        if isinstance(setting, HpaSetting):
            self._exact = HpaPolicy(setting.target, down_stabilization_s=setting.stabilization_s)
            self._array = HpaBatch(batch, setting.target, setting.stabilization_s)
        else:
            self._exact = RatePolicy(setting.window_s, setting.utilization)
            one = np.ones(1)
            self._array = RuleBatch(batch, setting.window_s * one, setting.utilization * one)
        self._exact.reset(facts)
        self._time_s = -1.0

    def decide(self, situation: Situation) -> Decision:
        decision = self._exact.decide(situation)
        # A cluster whose episode has ended goes on to be asked, in a time that stands still.
        if situation.state.time_s > self._time_s:
            self._time_s = situation.state.time_s
            found = self._array.decide(StateBatch.from_states([situation.state])).tolist()
            assert found == [decision.target], (self.name, self._time_s)
        return decision


SETTINGS: tuple[Setting, ...] = (
    RuleSetting(75.0, 0.75),
    HpaSetting(0.7, 300.0),
    RuleSetting(15.0, 0.95),
    HpaSetting(0.35, 0.0),
    RuleSetting(600.0, 0.4),
    HpaSetting(0.9, 60.0),
)


def test_settings_on_episodes_are_what_the_exact_policies_make_of_them() -> None:
    steps: list[int] = []
    figures = evaluate_grid(SETTINGS, cases(), steps.append)
    assert sum(steps) == len(SETTINGS) * (4 * 60 + 180)
    for row, setting in enumerate(SETTINGS):
        # Wrapped, the exact policy is asked one by one and never replaced by an array.
        results = evaluate_cases(Compared(setting), cases())
        for column, result in enumerate(results):
            summary = result.summary
            assert summary.churn == figures.churn[row, column]
            assert summary.requests == figures.requests[row, column]
            assert summary.pod_hours == pytest.approx(figures.pod_hours[row, column], rel=1e-12)
            ratio = figures.violation_ratios[row, column]
            assert summary.slo_violation_ratio == pytest.approx(ratio, rel=1e-12)
            assert summary.score == pytest.approx(figures.scores[row, column], rel=1e-12)
    assert len(np.unique(figures.pod_hours)) > len(SETTINGS) * len(NAMES) * 0.8
    assert figures.mean_scores == pytest.approx(figures.scores.mean(axis=1))


def test_an_episode_without_traffic_has_no_score_and_counts_for_nothing() -> None:
    silent = cut("bursty", 300).model_copy(update={"traffic": (ConstantPattern(rps=0.0),)})
    figures = evaluate_grid(SETTINGS[:2], [Case(silent, 1), Case(cut("bursty", 300), 1)])
    assert np.isnan(figures.scores[:, 0]).all()
    assert figures.mean_scores == pytest.approx(figures.scores[:, 1])
    alone = evaluate_grid(SETTINGS[:2], [Case(silent, 1)])
    assert np.isnan(alone.mean_scores).all()


def test_the_grids_are_what_the_benchmark_is_defined_by() -> None:
    assert len(HPA_SETTINGS) == len(set(HPA_SETTINGS)) == 42
    assert {one.target for one in HPA_SETTINGS} == {percent / 100 for percent in range(30, 100, 5)}
    assert {one.stabilization_s for one in HPA_SETTINGS} == {0.0, 60.0, 300.0}
    assert len(RULE_SETTINGS) == len(set(RULE_SETTINGS)) == 120


def test_every_setting_can_be_named_on_the_command_line() -> None:
    for setting in HPA_SETTINGS:
        policy = load_policy(setting.spec)
        assert isinstance(policy, HpaPolicy)
        assert policy.setting == setting
    for rule in RULE_SETTINGS:
        assert load_policy(rule.spec).name in (rule.spec, "rule")
    assert load_policy("hpa:0.7:300").name == "hpa"
    assert load_policy("hpa:0.7:60").name == "hpa:0.7:60"


@pytest.mark.parametrize("spec", ["hpa:0.7:", "hpa:0.7:-1", "hpa:0.7:3601", "hpa:0.7:60:1"])
def test_a_window_that_no_hpa_takes_is_refused(spec: str) -> None:
    with pytest.raises(InputError, match="window of scaling down"):
        load_policy(spec)
