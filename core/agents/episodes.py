"""Whole episodes of an environment, and how they went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from stable_baselines3.common.vec_env import VecEnv


@dataclass(frozen=True, slots=True)
class EpisodeStatistics:
    """How whole episodes went, in unscaled rewards."""

    episodes: int
    mean_reward: float
    std_reward: float
    mean_length: float
    """In decisions."""


def live_through(
    env: VecEnv, predict: Callable[[NDArray[np.float32]], NDArray[np.int64]], episodes: int
) -> EpisodeStatistics:
    """Start `env` over and step it until enough episodes have ended.

    Args:
        env: Where.
        predict: Actions (n,) for observations (n, features).
        episodes: How many count, at least 1.
    """
    observations = env.reset()
    running, lengths = np.zeros(env.num_envs), np.zeros(env.num_envs)
    ended: list[tuple[float, float]] = []
    while len(ended) < episodes:
        assert isinstance(observations, np.ndarray)
        observations, rewards, dones, infos = env.step(predict(observations))
        running += rewards
        lengths += 1
        for index in np.flatnonzero(dones):
            # Where the environment knows the reward as earned, it may differ from what is learned.
            told = infos[index].get("episode", {})
            ended.append((told.get("r", running[index]), told.get("l", lengths[index])))
        running[dones] = lengths[dones] = 0
    figures = np.array(ended[:episodes])
    return EpisodeStatistics(
        episodes=episodes,
        mean_reward=float(figures[:, 0].mean()),
        std_reward=float(figures[:, 0].std()),
        mean_length=float(figures[:, 1].mean()),
    )
