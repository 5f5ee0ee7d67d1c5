from __future__ import annotations

import numpy as np
import psutil
import pytest

from core.envs.actions import Headroom
from core.envs.batch_env import FixedScenarios, RandomTraffic, ScenarioSource
from core.envs.paired import PairedVecEnv
from core.envs.twins import TWIN_ACTION, TwinsBeside, TwinsHere, describe, twins
from core.envs.vector import SimulatorVecEnv
from core.traffic.library import list_scenarios, load_scenario
from core.traffic.scenario import Scenario

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


def test_every_start_pairs_the_same_episodes() -> None:
    env = PairedVecEnv(RandomTraffic(), CLUSTERS, seed=3)
    same = np.full(CLUSTERS, Headroom().labels.index(TWIN_ACTION))
    seen = []
    for seed in (None, None, 8, None):
        env.seed(seed)
        seen.append(np.asarray(env.reset()))
        for _ in range(5):
            assert env.step(same)[1].tolist() == [0.0] * CLUSTERS
    for one, other in ((0, 1), (1, 2), (2, 3)):
        assert not np.array_equal(seen[one], seen[other])


@pytest.mark.parametrize("shipped", [False, True])
def test_a_process_of_its_own_gives_the_same_rewards(shipped: bool) -> None:
    source: ScenarioSource = RandomTraffic()
    if shipped:
        source = FixedScenarios([load_scenario("flash-crowd"), load_scenario("node-loss")])
    here, beside = TwinsHere(source, 6, 15, True), TwinsBeside(source, 6, 15, True)
    for seed in (4, 5):
        here.restart(seed)
        beside.restart(seed)
        for _ in range(40):
            assert np.array_equal(here.rewards(), beside.rewards())
    beside.close()
    here.close()


def test_the_process_ends_with_its_reader() -> None:
    clusters = TwinsBeside(RandomTraffic(), 4, 15, False)
    with pytest.raises(RuntimeError, match="expected a restart"):
        clusters.rewards()
    clusters.restart(1)
    clusters.rewards()
    (child,) = (
        one for one in psutil.Process().children() if "core.envs.twins" in " ".join(one.cmdline())
    )
    assert clusters._process is not None
    assert clusters._process.stdout is not None
    clusters._process.stdout.close()
    # What a killed reader leaves behind: a pipe that nobody reads.
    assert clusters._process.wait(timeout=30) == 0
    assert not child.is_running()
    clusters.close()


def test_an_ended_process_is_an_error() -> None:
    clusters = TwinsBeside(RandomTraffic(), 4, 15, False)
    clusters.restart(1)
    assert clusters._process is not None
    clusters._process.kill()

    def use_up() -> None:
        for _ in range(10_000):
            clusters.rewards()

    with pytest.raises(RuntimeError, match="process ended"):
        use_up()
    clusters.close()


def test_where_twins_run() -> None:
    class Odd:
        def __call__(self, rng: np.random.Generator) -> Scenario:
            return load_scenario("bursty")

    assert isinstance(twins(RandomTraffic(), 64, 15, True), TwinsBeside)
    assert isinstance(twins(RandomTraffic(), 4, 15, True), TwinsHere)
    assert isinstance(twins(Odd(), 64, 15, True), TwinsHere)
    every = [load_scenario(entry.name) for entry in list_scenarios()]
    assert describe(FixedScenarios(every)) is not None
