"""Training on what the actions changed, not on what the traffic did.

Most of the reward's variance comes from traffic that no policy could have foreseen, and drowns the
few percent that headroom costs. So every cluster gets a twin with the same scenario and the same
seed, in which a fixed rule acts, and the learner sees the difference of the two rewards. What
the twin earns does not depend on the learner's actions, so the best policy stays the same: the twin
is a control variate, as common random numbers are in simulation studies (Glasserman and Yao,
"Some guidelines and guarantees for common random numbers", 1992).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from core.envs.actions import Headroom
from core.envs.batch_env import BatchEnv, ScenarioSource
from core.envs.vector import SimulatorVecEnv

TWIN_ACTION: Final = "3-minute ×1.4"
"""What always acts in the twins: a plain rate rule, near the best of its kind on random traffic."""


class PairedVecEnv(SimulatorVecEnv):
    """`SimulatorVecEnv` whose rewards are relative to twins under a fixed rule.

    `last_step.rewards` and the episodes in the infos stay as the clusters earned them.

    Args:
        source: Where scenarios come from.
        num_envs: Number of clusters that are learned in; as many twins run beside them.
        seed: Where all randomness comes from.
        options: See `SimulatorVecEnv`.
    """

    def __init__(
        self, source: ScenarioSource, num_envs: int, seed: int, *args: Any, **options: Any
    ) -> None:
        super().__init__(source, num_envs, seed, *args, **options)
        headroom = Headroom()
        self._twins = BatchEnv(
            source,
            num_envs,
            seed,
            headroom,
            interval_s=options.get("interval_s", 15),
            stagger=options.get("stagger", False),
        )
        self._twin_actions = np.full(num_envs, headroom.labels.index(TWIN_ACTION))

    def reset(self) -> NDArray[np.float32]:
        """Start an episode in every cluster and its twin."""
        if self._seeds[0] is not None:
            self._twins.seed(self._seeds[0])
        self._twins.reset()
        return super().reset()

    def step_wait(self) -> VecEnvStepReturn:
        """Take one decision in every cluster and its twin and let one interval pass."""
        observations, rewards, dones, infos = super().step_wait()
        twin_rewards = self._twins.step(self._twin_actions).rewards.total
        return observations, rewards - twin_rewards.astype(np.float32), dones, infos
