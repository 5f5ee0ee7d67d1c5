"""Letting a policy control simulated clusters through whole scenarios, and adding up.

The loop is the control loop of a run in mode AUTO: observe, decide, guardrails (with the reactive
baseline while metrics are too old), scale, advance. Many episodes are stepped at once where the
policy can decide for many clusters; each episode's figures are the same as alone.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from core.agents.hpa import HpaPolicy
from core.agents.learned import LearnedPolicy
from core.agents.policy import Policy, Situation
from core.agents.rule import RatePolicy
from core.agents.static import StaticPolicy
from core.agents.threshold import ThresholdPolicy
from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.guardrails import Guardrails
from core.cluster.simulator import SimulatorBatch
from core.envs.history import StateHistory
from core.envs.observation import build_observation
from core.envs.reward import WeightsBatch, rewards
from core.latency import LatencyMixture
from core.summary import ExactTotals, Summary, SummaryAccumulator, average_summaries
from core.traffic.scenario import MetricsGapFault, Scenario

Integers = NDArray[np.int64]

_ONE: Final = np.ones(1, dtype=np.bool_)
_FIELDS: Final = fields(StateBatch)
_STATE_ONLY: Final = (HpaPolicy, StaticPolicy, ThresholdPolicy)
"""Policies that never look at the history, so that none need be kept for them alone."""


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
    results: dict[int, EpisodeResult] = {}
    for interval_s in {case.scenario.interval_s for case in cases}:
        chosen = [i for i, case in enumerate(cases) if case.scenario.interval_s == interval_s]
        found = _Episodes(policy, [cases[index] for index in chosen]).run()
        results.update(zip(chosen, found, strict=True))
    return [results[index] for index in range(len(cases))]


def average_results(results: Sequence[EpisodeResult]) -> Summary:
    """The figures of an average episode; its score is the mean of the episodes' scores."""
    return average_summaries([one.summary for one in results], [one.latency for one in results])


class _Deciders(Protocol):
    """Decides for all episodes."""

    def observe(self, states: StateBatch, history: StateHistory, *, begins: bool) -> None:
        """Take in the newest states."""

    def targets(self, observations: NDArray[np.float32]) -> Integers:
        """Replicas wanted, shape (n,)."""


class _Together:
    """A learned policy decides for all episodes in one pass."""

    def __init__(self, policy: LearnedPolicy) -> None:
        self._policy = policy
        self._history: StateHistory | None = None

    def observe(self, states: StateBatch, history: StateHistory, *, begins: bool) -> None:
        self._history = history

    def targets(self, observations: NDArray[np.float32]) -> Integers:
        assert self._history is not None
        return self._policy.choose(self._history, observations).targets


class _ByHistory:
    """A rule without a memory of its own decides for all episodes in one pass."""

    def __init__(self, policy: RatePolicy) -> None:
        self._policy = policy
        self._history: StateHistory | None = None

    def observe(self, states: StateBatch, history: StateHistory, *, begins: bool) -> None:
        self._history = history

    def targets(self, observations: NDArray[np.float32]) -> Integers:
        assert self._history is not None
        return self._policy.targets(self._history)


class _OneByOne:
    """A copy of the policy decides for each episode, with a history of its own if it looks back."""

    def __init__(self, policies: Mapping[int, Policy], facts: FactsBatch) -> None:
        self._policies = policies
        self._facts = {index: facts.facts(index) for index in policies}
        self._histories = {
            index: StateHistory(FactsBatch.from_facts([self._facts[index]]))
            for index, policy in policies.items()
            if not isinstance(policy, _STATE_ONLY)
        }
        self._states: StateBatch | None = None
        self._shared: StateHistory | None = None
        for index, policy in policies.items():
            policy.reset(self._facts[index])

    def observe(self, states: StateBatch, history: StateHistory, *, begins: bool) -> None:
        self._states, self._shared = states, history
        for index, own in self._histories.items():
            alone = StateBatch(
                **{one.name: getattr(states, one.name)[index : index + 1] for one in _FIELDS}
            )
            if begins:
                own.restart(_ONE, alone)
            else:
                own.push(alone)

    def targets(self, observations: NDArray[np.float32]) -> Integers:
        assert self._states is not None
        assert self._shared is not None
        wanted = np.zeros(len(observations), dtype=np.int64)
        for index, policy in self._policies.items():
            situation = Situation(
                self._states.state(index),
                self._facts[index],
                self._histories.get(index, self._shared),
                observations[index],
            )
            wanted[index] = policy.decide(situation).target
        return wanted


class _Episodes:
    """Episodes of the same interval that are stepped together."""

    def __init__(self, policy: Policy, cases: Sequence[Case]) -> None:
        self._policy = policy
        self._cases = cases
        size = len(cases)
        self._simulator = SimulatorBatch(size, cases[0].scenario.interval_s)
        for index, case in enumerate(cases):
            self._simulator.load(index, case.scenario, case.seed)
        facts = self._simulator.facts
        self._history = StateHistory(facts)
        self._guardrails = Guardrails([case.scenario.guardrails for case in cases], facts)
        self._weights = WeightsBatch.from_weights([case.scenario.reward for case in cases])
        self._sums = SummaryAccumulator(facts.pod_capacity_rps, float(cases[0].scenario.interval_s))
        self._deciders: _Deciders
        if isinstance(policy, LearnedPolicy):
            self._deciders = _Together(policy)
        elif isinstance(policy, RatePolicy):
            self._deciders = _ByHistory(policy)
        else:
            copies = {index: copy.deepcopy(policy) for index in range(size)}
            self._deciders = _OneByOne(copies, facts)
        late = [i for i, case in enumerate(cases) if _metrics_may_be_old(case.scenario)]
        self._standby = _OneByOne({index: HpaPolicy() for index in late}, facts)

    def run(self) -> list[EpisodeResult]:
        """Live through all of them."""
        simulator, history = self._simulator, self._history
        states = simulator.states()
        history.restart(np.ones(len(self._cases), dtype=np.bool_), states)
        self._sums.start(states.replicas_desired)
        self._observe(states, begins=True)
        alive = np.ones(len(self._cases), dtype=np.bool_)
        results: dict[int, EpisodeResult] = {}
        while alive.any():
            simulator.scale(self._rule(states))
            states = simulator.advance()
            history.push(states)
            self._observe(states, begins=False)
            self._sums.add(states, rewards(history, self._weights).total, alive)
            ended = alive & simulator.finished
            results.update((one, self._result(one)) for one in np.flatnonzero(ended).tolist())
            alive &= ~ended
        return [results[index] for index in range(len(self._cases))]

    def _observe(self, states: StateBatch, *, begins: bool) -> None:
        self._deciders.observe(states, self._history, begins=begins)
        self._standby.observe(states, self._history, begins=begins)

    def _rule(self, states: StateBatch) -> Integers:
        observations = build_observation(self._history)
        wanted = self._deciders.targets(observations)
        standby = self._standby.targets(observations)
        old = self._guardrails.needs_fallback(states)
        wanted = np.where(old, standby, wanted)
        return self._guardrails.rule(wanted, states, old).targets

    def _result(self, index: int) -> EpisodeResult:
        totals = self._simulator.totals(index)
        exact = ExactTotals(
            requests=totals.arrived_requests,
            violations=totals.violations,
            errors=totals.failed_requests,
            pod_seconds=totals.pod_seconds,
        )
        case = self._cases[index]
        return EpisodeResult(
            policy=self._policy.name,
            scenario=case.scenario.name,
            seed=case.seed,
            summary=self._sums.summary(index, exact),
            latency=self._sums.latency(index),
        )


def _metrics_may_be_old(scenario: Scenario) -> bool:
    late = scenario.metrics.delay_s >= scenario.interval_s
    return late or any(isinstance(fault, MetricsGapFault) for fault in scenario.faults)
