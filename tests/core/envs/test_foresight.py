from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.envs.batch_env import FixedScenarios, RandomTraffic
from core.envs.foresight import FAR, FORESIGHT_WIDTH, NEAR, ForesightVecEnv
from core.envs.vector import SimulatorVecEnv
from core.traffic.library import load_scenario

CLUSTERS = 4


def rates_ahead(env: ForesightVecEnv, index: int, decision: int) -> NDArray[np.float64]:
    """Shape (intervals, seconds): the true rates from that decision on."""
    return env.batch.simulator.rates_rps(index).reshape(-1, 15)[decision:]


def test_observations_and_rewards_are_those_of_the_plain_environment() -> None:
    env = ForesightVecEnv(RandomTraffic(), CLUSTERS, seed=5, stagger=True)
    plain = SimulatorVecEnv(RandomTraffic(), CLUSTERS, seed=5, stagger=True)
    assert np.array_equal(env.reset(), plain.reset())
    rng = np.random.default_rng(0)
    ended = 0
    for _ in range(300):
        actions = rng.integers(28, size=CLUSTERS)
        seen, rewards, dones, _ = env.step(actions)
        expected, expected_rewards, expected_dones, _ = plain.step(actions)
        assert np.array_equal(np.asarray(seen), np.asarray(expected))
        assert np.array_equal(rewards, expected_rewards)
        assert np.array_equal(dones, expected_dones)
        ended += int(dones.sum())
    assert ended > 0


def test_foresight_is_the_true_future_relative_to_the_desired_capacity() -> None:
    env = ForesightVecEnv(FixedScenarios([load_scenario("flash-crowd")]), 2, seed=3)
    env.reset()
    for decision in range(1, 90):
        env.step(np.array([decision % 28, 3]))
        ahead = env.foresight()
        assert ahead.shape == (2, FORESIGHT_WIDTH)
        history = env.batch.pipeline.history
        for index in range(2):
            rates = rates_ahead(env, index, decision)
            capacity = history.desired[index] * history.facts.pod_capacity_rps[index]
            told = np.exp(2.0 * ahead[index]) * capacity
            assert np.allclose(told[:NEAR], rates[:NEAR].mean(axis=1), rtol=1e-4)
            first, end = FAR[0]
            highest = told[NEAR + len(FAR) :]
            assert np.allclose(highest[:NEAR], rates[:NEAR].max(axis=1), rtol=1e-4)
            assert np.isclose(highest[NEAR], rates[first:end].max(), rtol=1e-4)


def test_the_last_foresight_of_an_episode_is_of_that_episode() -> None:
    env = ForesightVecEnv(RandomTraffic(), CLUSTERS, seed=8, stagger=True)
    env.reset()
    seen = 0
    for _ in range(300):
        before = [env.batch.simulator.rates_rps(index) for index in range(CLUSTERS)]
        decision = env._next.copy()
        facts = env.batch.pipeline.history.facts
        _, _, dones, infos = env.step(np.full(CLUSTERS, 9))
        assert env.last_step is not None
        desired = env.last_step.states.replicas_desired
        for index in np.flatnonzero(dones).tolist():
            rates = before[index].reshape(-1, 15)
            row = min(int(decision[index]) + 1, len(rates) - 1)
            capacity = desired[index] * facts.pod_capacity_rps[index]
            wanted = np.clip(np.log(max(rates[row].mean(), 0.1) / capacity), -4.0, 4.0) / 2.0
            assert np.isclose(infos[index]["terminal_foresight"][0], wanted, atol=1e-5)
            assert env._next[index] == 0
            seen += 1
    assert seen > 0
