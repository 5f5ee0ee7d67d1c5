"""The lean subclasses learn what Stable-Baselines3 learns; the NumPy network says the same."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.utils import LinearSchedule

from core.agents.config import Algorithm
from core.agents.dqn import DQNAgent
from core.agents.network import Network, softmax
from core.agents.ppo import ACTIVATIONS, PPOAgent
from core.agents.replay import VectorReplay
from core.agents.settings import DqnSettings, PpoSettings
from tests.core.agents.toys import ACTIONS, FEATURES, GuessVecEnv


def observations(count: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(5)
    return rng.uniform(-1.0, 1.0, (count, FEATURES)).astype(np.float32)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_lean_ppo_learns_the_weights_of_plain_ppo(activation: Literal["tanh", "relu"]) -> None:
    settings = PpoSettings(
        rollout_steps=16,
        batch_size=32,
        epochs=2,
        entropy=0.01,
        reward_scale=1.0,
        reward_limit=10.0,
        activation=activation,
    )
    agent = PPOAgent(GuessVecEnv(), settings)
    agent.train(3 * 16 * 8)
    plain = PPO(
        "MlpPolicy",
        GuessVecEnv(),
        learning_rate=LinearSchedule(settings.learning_rate, 0.0, 1.0),
        n_steps=16,
        batch_size=32,
        n_epochs=2,
        gamma=settings.gamma,
        gae_lambda=settings.gae_lambda,
        ent_coef=0.01,
        seed=0,
        device="cpu",
        policy_kwargs={
            "net_arch": {"pi": list(settings.hidden), "vf": list(settings.hidden)},
            "activation_fn": ACTIVATIONS[activation],
        },
    )
    plain.learn(3 * 16 * 8)
    lean = agent.model.policy.state_dict()
    moved = 0.0
    for name, expected in plain.policy.state_dict().items():
        torch.testing.assert_close(lean[name], expected, atol=2e-5, rtol=1e-4, msg=name)
        moved += float(expected.abs().sum())
    assert moved > 0


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_numpy_network_equals_ppo(activation: str) -> None:
    agent = PPOAgent(GuessVecEnv(), PpoSettings(activation=activation))  # type: ignore[arg-type]
    output = Network(agent.bundle()).forward(observations(200))
    inputs = torch.from_numpy(observations(200))
    policy = agent.model.policy
    with torch.no_grad():
        _, log_probs, _ = policy.evaluate_actions(inputs, torch.arange(200) % ACTIONS)
        values = policy.predict_values(inputs).flatten()
    probabilities = softmax(output.scores)[np.arange(200), np.arange(200) % ACTIONS]
    np.testing.assert_allclose(probabilities, log_probs.exp().numpy(), atol=1e-5)
    assert output.values is not None
    np.testing.assert_allclose(output.values, values.numpy(), atol=1e-5)
    np.testing.assert_array_equal(
        output.scores.argmax(axis=1), agent.predict(observations(200), deterministic=True)
    )


def test_numpy_network_equals_dqn() -> None:
    agent = DQNAgent(GuessVecEnv(), DqnSettings(hidden=(32, 48, 16)))
    output = Network(agent.bundle()).forward(observations(200))
    with torch.no_grad():
        expected = agent.model.q_net(torch.from_numpy(observations(200))).numpy()
    np.testing.assert_allclose(output.scores, expected, atol=1e-5)
    assert output.values is None
    np.testing.assert_array_equal(
        output.scores.argmax(axis=1), agent.predict(observations(200), deterministic=True)
    )


@pytest.mark.parametrize("return_steps", [1, 3])
@pytest.mark.parametrize("steps", [9, 33])
def test_replay_equals_sb3_n_step_replay(return_steps: int, steps: int) -> None:
    size, rows, gamma = 4, 12, 0.9
    env = GuessVecEnv(size, length=5)
    replay = VectorReplay(rows, size, FEATURES, return_steps, gamma)
    reference = NStepReplayBuffer(
        rows * size,
        env.observation_space,
        env.action_space,
        device="cpu",
        n_envs=size,
        n_steps=return_steps,
        gamma=gamma,
    )
    rng = np.random.default_rng(1)
    before = env.reset()
    for _ in range(steps):
        actions = rng.integers(3, size=size)
        after, rewards, dones, infos = env.step(actions)
        assert isinstance(after, np.ndarray)
        rewards = rewards + rng.random(size).astype(np.float32)
        truly = dones & (rng.random(size) < 0.5)
        for index in np.flatnonzero(truly):
            infos[index]["TimeLimit.truncated"] = False
        last = np.array(
            [info.get("terminal_observation", one) for info, one in zip(infos, after, strict=True)]
        )
        replay.add(before, last, actions, rewards, dones, truly)
        reference.add(before, last, actions, rewards, dones, infos)
        before = after
    filled = min(steps, rows)
    indices = np.repeat(np.arange(filled), size)
    slots = np.tile(np.arange(size), filled)
    found = replay.gather(indices, slots)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np.random, "randint", lambda low, high, size: slots)
        expected = reference._get_samples(indices)
    assert expected.discounts is not None
    discounts = expected.discounts.flatten() * (1 - expected.dones.flatten())
    torch.testing.assert_close(found.observations, expected.observations)
    torch.testing.assert_close(found.actions, expected.actions.flatten())
    torch.testing.assert_close(found.returns, expected.rewards.flatten())
    torch.testing.assert_close(found.next_observations, expected.next_observations)
    torch.testing.assert_close(found.discounts, discounts)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_agents_learn_a_toy(algorithm: Algorithm) -> None:
    agent: PPOAgent | DQNAgent
    if algorithm is Algorithm.PPO:
        settings = PpoSettings(rollout_steps=32, batch_size=128, learning_rate=3e-3, gamma=0.0)
        agent = PPOAgent(GuessVecEnv(32), settings)
        agent.train(40_000)
    else:
        agent = DQNAgent(
            GuessVecEnv(32),
            DqnSettings(
                learning_starts=500,
                learning_rate=2e-3,
                batch_size=64,
                gradient_steps=2,
                gamma=0.0,
                return_steps=1,
            ),
        )
        agent.train(12_000)
    statistics = agent.evaluate(episodes=60)
    assert statistics.episodes == 60
    assert 7.0 <= statistics.mean_length <= 9.0
    assert statistics.mean_reward / statistics.mean_length > 0.8
    assert agent.predict(observations(1)[0]).shape == ()
    assert int(agent.predict(observations(50)).max()) < ACTIONS
