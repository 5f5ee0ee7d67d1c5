from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError
from core.traffic.patterns import (
    ArNoisePattern,
    BurstsPattern,
    ConstantPattern,
    RampPattern,
    StepPattern,
    TracePattern,
)
from core.traffic.random_scenarios import random_scenario
from core.traffic.workload import rates_per_second
from tests.core.traffic.factory import scenario_of, written


@pytest.mark.parametrize("rps", [1e10, 1e300])
def test_absurd_rates_are_refused(rps: float) -> None:
    scenario = scenario_of(ConstantPattern(rps=rps), ConstantPattern(rps=rps))
    with pytest.raises(InputError, match=r"Expected at most 1e\+09 rps"):
        rates_per_second(scenario, np.random.default_rng(0))


def test_patterns_add_up() -> None:
    scenario = scenario_of(
        ConstantPattern(rps=10), RampPattern(from_rps=0, to_rps=100, duration_s=100)
    )
    rates = rates_per_second(scenario, np.random.default_rng(0))
    assert rates.shape == (3600,)
    assert rates.dtype == np.float64
    assert rates[[0, 50, 100]] == pytest.approx([10, 60, 110])


def test_a_negative_sum_is_no_traffic() -> None:
    scenario = scenario_of(ConstantPattern(rps=10), StepPattern(at_s=5, rps=-30, duration_s=5))
    rates = rates_per_second(scenario, np.random.default_rng(0), 12)
    assert rates.tolist() == [10] * 5 + [0] * 5 + [10] * 2


def test_noise_multiplies_the_sum_wherever_it_stands() -> None:
    noise = ArNoisePattern(sigma=0.3, correlation_s=5)
    first = scenario_of(noise, ConstantPattern(rps=10), ConstantPattern(rps=20))
    last = scenario_of(ConstantPattern(rps=30), noise)
    assert np.array_equal(
        rates_per_second(first, np.random.default_rng(7)),
        rates_per_second(last, np.random.default_rng(7)),
    )


def test_the_generator_decides_everything() -> None:
    scenario = scenario_of(ConstantPattern(rps=10), BurstsPattern(rps=50), ArNoisePattern())
    one, same, other = (
        rates_per_second(scenario, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_duration_may_be_given() -> None:
    assert rates_per_second(scenario_of(), np.random.default_rng(0), 77).shape == (77,)


def _fastest_s(scenario_count: int, tries: int) -> float:
    generator = np.random.default_rng(0)
    scenarios = [random_scenario(generator) for _ in range(scenario_count)]
    best = np.inf
    for _ in range(tries):
        begin = time.perf_counter()
        for scenario in scenarios:
            rates_per_second(scenario, generator)
        best = min(best, time.perf_counter() - begin)
    return float(best) / scenario_count


def test_two_hours_take_about_a_millisecond() -> None:
    # 0.5 ms here; the limit leaves room for a busy machine.
    assert _fastest_s(50, 3) < 0.003


def test_a_day_of_trace_takes_milliseconds(tmp_path: Path) -> None:
    path = written(tmp_path / "day.csv", *(f"{t},{100 + t % 7}" for t in range(0, 86_400, 10)))
    scenario = scenario_of(TracePattern(path=path), duration_s=86_400)
    generator = np.random.default_rng(0)
    rates_per_second(scenario, generator)
    best = np.inf
    for _ in range(3):
        begin = time.perf_counter()
        rates_per_second(scenario, generator)
        best = min(best, time.perf_counter() - begin)
    # 5 ms here; the limit leaves room for a busy machine.
    assert best < 0.05
