"""Small environments whose best behaviour is known, for tests of learning itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from core.envs.actions import action_set
from core.envs.observation import FEATURE_NAMES

FEATURES = len(FEATURE_NAMES)
ACTIONS = len(action_set("headroom").labels)


class GuessVecEnv(VecEnv):
    """The reward is 1 for naming the third of the observation's scale that feature 0 lies in.

    Episodes are cut off after `length` to `length` + 2 steps, depending on the slot.
    """

    def __init__(self, num_envs: int = 8, seed: int = 0, length: int = 7) -> None:
        self.render_mode = None
        super().__init__(
            num_envs,
            gymnasium.spaces.Box(-1.0, 1.0, (FEATURES,), np.float32),
            gymnasium.spaces.Discrete(ACTIONS),
        )
        self._rng = np.random.default_rng(seed)
        self._lengths = length + np.arange(num_envs) % 3
        self._ages = np.zeros(num_envs, dtype=np.int64)
        self._observations = self._draw()
        self._actions = np.zeros(num_envs, dtype=np.int64)

    def _draw(self) -> NDArray[np.float32]:
        return self._rng.uniform(-1.0, 1.0, (self.num_envs, FEATURES)).astype(np.float32)

    def reset(self) -> NDArray[np.float32]:
        self._ages[:] = 0
        self._observations = self._draw()
        return self._observations

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        if seed is not None:
            self._rng = np.random.default_rng(seed)
        return [seed] * self.num_envs

    def step_async(self, actions: NDArray[np.int64]) -> None:
        self._actions = actions

    def step_wait(self) -> VecEnvStepReturn:
        right = np.digitize(self._observations[:, 0], [-1 / 3, 1 / 3])
        rewards = (self._actions == right).astype(np.float32)
        self._ages += 1
        dones = self._ages >= self._lengths
        self._ages[dones] = 0
        last, self._observations = self._draw(), self._draw()
        self._observations = np.where(dones[:, None], self._observations, last)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for index in np.flatnonzero(dones):
            infos[index] = {"terminal_observation": last[index], "TimeLimit.truncated": True}
        return self._observations, rewards, dones, infos

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> Any:
        return [getattr(self, method_name)(*args, **kwargs) for _ in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False for _ in self._get_indices(indices)]
