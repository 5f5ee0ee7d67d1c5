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

from core.envs.batch_env import ScenarioSource
from core.envs.twins import twins
from core.envs.vector import SimulatorVecEnv

_NEXT: Final = 2**31
"""Beyond any cluster's number, so that the seed of the next start is none of theirs."""


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
        self._next_seed = seed
        self._twins = twins(
            source, num_envs, options.get("interval_s", 15), options.get("stagger", False)
        )

    def reset(self) -> NDArray[np.float32]:
        """Start an episode in every cluster and its twin."""
        # Both sides are seeded alike at every start, or the pairs would come apart.
        seed = self._next_seed if self._seeds[0] is None else self._seeds[0]
        self._seeds[0] = seed
        self._next_seed = int(np.random.default_rng([seed, _NEXT]).integers(2**31))
        self._twins.restart(seed)
        return super().reset()

    def step_wait(self) -> VecEnvStepReturn:
        """Take one decision in every cluster and its twin and let one interval pass."""
        observations, rewards, dones, infos = super().step_wait()
        return observations, rewards - self._twins.rewards(), dones, infos

    def close(self) -> None:
        """Let go of the twins' process."""
        self._twins.close()
        super().close()
