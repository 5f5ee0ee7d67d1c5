from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.traffic.random_scenarios import EPISODE_S, random_scenario
from core.traffic.scenario import Scenario
from core.traffic.workload import rates_per_second


@pytest.fixture(scope="module")
def scenarios() -> list[Scenario]:
    generator = np.random.default_rng(11)
    return [random_scenario(generator) for _ in range(600)]


@given(seed=st.integers(0, 2**32 - 1))
def test_the_seed_decides_everything(seed: int) -> None:
    one = random_scenario(np.random.default_rng(seed))
    assert one == random_scenario(np.random.default_rng(seed))
    rates = rates_per_second(one, np.random.default_rng(one.seed))
    assert rates.shape == (EPISODE_S,)
    assert np.isfinite(rates).all()
    assert (rates >= 0.0).all()


def test_loads_span_a_few_to_dozens_of_pods(scenarios: list[Scenario]) -> None:
    pods = np.array(
        [
            rates_per_second(scenario, np.random.default_rng(0)).mean()
            / scenario.service.pod_capacity_rps
            for scenario in scenarios
        ]
    )
    assert np.percentile(pods, 5) < 5.0
    assert np.percentile(pods, 95) > 30.0
    assert ((pods > 1.5) & (pods < 60.0)).all()


def test_most_clusters_have_room_and_some_are_tight(scenarios: list[Scenario]) -> None:
    room = np.array(
        [
            scenario.cluster.max_replicas
            * scenario.service.pod_capacity_rps
            / np.percentile(rates_per_second(scenario, np.random.default_rng(0)), 99)
            for scenario in scenarios
        ]
    )
    assert 0.005 < (room < 1.0).mean() < 0.1
    assert np.median(room) == pytest.approx(2.0, abs=0.4)


def test_services_are_broad_and_can_keep_their_slo(scenarios: list[Scenario]) -> None:
    assert {scenario.service.workers for scenario in scenarios} == set(range(1, 9))
    assert {scenario.cluster.min_replicas for scenario in scenarios} == {1, 2, 3}
    startup = np.array([scenario.service.startup_median_s for scenario in scenarios])
    assert startup.min() < 6.0
    assert startup.max() > 100.0
    for scenario in scenarios:
        means = scenario.slo.latency_ms / scenario.service.service_time_ms
        assert np.exp(-means) <= 0.002
        assert 15.0 <= scenario.service.service_time_ms <= 80.0


def test_a_seventh_has_faults_of_every_kind(scenarios: list[Scenario]) -> None:
    faulty = [scenario for scenario in scenarios if scenario.faults]
    assert len(faulty) / len(scenarios) == pytest.approx(0.15, abs=0.05)
    kinds = {fault.kind for scenario in faulty for fault in scenario.faults}
    assert len(kinds) == 6


def test_every_family_of_traffic_is_drawn(scenarios: list[Scenario]) -> None:
    kinds = {pattern.kind for scenario in scenarios for pattern in scenario.traffic}
    assert kinds == {
        *("constant", "diurnal", "ramp", "step", "spike", "flash-crowd"),
        *("periodic-batch", "bursts", "ar-noise"),
    }


def test_drawing_takes_well_under_a_millisecond() -> None:
    generator = np.random.default_rng(0)
    best = np.inf
    for _ in range(3):
        begin = time.perf_counter()
        for _ in range(50):
            random_scenario(generator)
        best = min(best, (time.perf_counter() - begin) / 50)
    # 0.2 ms here; the limit leaves room for a busy machine.
    assert best < 0.002
