"""Letting a policy control simulated clusters through whole scenarios, and adding up.

The loop is the control loop of a run in mode AUTO: observe, decide, guardrails (with the reactive
baseline while metrics are too old), scale, advance. Many episodes are stepped at once where the
policy can decide for many clusters; each episode's figures are the same as alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from core.agents.deciders import decider_for
from core.agents.guarded import GuardedBatch, repeated
from core.agents.policy import Policy
from core.cluster.simulator import SimulatorBatch
from core.envs.history import StateHistory
from core.envs.history_part import history_part
from core.envs.observation import build_observation
from core.envs.reward import WeightsBatch, rewards
from core.latency import LatencyMixture
from core.summary import Summary, SummaryAccumulator, average_summaries
from core.traffic.scenario import Scenario

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Case:
    """One episode to live through."""

    scenario: Scenario
    seed: int


@dataclass(frozen=True, slots=True)
class EpisodeResult:
    """How one episode went."""

    policy: str
    scenario: str
    seed: int
    summary: Summary
    latency: LatencyMixture = field(repr=False, compare=False)
    """Latencies of the episode, for pooling."""


def evaluate_policy(policy: Policy, scenario: Scenario, seed: int) -> EpisodeResult:
    """Let `policy` control one episode from beginning to end."""
    return evaluate_cases(policy, [Case(scenario, seed)])[0]


def evaluate_cases(policy: Policy, cases: Sequence[Case]) -> list[EpisodeResult]:
    """Let `policy` control several episodes; the results are in the order of `cases`.

    A policy with a memory is copied for each episode.
    """
    return evaluate_policies([policy], cases)[0]


def evaluate_policies(
    policies: Sequence[Policy],
    cases: Sequence[Case],
    on_steps: Callable[[int], None] = lambda steps: None,
) -> list[list[EpisodeResult]]:
    """Let each of several policies control several episodes, all stepped together.

    Args:
        policies: At least one; each episode's figures are the same as under that policy alone.
        cases: The episodes.
        on_steps: Called once per interval with the number of episodes that lived through it.

    Returns:
        The results of each policy, in the order of `cases`.
    """
    results: dict[int, list[EpisodeResult]] = {}
    for interval_s in {case.scenario.interval_s for case in cases}:
        chosen = [i for i, case in enumerate(cases) if case.scenario.interval_s == interval_s]
        found = _Episodes(policies, [cases[index] for index in chosen]).run(on_steps)
        # By case first: each case has one result per policy.
        results.update(zip(chosen, map(list, zip(*found, strict=True)), strict=True))
    return [
        [results[index][number] for index in range(len(cases))] for number in range(len(policies))
    ]


def average_results(results: Sequence[EpisodeResult]) -> Summary:
    """The figures of an average episode; its score is the mean of the episodes' scores."""
    return average_summaries([one.summary for one in results], [one.latency for one in results])


class _Episodes:
    """Episodes of the same interval that are stepped together, each under every policy."""

    def __init__(self, policies: Sequence[Policy], cases: Sequence[Case]) -> None:
        self._policies = policies
        self._cases = cases
        single = SimulatorBatch(len(cases), cases[0].scenario.interval_s)
        for index, case in enumerate(cases):
            single.load(index, case.scenario, case.seed)
        columns = np.tile(np.arange(len(cases)), len(policies))
        scenarios = [cases[index].scenario for index in columns.tolist()]
        simulator = single if len(policies) == 1 else repeated(single, columns)
        self._clusters = GuardedBatch(simulator, scenarios)
        facts = simulator.facts
        self._history = StateHistory(facts)
        self._weights = WeightsBatch.from_weights([one.reward for one in scenarios])
        self._sums = SummaryAccumulator(facts.pod_capacity_rps, float(scenarios[0].interval_s))
        self._parts = [
            slice(number * len(cases), (number + 1) * len(cases)) for number in range(len(policies))
        ]
        futures = [(case.scenario, case.seed) for case in cases]
        self._deciders = [decider_for(policy, single.facts, futures) for policy in policies]

    def run(self, on_steps: Callable[[int], None]) -> list[list[EpisodeResult]]:
        """Live through all of them; results by policy and case."""
        clusters, history = self._clusters, self._history
        alive = np.ones(clusters.facts.size, dtype=np.bool_)
        history.restart(alive, clusters.states)
        self._sums.start(clusters.states.replicas_desired)
        results: dict[int, EpisodeResult] = {}
        while alive.any():
            states = clusters.step(self._wanted())
            history.push(states)
            self._sums.add(states, rewards(history, self._weights).total, alive)
            ended = alive & clusters.finished
            results.update((one, self._result(one)) for one in np.flatnonzero(ended).tolist())
            on_steps(int(alive.sum()))
            alive &= ~ended
        return [[results[index] for index in range(part.start, part.stop)] for part in self._parts]

    def _wanted(self) -> Integers:
        observations = build_observation(self._history)
        wanted = np.empty(len(observations), dtype=np.int64)
        for part, decider in zip(self._parts, self._deciders, strict=True):
            history = self._history if len(self._parts) == 1 else history_part(self._history, part)
            wanted[part] = decider.targets(history, observations[part])
        return wanted

    def _result(self, index: int) -> EpisodeResult:
        number, which = divmod(index, len(self._cases))
        case = self._cases[which]
        return EpisodeResult(
            policy=self._policies[number].name,
            scenario=case.scenario.name,
            seed=case.seed,
            summary=self._sums.summary(index, self._clusters.exact(index)),
            latency=self._sums.latency(index),
        )
