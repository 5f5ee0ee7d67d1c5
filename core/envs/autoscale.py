"""The Gymnasium environment over any cluster, simulated or real."""

from __future__ import annotations

from typing import Any, cast

import gymnasium
import numpy as np
from numpy.typing import NDArray

from core.cluster.base import Cluster
from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.simulated import SimulatedCluster
from core.envs import registration as registration  # makes the environment's id known
from core.envs.actions import action_set as action_set_named
from core.envs.observation import FEATURES
from core.envs.pipeline import EpisodeSettings, Pipeline
from core.envs.reward import RewardBatch
from core.errors import InputError
from core.state import ClusterState
from core.traffic.library import load_scenario
from core.traffic.scenario import GuardrailSettings, RewardWeights, Scenario

_ALL = np.ones(1, dtype=np.bool_)


def observation_space() -> gymnasium.Space[NDArray[np.float32]]:
    """Space of the observations: every feature in -1…1."""
    box = gymnasium.spaces.Box(-1.0, 1.0, (len(FEATURES),), np.float32)
    return cast("gymnasium.Space[NDArray[np.float32]]", box)


class AutoscaleEnv(gymnasium.Env[NDArray[np.float32], np.int64]):
    """One decision per step: map the action to replicas, guard it, scale, wait, observe.

    Args:
        scenario: Name of a scenario, a file, or the scenario itself, to simulate.
        cluster: The cluster to act on instead of a simulated one.
        action_set: Name of the action set.
        weights: Reward weights; those of the scenario by default.
        guardrails: Guardrail settings; those of the scenario by default.

    Raises:
        InputError: Unknown scenario or action set.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012 - Gymnasium's declaration

    def __init__(
        self,
        scenario: str | Scenario = "baseline-steady",
        cluster: Cluster | None = None,
        action_set: str = "headroom",
        weights: RewardWeights | None = None,
        guardrails: GuardrailSettings | None = None,
        render_mode: str | None = None,
    ) -> None:
        if render_mode not in (None, "ansi"):
            raise InputError(f'expected render_mode None or "ansi", found {render_mode!r}.')
        self.render_mode = render_mode
        source = load_scenario(scenario) if isinstance(scenario, str) else scenario
        self.cluster = SimulatedCluster(source) if cluster is None else cluster
        self._settings = [
            EpisodeSettings(weights or source.reward, guardrails or source.guardrails)
        ]
        self._action_set = action_set_named(action_set)
        self._pipeline = Pipeline(self._action_set, self._facts(), self._settings)
        self.observation_space = observation_space()
        self.action_space = gymnasium.spaces.Discrete(len(self._action_set.labels))

    def _facts(self) -> FactsBatch:
        return FactsBatch.from_facts([self.cluster.facts])

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Start over; without a seed, one is drawn from the environment's generator."""
        super().reset(seed=seed)
        episode_seed = int(self.np_random.integers(2**31)) if seed is None else seed
        state = self.cluster.reset(episode_seed)
        states = StateBatch.from_states([state])
        observation = self._pipeline.begin(_ALL, states, self._facts(), self._settings)
        return observation[0], {"state": state, "seed": episode_seed}

    def step(
        self, action: np.int64
    ) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Take one decision and let one interval pass.

        Returns:
            Observation, reward, terminated (always False: services do not end), truncated (the
            scenario ended), and the state, target and reward components in the info.
        """
        rulings = self._pipeline.rule(np.array([action], dtype=np.int64))
        target = int(rulings.targets[0])
        outcome = self.cluster.scale(target)
        state = self.cluster.advance()
        observation = self._pipeline.observe(StateBatch.from_states([state]))
        reward: RewardBatch = self._pipeline.rewards()
        info = {
            "state": state,
            "target": target,
            "accepted": outcome.accepted,
            "guardrail": int(rulings.flags[0]),
            "reward_components": reward.components(0),
        }
        return observation[0], float(reward.total[0]), False, self.cluster.finished, info

    def render(self) -> str | None:
        """The newest state in one line, if `render_mode` is "ansi"."""
        if self.render_mode is None:
            return None
        state: ClusterState = self._pipeline.history.state.state(0)
        return (
            f"t={state.time_s:.0f}s rps={state.rps} p95={state.latency_p95_ms} ms "
            f"replicas={state.replicas_ready}/{state.replicas_desired}"
        )

    def close(self) -> None:
        """Let go of the cluster."""
        self.cluster.close()
