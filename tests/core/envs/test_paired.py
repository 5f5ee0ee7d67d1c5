from __future__ import annotations

import numpy as np

from core.envs.actions import Headroom
from core.envs.batch_env import RandomTraffic
from core.envs.paired import TWIN_ACTION, PairedVecEnv
from core.envs.vector import SimulatorVecEnv

CLUSTERS = 4


def test_acting_like_the_twin_earns_nothing() -> None:
    env = PairedVecEnv(RandomTraffic(), CLUSTERS, seed=3, stagger=True)
    env.reset()
    same = np.full(CLUSTERS, Headroom().labels.index(TWIN_ACTION))
    ended = 0
    for _ in range(250):
        _, rewards, dones, _ = env.step(same)
        assert rewards.tolist() == [0.0] * CLUSTERS
        ended += int(dones.sum())
    assert ended > 0


def test_only_the_rewards_differ_from_the_plain_environment() -> None:
    paired = PairedVecEnv(RandomTraffic(), CLUSTERS, seed=5)
    plain = SimulatorVecEnv(RandomTraffic(), CLUSTERS, seed=5)
    twin = SimulatorVecEnv(RandomTraffic(), CLUSTERS, seed=5)
    assert np.array_equal(paired.reset(), plain.reset())
    twin.reset()
    twin_actions = np.full(CLUSTERS, Headroom().labels.index(TWIN_ACTION))
    rng = np.random.default_rng(0)
    for _ in range(60):
        actions = rng.integers(28, size=CLUSTERS)
        seen, rewards, _, _ = paired.step(actions)
        expected_seen, own_rewards, _, _ = plain.step(actions)
        _, twin_rewards, _, _ = twin.step(twin_actions)
        assert np.array_equal(np.asarray(seen), np.asarray(expected_seen))
        assert np.allclose(rewards, own_rewards - twin_rewards, atol=1e-7)
