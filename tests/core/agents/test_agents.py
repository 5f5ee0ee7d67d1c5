from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.agents.agent import Agent
from core.agents.bundle import load_bundle
from core.agents.bundle_files import STATE_FILE
from core.agents.config import Algorithm, HyperParameters
from core.agents.dqn import DQNAgent
from core.agents.papers import Provenance
from core.agents.ppo import PPOAgent
from core.agents.settings import DqnSettings, PpoSettings
from core.envs.autoscale import AutoscaleEnv
from core.errors import BundleError, InputError
from tests.core.agents.toys import FEATURES, GuessVecEnv


def make_agent(algorithm: Algorithm, seed: int = 0) -> Agent[Any]:
    provenance = Provenance(scenarios=("toy",), seed=seed)
    if algorithm is Algorithm.PPO:
        settings = PpoSettings(rollout_steps=8, batch_size=32, epochs=2)
        return PPOAgent(GuessVecEnv(), settings, provenance)
    return DQNAgent(
        GuessVecEnv(),
        DqnSettings(batch_size=16, learning_starts=32, target_update_interval=40),
        provenance,
    )


def everything(agent: Agent[Any]) -> dict[str, NDArray[np.float32]]:
    state = {name: one.numpy().copy() for name, one in agent.model.policy.state_dict().items()}
    return state | agent._optimizer_tensors()


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_checkpoint_brings_everything_back(tmp_path: Path, algorithm: Algorithm) -> None:
    agent = make_agent(algorithm)
    agent.train(320)
    agent.save_checkpoint(tmp_path / "step", wall_s=12.5, best_score=1.5, baseline_score=2.0)
    expected, drawn = everything(agent), (torch.rand(3), np.random.rand(3))
    other = make_agent(algorithm, seed=9)
    state = other.resume(tmp_path / "step")
    found = everything(other)
    assert found.keys() == expected.keys()
    assert any(name.endswith("exp_avg_sq") for name in found)
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)
    torch.testing.assert_close(torch.rand(3), drawn[0])
    np.testing.assert_array_equal(np.random.rand(3), drawn[1])
    assert (other.timesteps, state.wall_s, state.best_score) == (320, 12.5, 1.5)
    assert other.model._n_updates == agent.model._n_updates
    if isinstance(agent, DQNAgent) and isinstance(other, DQNAgent):
        assert agent.model.rng.random() == other.model.rng.random()
    other.train(640)
    assert other.timesteps == 640


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("timesteps",), -1, "'timesteps'"),
        (("random", "torch"), "QUJD", "torch's generator"),
        (("random", "torch"), "*", "'random.torch'"),
        (("random", "numpy", "position"), 10_000, "'random.numpy.position'"),
        (("random", "numpy", "key"), [1, 2], "'random.numpy.key'"),
        (("surprise",), "cos\nsystem\n", "'surprise'"),
    ],
)
def test_a_tampered_checkpoint_is_refused(
    tmp_path: Path, keys: tuple[str, ...], value: Any, message: str
) -> None:
    agent = make_agent(Algorithm.PPO)
    agent.train(64)
    agent.save_checkpoint(tmp_path / "step", wall_s=1.0)
    content = json.loads((tmp_path / "step" / STATE_FILE).read_text())
    place = content
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    (tmp_path / "step" / STATE_FILE).write_text(json.dumps(content))
    with pytest.raises(BundleError) as caught:
        make_agent(Algorithm.PPO).resume(tmp_path / "step")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_save_and_load(tmp_path: Path, algorithm: Algorithm) -> None:
    agent = make_agent(algorithm, seed=5)
    agent.train(64)
    agent.save(tmp_path / "bundle")
    loaded = type(agent).load(tmp_path / "bundle", GuessVecEnv())
    inputs = np.random.default_rng(0).uniform(-1, 1, (20, FEATURES)).astype(np.float32)
    np.testing.assert_array_equal(loaded.predict(inputs), agent.predict(inputs))
    assert loaded.settings == agent.settings
    assert loaded.provenance == agent.provenance
    wrong = DQNAgent if algorithm is Algorithm.PPO else PPOAgent
    with pytest.raises(BundleError, match=f"expected a {wrong.algorithm} bundle"):
        wrong.load(tmp_path / "bundle", GuessVecEnv())
    with pytest.raises(BundleError, match="checkpoint"):
        make_agent(wrong.algorithm).resume(_checkpoint(agent, tmp_path / "step"))


def _checkpoint(agent: Agent[Any], path: Path) -> Path:
    agent.save_checkpoint(path, wall_s=0.0)
    return path


def test_weird_hyper_parameters_in_a_bundle_are_refused(tmp_path: Path) -> None:
    make_agent(Algorithm.PPO).save(tmp_path / "bundle")
    manifest = json.loads((tmp_path / "bundle" / "policy.json").read_text())
    manifest["hyper_parameters"]["gamma"] = "__import__('os').abort()"
    (tmp_path / "bundle" / "policy.json").write_text(json.dumps(manifest))
    load_bundle(tmp_path / "bundle")
    with pytest.raises(BundleError, match="hyper-parameter 'gamma'"):
        PPOAgent.load(tmp_path / "bundle", GuessVecEnv())


@pytest.mark.parametrize("kind", [PPOAgent, DQNAgent])
def test_agents_take_any_gymnasium_environment(kind: type[Agent[Any]], tmp_path: Path) -> None:
    settings = (
        PpoSettings(rollout_steps=32, batch_size=32)
        if kind is PPOAgent
        else DqnSettings(batch_size=32)
    )
    agent = kind(gymnasium.make("CartPole-v1"), settings)
    agent.train(128)
    assert agent.timesteps == 128
    statistics = agent.evaluate(episodes=2)
    assert statistics.mean_reward == statistics.mean_length > 1
    with pytest.raises(BundleError, match="features"):
        agent.save(tmp_path / "bundle")
    with pytest.raises(InputError, match="flat float32 observation and discrete actions"):
        kind(gymnasium.make("Pendulum-v1"), settings)


def test_an_agent_learns_in_the_scalar_environment(tmp_path: Path) -> None:
    agent = PPOAgent(AutoscaleEnv("baseline-steady"), PpoSettings(rollout_steps=32, batch_size=32))
    agent.train(64)
    agent.save(tmp_path / "bundle")
    assert load_bundle(tmp_path / "bundle").manifest.timesteps == 64


def test_overrides_apply_to_the_algorithm_that_has_them() -> None:
    overrides = HyperParameters(gamma=0.9, entropy=0.01, return_steps=2, batch_size=64)
    ppo, dqn = PpoSettings.from_overrides(overrides), DqnSettings.from_overrides(overrides)
    assert (ppo.gamma, ppo.entropy, ppo.batch_size) == (0.9, 0.01, 64)
    assert (dqn.gamma, dqn.return_steps, dqn.batch_size) == (0.9, 2, 64)
    assert ppo.learning_rate == PpoSettings().learning_rate
