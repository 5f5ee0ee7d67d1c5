"""What the traffic will do: known in a simulator, shown to critics in training, never to policies.

Most of the reward's variance comes from traffic that no policy could have foreseen. Traffic does
not depend on the actions, so a critic may know it without biasing what the policy learns: an
input-driven baseline (Mao, Venkatakrishnan, Schwarzkopf and Alizadeh, "Variance reduction for
reinforcement learning in input-driven environments", ICLR 2019).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from core.cluster.batch import FactsBatch, Floats
from core.envs.vector import SimulatorVecEnv

NEAR: Final = 12
"""Decision intervals ahead that are told one by one."""
FAR: Final = ((12, 16), (16, 24), (24, 40))
"""Later intervals, told together."""
FORESIGHT_WIDTH: Final = 2 * (NEAR + len(FAR))
"""Numbers per cluster: for each of these times the mean and the highest rate."""

_REACH: Final = FAR[-1][1]
_LEAST_RPS: Final = 0.1
_LIMIT: Final = 4.0


class ForesightVecEnv(SimulatorVecEnv):
    """`SimulatorVecEnv` that also tells what lies ahead. Observations and rewards are the same.

    Args and keywords as in `SimulatorVecEnv`.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._rows = np.arange(self.num_envs)[:, None]
        self._columns = np.arange(_REACH)[None, :]
        self._next = np.zeros(self.num_envs, dtype=np.int64)
        self._logs = np.zeros((2, self.num_envs, _REACH), dtype=np.float32)
        """Logarithms of the mean and the highest rate of every interval of the episodes."""
        self._ahead = np.zeros((self.num_envs, FORESIGHT_WIDTH), dtype=np.float32)

    def reset(self) -> NDArray[np.float32]:
        """Start an episode in every cluster."""
        observations = super().reset()
        for index in range(self.num_envs):
            self._load(index)
        self._look_ahead(self.batch.pipeline.history.facts, self.batch.pipeline.history.desired)
        return observations

    def step_wait(self) -> VecEnvStepReturn:
        """Take one decision in every cluster and let one interval pass.

        Where an episode ended, its info has `terminal_foresight` beside `terminal_observation`.
        """
        facts = self.batch.pipeline.history.facts
        observations, rewards, dones, infos = super().step_wait()
        self._next += 1
        if dones.any():
            assert self.last_step is not None
            self._look_ahead(facts, self.last_step.states.replicas_desired)
            for index in np.flatnonzero(dones).tolist():
                infos[index]["terminal_foresight"] = self._ahead[index]
                self._load(index)
        self._look_ahead(self.batch.pipeline.history.facts, self.batch.pipeline.history.desired)
        return observations, rewards, dones, infos

    def foresight(self) -> NDArray[np.float32]:
        """What lies ahead of the newest observations, shape (n, FORESIGHT_WIDTH).

        Logarithms of rate / capacity of the desired pods, halved: first the means, then the
        highest rates, of the intervals of `NEAR` and `FAR`. The array is never changed.
        """
        return self._ahead

    def _load(self, index: int) -> None:
        """Take in the traffic of an episode that has just begun."""
        interval = self.batch.simulator.interval_s
        rates = self.batch.simulator.rates_rps(index).reshape(-1, interval)
        both = np.stack([rates.mean(axis=1), rates.max(axis=1)])
        length = both.shape[1]
        missing = length + _REACH - self._logs.shape[2]
        if missing > 0:
            self._logs = np.pad(self._logs, ((0, 0), (0, 0), (0, missing)))
        logs = np.log(np.maximum(both, _LEAST_RPS))
        self._logs[:, index, :length] = logs
        # After the end it is as if the last interval went on.
        self._logs[:, index, length:] = logs[0, -1]
        self._next[index] = 0

    def _look_ahead(self, facts: FactsBatch, desired: Floats) -> None:
        means, highest = self._logs[:, self._rows, self._next[:, None] + self._columns]
        capacity = np.log(np.maximum(desired, 0.5) * facts.pod_capacity_rps)
        parts = [means[:, :NEAR]]
        parts += [means[:, first:end].mean(axis=1, keepdims=True) for first, end in FAR]
        parts += [highest[:, :NEAR]]
        parts += [highest[:, first:end].max(axis=1, keepdims=True) for first, end in FAR]
        relative = np.concatenate(parts, axis=1) - capacity[:, None]
        self._ahead = np.clip(relative, -_LIMIT, _LIMIT).astype(np.float32) / np.float32(2.0)
