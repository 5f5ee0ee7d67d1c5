"""Many simulated clusters as one Stable-Baselines3 `VecEnv`, for training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices, VecEnvStepReturn

from core.envs.actions import action_set as action_set_named
from core.envs.autoscale import observation_space
from core.envs.batch_env import BatchEnv, BatchStep, ScenarioSource


class SimulatorVecEnv(VecEnv):
    """`BatchEnv` behind the interface that Stable-Baselines3 trains on.

    Args:
        source: Where scenarios come from.
        num_envs: Number of clusters.
        seed: Where all randomness comes from.
        action_set: Name of the action set.
        interval_s: Seconds between decisions, the same for all scenarios.
        stagger: See `BatchEnv`.
    """

    def __init__(
        self,
        source: ScenarioSource,
        num_envs: int,
        seed: int,
        action_set: str = "headroom",
        *,
        interval_s: int = 15,
        stagger: bool = False,
    ) -> None:
        actions = action_set_named(action_set)
        self.batch = BatchEnv(
            source, num_envs, seed, actions, interval_s=interval_s, stagger=stagger
        )
        self.last_step: BatchStep | None = None
        self.render_mode = None
        super().__init__(
            num_envs, observation_space(), gymnasium.spaces.Discrete(len(actions.labels))
        )
        self._no_infos: list[dict[str, Any]] = [{} for _ in range(num_envs)]
        self._actions = np.zeros(num_envs, dtype=np.int64)
        self._episode_reward = np.zeros(num_envs)
        self._episode_length = np.zeros(num_envs, dtype=np.int64)

    def reset(self) -> NDArray[np.float32]:
        """Start an episode in every cluster."""
        if self._seeds[0] is not None:
            self.batch.seed(self._seeds[0])
        self._reset_seeds()
        self._reset_options()
        self._episode_reward[:] = 0.0
        self._episode_length[:] = 0
        return self.batch.reset()

    def step_async(self, actions: NDArray[np.int64]) -> None:
        """Keep the actions for `step_wait`."""
        self._actions = np.asarray(actions, dtype=np.int64)

    def step_wait(self) -> VecEnvStepReturn:
        """Take one decision in every cluster and let one interval pass."""
        step = self.batch.step(self._actions)
        self.last_step = step
        rewards = step.rewards.total.astype(np.float32)
        self._episode_reward += rewards
        self._episode_length += 1
        infos = self._infos(step) if step.done.any() else self._no_infos
        return step.observations, rewards, step.done, infos

    def _infos(self, step: BatchStep) -> list[dict[str, Any]]:
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for index in np.flatnonzero(step.done):
            infos[index] = {
                "terminal_observation": step.last_observations[index],
                "TimeLimit.truncated": True,
                "episode": {
                    "r": float(self._episode_reward[index]),
                    "l": int(self._episode_length[index]),
                    "t": 0.0,
                },
            }
        self._episode_reward[step.done] = 0.0
        self._episode_length[step.done] = 0
        return infos

    def close(self) -> None:
        """Nothing to let go of."""

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """The same attribute once per cluster."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Set an attribute of the whole batch."""
        setattr(self, attr_name, value)

    def env_method(
        self, method_name: str, *method_args: Any, indices: VecEnvIndices = None, **kwargs: Any
    ) -> list[Any]:
        """Call a method of the batch once per cluster."""
        method = getattr(self, method_name)
        return [method(*method_args, **kwargs) for _ in self._get_indices(indices)]

    def env_is_wrapped(
        self,
        wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]],
        indices: VecEnvIndices = None,
    ) -> list[bool]:
        """False for every cluster."""
        return [False for _ in self._get_indices(indices)]

    def get_images(self) -> Sequence[NDArray[np.uint8] | None]:
        """There is nothing to see."""
        return [None] * self.num_envs
