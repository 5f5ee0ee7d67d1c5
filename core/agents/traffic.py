"""What an agent trains on, and the other traffic that it is judged on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.agents.calibration import calibrated_hpa_score
from core.agents.config import RANDOM_TRAFFIC, TrainingConfig
from core.agents.evaluation import Case, average_results, evaluate_cases
from core.agents.policy import Policy
from core.envs.batch_env import FixedScenarios, RandomTraffic, ScenarioSource
from core.errors import InputError
from core.summary import Summary
from core.traffic.library import load_scenario
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import RewardWeights, Scenario
from core.traffic.workload import rates_per_second

_VALIDATION_SEED: Final = 20_260_501
"""The same for all trainings, so that their scores compare; no training draws from it."""
_RANDOM_CASES: Final = 40
_RANDOM_CASE_S: Final = 3600
"""Many short episodes tell more than few long ones in the same time."""
_EPISODES_PER_SCENARIO: Final = 2
_LONGEST_CASE_S: Final = 86_400
_MOST_EVALUATIONS: Final = 10
_FEWEST_EVALUATIONS: Final = 2


@dataclass(frozen=True, slots=True)
class Validation:
    """Traffic that nobody trains on."""

    cases: tuple[Case, ...]

    def judge(self, policy: Policy) -> Summary:
        """A policy's figures in an average episode."""
        return average_results(evaluate_cases(policy, self.cases))

    def baseline_score(self) -> float:
        """The score of the HPA that is calibrated on the training suite; inf without traffic."""
        score = calibrated_hpa_score(self.cases)
        return math.inf if math.isnan(score) else score


@dataclass(frozen=True, slots=True)
class TrainingTraffic:
    """Where training episodes come from, and the traffic to judge on."""

    source: ScenarioSource
    validation: Validation
    interval_s: int
    """Seconds between two decisions, the same in all scenarios."""
    reward_weights: RewardWeights


def training_traffic(config: TrainingConfig) -> TrainingTraffic:
    """The traffic that a config names.

    Random training traffic is judged on other random traffic; named scenarios are judged on
    themselves with noise that no training episode has.

    Raises:
        InputError: A scenario cannot be loaded, or they do not go together.
    """
    if RANDOM_TRAFFIC in config.scenarios:
        if len(config.scenarios) > 1:
            raise InputError(
                f"expected {RANDOM_TRAFFIC!r} alone or names of scenarios, "
                f"found {', '.join(config.scenarios)}.",
                "Random traffic already covers everything.",
            )
        return _random_traffic()
    scenarios = [load_scenario(name, peak_rps=config.peak_rps) for name in config.scenarios]
    intervals = {scenario.interval_s for scenario in scenarios}
    if len(intervals) > 1:
        raise InputError(
            "expected scenarios with the same decision interval, "
            f"found {', '.join(f'{one} s' for one in sorted(intervals))}.",
            "Train on them one after the other, or change interval_s.",
        )
    cases = [
        Case(first_day(scenario), _VALIDATION_SEED + number)
        for scenario in scenarios
        for number in range(_EPISODES_PER_SCENARIO)
    ]
    for case in cases:
        if not rates_per_second(case.scenario, np.random.default_rng(case.seed)).any():
            raise InputError(
                f"expected traffic to train on, found none in {case.scenario.name}.",
                "Give the scenario a pattern with a rate above 0.",
            )
    return TrainingTraffic(
        FixedScenarios(scenarios),
        Validation(tuple(cases)),
        scenarios[0].interval_s,
        scenarios[0].reward,
    )


def first_day(scenario: Scenario) -> Scenario:
    """The scenario, cut off after a day."""
    if scenario.duration_s <= _LONGEST_CASE_S:
        return scenario
    return scenario.model_copy(update={"duration_s": _LONGEST_CASE_S})


def evaluation_interval_steps(
    config: TrainingConfig, traffic: TrainingTraffic, environments: int
) -> int:
    """Steps between evaluations, as configured or such that they do not outweigh the training.

    Args:
        config: What to do.
        traffic: What is judged on.
        environments: Clusters that are stepped at once.
    """
    if config.evaluation_every is not None:
        return config.evaluation_every
    longest_s = max(case.scenario.duration_s for case in traffic.validation.cases)
    rounds = config.steps // environments // max(1, longest_s // traffic.interval_s)
    return max(1, config.steps // min(max(rounds, _FEWEST_EVALUATIONS), _MOST_EVALUATIONS))


def _random_traffic() -> TrainingTraffic:
    rng = np.random.default_rng(_VALIDATION_SEED)
    scenarios: list[Scenario] = [
        random_scenario(rng).model_copy(update={"duration_s": _RANDOM_CASE_S})
        for _ in range(_RANDOM_CASES)
    ]
    cases = tuple(
        Case(scenario, _VALIDATION_SEED + number) for number, scenario in enumerate(scenarios)
    )
    return TrainingTraffic(
        RandomTraffic(), Validation(cases), scenarios[0].interval_s, scenarios[0].reward
    )
