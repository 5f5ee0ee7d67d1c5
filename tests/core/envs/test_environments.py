from __future__ import annotations

import subprocess
import sys
import warnings
from importlib.metadata import entry_points

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env as check_gymnasium
from stable_baselines3.common.env_checker import check_env as check_sb3

from core.cluster.simulated import SimulatedCluster
from core.envs.actions import action_set
from core.envs.autoscale import AutoscaleEnv
from core.envs.batch_env import BatchEnv, FixedScenarios, RandomTraffic
from core.envs.observation import FEATURES
from core.envs.vector import SimulatorVecEnv
from core.errors import InputError
from core.traffic.library import load_scenario
from core.traffic.scenario import Scenario


def short(name: str, intervals: int) -> Scenario:
    scenario = load_scenario(name)
    return scenario.model_copy(update={"duration_s": intervals * scenario.interval_s})


def test_made_by_id_in_a_fresh_interpreter() -> None:
    code = (
        "import gymnasium;"
        "env = gymnasium.make('core.envs.registration:rlscale/Autoscale-v0', scenario='bursty');"
        "print(env.reset(seed=1)[0].shape)"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert made.stdout.strip() == f"({len(FEATURES)},)", made.stderr


def test_entry_point_registers_the_environment() -> None:
    (point,) = [one for one in entry_points(group="gymnasium.envs") if one.name == "rlscale"]
    point.load()()
    assert "rlscale/Autoscale-v0" in gymnasium.registry


@pytest.mark.parametrize("name", ["classic", "headroom", "stepped"])
def test_gymnasium_checker(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = gymnasium.make("rlscale/Autoscale-v0", action_set=name, render_mode="ansi")
        check_gymnasium(made.unwrapped)


def test_sb3_checker() -> None:
    check_sb3(AutoscaleEnv("baseline-steady"))


def test_every_episode_equals_the_single_environment_to_the_last_bit() -> None:
    """Random scenarios with faults, several episodes per slot, random actions."""
    vector = SimulatorVecEnv(RandomTraffic(), 5, seed=4, stagger=True)
    vector.reset()
    singles: list[AutoscaleEnv | None] = [None] * 5
    seen = np.zeros((5, len(FEATURES)), dtype=np.float32)
    episodes = 0
    rng = np.random.default_rng(0)
    for _ in range(400):
        for index in range(5):
            if singles[index] is None:
                single = AutoscaleEnv(vector.batch.scenarios[index])
                seen[index], _ = single.reset(seed=vector.batch.episode_seeds[index])
                singles[index] = single
                episodes += 1
        actions = rng.integers(28, size=5)
        stepped, vector_rewards, dones, infos = vector.step(actions)
        observations = np.asarray(stepped)
        assert vector.last_step is not None
        for index, env in enumerate(singles):
            assert env is not None
            observation, reward, terminated, _, info = env.step(actions[index])
            assert info["state"] == vector.last_step.states.state(index)
            assert np.float32(reward) == vector_rewards[index]
            assert not terminated
            ends = infos[index].get("terminal_observation", observations[index])
            assert observation.tobytes() == ends.tobytes()
            if dones[index]:
                singles[index] = None
    assert episodes > 6


def test_same_seed_same_trajectory_other_seed_another() -> None:
    def trajectory(seed: int) -> bytes:
        env = SimulatorVecEnv(RandomTraffic(), 3, seed=seed)
        rows = [np.asarray(env.reset())]
        for step in range(60):
            observation, reward, _, _ = env.step(np.full(3, step % 28))
            rows += [np.asarray(observation), reward]
        return b"".join(row.tobytes() for row in rows)

    assert trajectory(1) == trajectory(1)
    assert trajectory(1) != trajectory(2)


def test_episode_ends_with_the_scenario_as_truncation() -> None:
    env = AutoscaleEnv(short("baseline-steady", 20))
    env.reset(seed=0)
    ends = [env.step(np.int64(3))[2:4] for _ in range(20)]
    assert ends[:-1] == [(False, False)] * 19
    assert ends[-1] == (False, True)


def test_vector_env_reports_the_end_as_sb3_expects() -> None:
    env = SimulatorVecEnv(FixedScenarios([short("baseline-steady", 10)]), 2, seed=0)
    env.reset()
    for _ in range(9):
        *_, dones, infos = env.step(np.array([3, 3]))
        assert not dones.any()
        assert infos == [{}, {}]
    stepped, _, dones, infos = env.step(np.array([3, 3]))
    first = np.asarray(stepped)
    assert dones.all()
    for index, info in enumerate(infos):
        assert info["TimeLimit.truncated"] is True
        assert info["episode"]["l"] == 10
        assert info["terminal_observation"].tobytes() != first[index].tobytes()


def test_scaling_up_helps_an_overloaded_service() -> None:
    """The action that asks for more pods must lower the latency: no swapped directions."""
    actions = action_set("classic")
    latency = {}
    for label in ("hold", "+1", "-1"):
        env = AutoscaleEnv("baseline-steady", action_set="classic")
        env.reset(seed=5)
        for _ in range(40):
            *_, info = env.step(np.int64(actions.labels.index(label)))
        latency[label] = info["state"].latency_p99_ms
    assert latency["+1"] < latency["hold"] < latency["-1"]


def test_the_guardrails_rule_inside_the_environment() -> None:
    scenario = load_scenario("baseline-steady")
    guarded = scenario.model_copy(
        update={"guardrails": scenario.guardrails.model_copy(update={"largest_step_up": 1})}
    )
    env = AutoscaleEnv(guarded)
    env.reset(seed=0)
    before = env.cluster.facts.min_replicas
    *_, info = env.step(np.int64(27))
    assert info["guardrail"] != 0
    assert info["target"] >= before


def test_acts_on_any_cluster() -> None:
    cluster = SimulatedCluster(load_scenario("flash-crowd"))
    env = AutoscaleEnv("baseline-steady", cluster=cluster)
    env.reset(seed=0)
    env.step(np.int64(0))
    assert env.cluster is cluster


def test_batch_env_takes_targets_for_baselines() -> None:
    env = BatchEnv(FixedScenarios([short("baseline-steady", 30)]), 2, 0, action_set("headroom"))
    env.reset()
    step = env.step_targets(np.array([7, 21]))
    assert step.targets.tolist() == [7, 21]
    assert step.states.replicas_desired.tolist() == [7, 21]


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InputError, match="no-such-thing"):
        AutoscaleEnv("no-such-thing")
    with pytest.raises(InputError, match="render_mode"):
        AutoscaleEnv("baseline-steady", render_mode="human")
