"""Many simulated clusters stepped at once, without any learning library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import StateBatch
from core.cluster.simulator import SimulatorBatch
from core.envs.actions import ActionSet
from core.envs.pipeline import EpisodeSettings, Pipeline
from core.envs.reward import RewardBatch
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import Scenario


class ScenarioSource(Protocol):
    """Where the scenario of each new episode comes from."""

    def __call__(self, rng: np.random.Generator) -> Scenario:
        """Draw the next scenario."""


class RandomTraffic:
    """Broad random traffic on random services, for policies that generalise."""

    def __call__(self, rng: np.random.Generator) -> Scenario:
        """Draw a scenario that probably nobody has seen."""
        return random_scenario(rng)


class FixedScenarios:
    """One of a few given scenarios, with new noise in every episode."""

    def __init__(self, scenarios: Sequence[Scenario]) -> None:
        self.scenarios = list(scenarios)

    def __call__(self, rng: np.random.Generator) -> Scenario:
        """Draw one of them."""
        return self.scenarios[int(rng.integers(len(self.scenarios)))]


@dataclass(frozen=True, slots=True)
class BatchStep:
    """What one step of all clusters gave."""

    observations: NDArray[np.float32]
    """Shape (n, features); after the end of an episode, the first of the next one."""
    rewards: RewardBatch
    done: NDArray[np.bool_]
    """Clusters whose episode ended with this step, shape (n,)."""
    last_observations: NDArray[np.float32]
    """Observations before any episode was started over, shape (n, features)."""
    states: StateBatch
    """States before any episode was started over."""
    targets: NDArray[np.int64]
    """Replicas asked for in this step, shape (n,)."""


class BatchEnv:
    """`AutoscaleEnv` for n clusters in one array program, each episode with its own scenario.

    Slot i draws scenarios and seeds from `default_rng([seed, i])`. An episode with a given
    scenario and seed equals that of an `AutoscaleEnv` reset with the same seed, bit for bit.

    Args:
        source: Where scenarios come from.
        size: Number of clusters.
        seed: Where all randomness comes from.
        action_set: What the actions mean.
        stagger: End each slot's first episode at a random moment, so that the slots do not
            all start over in the same step.
    """

    def __init__(
        self,
        source: ScenarioSource,
        size: int,
        seed: int,
        action_set: ActionSet,
        *,
        interval_s: int = 15,
        stagger: bool = False,
    ) -> None:
        self.size = size
        self.action_set = action_set
        self.simulator = SimulatorBatch(size, interval_s)
        self.episode_seeds = [0] * size
        self.scenarios: list[Scenario] = []
        self._source = source
        self._stagger = stagger
        self.seed(seed)

    def seed(self, seed: int) -> None:
        """Start the slots' generators over; takes effect with the next `reset`."""
        self._rngs = [np.random.default_rng([seed, index]) for index in range(self.size)]

    def reset(self) -> NDArray[np.float32]:
        """Start an episode in every slot; returns the observations, shape (n, features)."""
        self.scenarios = [self._load(index) for index in range(self.size)]
        self._settings = [EpisodeSettings(one.reward, one.guardrails) for one in self.scenarios]
        self._steps_left = np.array(
            [
                int(rng.integers(1, max(2, one.duration_s // one.interval_s)))
                if self._stagger
                else np.iinfo(np.int64).max
                for rng, one in zip(self._rngs, self.scenarios, strict=True)
            ]
        )
        facts = self.simulator.facts
        self.pipeline = Pipeline(self.action_set, facts, self._settings)
        every = np.ones(self.size, dtype=np.bool_)
        return self.pipeline.begin(every, self.simulator.states(), facts, self._settings)

    def _load(self, index: int) -> Scenario:
        rng = self._rngs[index]
        scenario = self._source(rng)
        self.episode_seeds[index] = int(rng.integers(2**31))
        self.simulator.load(index, scenario, self.episode_seeds[index])
        return scenario

    def step(self, actions: NDArray[np.int64]) -> BatchStep:
        """Take one decision in every cluster and let one interval pass."""
        return self._advance(self.pipeline.rule(actions).targets)

    def step_targets(self, targets: NDArray[np.int64]) -> BatchStep:
        """Like `step`, but with wanted replicas instead of actions; the guardrails apply."""
        return self._advance(self.pipeline.rule_targets(targets).targets)

    def _advance(self, targets: NDArray[np.int64]) -> BatchStep:
        self.simulator.scale(targets)
        states = self.simulator.advance()
        observations = last_observations = self.pipeline.observe(states)
        rewards = self.pipeline.rewards()
        self._steps_left -= 1
        done = self.simulator.finished | (self._steps_left <= 0)
        if done.any():
            observations = self._start_over(done)
        return BatchStep(observations, rewards, done, last_observations, states, targets)

    def _start_over(self, done: NDArray[np.bool_]) -> NDArray[np.float32]:
        for index in np.flatnonzero(done):
            scenario = self._load(int(index))
            self.scenarios[index] = scenario
            self._settings[index] = EpisodeSettings(scenario.reward, scenario.guardrails)
        self._steps_left[done] = np.iinfo(np.int64).max
        return self.pipeline.begin(
            done, self.simulator.states(), self.simulator.facts, self._settings
        )
