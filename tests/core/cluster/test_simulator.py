"""What holds for every simulated episode: conservation, determinism, independence, forks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cluster.batch import StateBatch
from core.cluster.simulator import SimulatorBatch
from core.errors import InputError
from core.traffic.faults import PodCrashFault, SlowStartFault
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import Scenario
from tests.core.cluster.factory import (
    as_array,
    assert_same,
    batch_of,
    column,
    play,
    scenario_of,
)

_STEPS = 40
_THOROUGH = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Targets = NDArray[np.int64]


def _random_scenarios(seed: int, count: int) -> list[Scenario]:
    rng = np.random.default_rng(seed)
    return [random_scenario(rng) for _ in range(count)]


def _random_targets(seed: int, scenarios: list[Scenario], steps: int = _STEPS) -> Targets:
    """Targets that move now and then, from far too few to far too many."""
    rng = np.random.default_rng(seed)
    highest = np.array([scenario.cluster.max_replicas for scenario in scenarios])
    share = rng.random((steps, len(scenarios))) ** 2
    hold = np.arange(steps) // 3 * 3
    targets: Targets = np.ceil(share[hold] * highest).astype(np.int64)
    return targets


def _run(batch: SimulatorBatch, targets: Targets) -> list[StateBatch]:
    states = [batch.states()]
    for row in targets:
        batch.scale(row)
        states.append(batch.advance())
    return states


@_THOROUGH
@given(seed=st.integers(0, 2**31))
def test_every_request_is_served_failed_or_queued(seed: int) -> None:
    scenarios = _random_scenarios(seed, 6)
    batch = batch_of(scenarios, range(6))
    for row in _random_targets(seed, scenarios):
        batch.scale(row)
        states = batch.advance()
        for index in range(6):
            totals = batch.totals(index)
            accounted = totals.served_requests + totals.failed_requests + totals.queued_requests
            assert accounted == pytest.approx(totals.arrived_requests, rel=1e-6, abs=1e-6)
            assert totals.queued_requests >= 0.0
            assert totals.served_requests >= 0.0
            assert totals.failed_requests >= 0.0
            assert totals.failed_requests - 1e-6 <= totals.arrived_requests
            assert 0.0 <= totals.violations <= totals.arrived_requests + 1e-6
        assert (states.replicas_ready + states.replicas_starting == states.replicas_desired).all()


@_THOROUGH
@given(seed=st.integers(0, 2**31))
def test_measured_values_stay_within_their_bounds(seed: int) -> None:
    scenarios = _random_scenarios(seed, 6)
    batch = batch_of(scenarios, range(6))
    timeout_ms = np.array([scenario.service.timeout_s * 1000.0 for scenario in scenarios])
    for states in _run(batch, _random_targets(seed, scenarios)):
        for ratio in (states.slo_violation_ratio, states.error_ratio):
            known = ratio[~np.isnan(ratio)]
            assert ((known >= 0.0) & (known <= 1.0)).all()
        ordered = np.array(
            [states.latency_p50_ms, states.latency_p95_ms, states.latency_p99_ms, timeout_ms]
        )
        ordered = ordered[:, ~np.isnan(states.latency_p50_ms)]
        assert (ordered[0] > 0.0).all()
        assert (np.diff(ordered, axis=0) >= 0.0).all()
        assert (np.nan_to_num(states.queue_requests) >= 0.0).all()
        assert (np.nan_to_num(states.rps) >= 0.0).all()


@pytest.mark.parametrize("others", [0, 2, 40])
def test_a_slot_does_not_depend_on_the_other_slots(others: int) -> None:
    scenarios = _random_scenarios(7, 6)
    targets = _random_targets(3, scenarios)
    alone = [
        _run(batch_of([scenario], [index]), targets[:, [index]])
        for index, scenario in enumerate(scenarios)
    ]
    company = _random_scenarios(99, others)
    seeds = [*range(1000, 1000 + others), *range(6)]
    together = _run(
        batch_of([*company, *scenarios], seeds),
        np.concatenate([_random_targets(5, company), targets], axis=1),
    )
    for index in range(6):
        for mine, all_of_them in zip(alone[index], together, strict=True):
            assert_same(mine, column(all_of_them, others + index))


def test_a_batch_of_256_gives_the_same_bits_as_a_batch_of_one() -> None:
    scenarios = _random_scenarios(21, 256)
    targets = _random_targets(4, scenarios, steps=25)
    together = _run(batch_of(scenarios, range(256)), targets)
    for index in range(0, 256, 50):
        alone = _run(batch_of([scenarios[index]], [index]), targets[:, [index]])
        for mine, all_of_them in zip(alone, together, strict=True):
            assert_same(mine, column(all_of_them, index))


def test_when_the_other_slots_are_loaded_does_not_matter() -> None:
    first, second = _random_scenarios(5, 2)
    targets = _random_targets(8, [first], steps=60)
    alone = _run(batch_of([first], [3]), targets)
    batch = SimulatorBatch(2)
    batch.load(1, second, 4)
    for _ in range(7):
        batch.advance()
    batch.load(0, first, 3)
    states = [batch.states()]
    for step, row in enumerate(targets):
        if step % 20 == 10:
            batch.load(1, second, step)
        batch.scale(np.array([row[0], 5]))
        states.append(batch.advance())
    for mine, both in zip(alone, states, strict=True):
        assert_same(mine, column(both, 0))


def test_the_same_seed_gives_the_same_episode_and_another_seed_another() -> None:
    scenario = _random_scenarios(1, 1)[0]
    targets = _random_targets(2, [scenario])
    runs = [_run(batch_of([scenario], [seed]), targets) for seed in (11, 11, 12)]
    for one, other in zip(runs[0], runs[1], strict=True):
        assert_same(one, other)
    assert any((one.rps != other.rps).any() for one, other in zip(runs[0], runs[2], strict=True))


def test_a_slot_can_be_loaded_again() -> None:
    scenario = _random_scenarios(1, 1)[0]
    targets = _random_targets(2, [scenario])
    batch = batch_of([scenario], [5])
    first = _run(batch, targets)
    batch.load(0, scenario, 5)
    for one, other in zip(first, _run(batch, targets), strict=True):
        assert_same(one, other)


def test_a_snapshot_leads_back_to_its_moment() -> None:
    scenarios = _random_scenarios(31, 5)
    targets = _random_targets(6, scenarios)
    batch = batch_of(scenarios, range(5))
    _run(batch, targets[:15])
    snapshot = batch.snapshot()
    futures = []
    for _ in range(3):
        futures.append(_run(batch, targets[15:]))
        totals = [batch.totals(index) for index in range(5)]
        batch.restore(snapshot)
    assert batch.totals(0) != totals[0]
    for future in futures[1:]:
        for one, other in zip(futures[0], future, strict=True):
            assert_same(one, other)


def test_a_snapshot_of_another_batch_is_refused() -> None:
    one = batch_of([scenario_of()], [1])
    with pytest.raises(ValueError, match="expected a snapshot of 2 slots, found 1"):
        batch_of([scenario_of()] * 2, [1, 2]).restore(one.snapshot())


def test_forks_share_the_future_of_their_slot() -> None:
    scenarios = _random_scenarios(41, 3)
    targets = _random_targets(6, scenarios)
    batch = batch_of(scenarios, range(3))
    _run(batch, targets[:10])
    fork = batch.fork(1, 4)
    assert fork.size == 4
    assert fork.facts.size == 4
    copies = _run(fork, np.repeat(targets[10:, [1]], 4, axis=1))
    original = _run(batch, targets[10:])
    for one, other in zip(copies, original, strict=True):
        for index in range(4):
            assert_same(column(one, index), column(other, 1))


def test_forks_differ_only_by_what_is_done_with_them() -> None:
    batch = batch_of([scenario_of(400.0, pods=8, duration_s=900)], [1])
    _run(batch, np.full((10, 1), 8))
    fork = batch.fork(0, 3)
    states = _run(fork, np.tile([5, 8, 12], (20, 1)))[-1]
    violations = [fork.totals(index).violations for index in range(3)]
    assert violations[0] > violations[1] >= violations[2]
    assert (states.rps == states.rps[0]).all()


def test_forks_with_seeds_have_futures_of_their_own_but_equal_seeds_equal_ones() -> None:
    batch = batch_of([scenario_of(400.0, pods=8, duration_s=900)], [1])
    _run(batch, np.full((10, 1), 8))
    fork = batch.fork(0, 3, reseed=[5, 6, 5])
    states = _run(fork, np.tile([9, 9, 9], (20, 1)))
    assert_same(column(states[-1], 0), column(states[-1], 2))
    assert states[-1].rps[0] != states[-1].rps[1]
    with pytest.raises(ValueError, match="expected 2 seeds"):
        batch.fork(0, 2, reseed=[1])


def test_a_finished_slot_stands_still() -> None:
    short, long = scenario_of(300.0, duration_s=60), scenario_of(300.0, duration_s=600)
    batch = batch_of([short, long], [1, 2])
    assert not batch.finished.any()
    for _ in range(4):
        last = batch.advance()
    assert batch.finished.tolist() == [True, False]
    totals = batch.totals(0)
    assert batch.scale(np.array([20, 20])).tolist() == [False, True]
    for _ in range(5):
        states = batch.advance()
    assert_same(column(states, 0), column(last, 0))
    assert batch.totals(0) == totals
    assert states.time_s.tolist() == [60.0, 135.0]
    batch.load(0, short, 1)
    assert not batch.finished.any()
    assert batch.advance().time_s[0] == 15.0


def test_a_last_interval_that_the_scenario_does_not_fill_is_played_whole() -> None:
    states, simulated = play(scenario_of(100.0, duration_s=50))
    assert states[-1].time_s == 60.0
    assert simulated.totals.arrived_requests == pytest.approx(6000, rel=0.05)


def test_states_of_earlier_steps_are_never_changed() -> None:
    batch = batch_of([scenario_of(300.0)], [1])
    first = batch.advance()
    before = as_array(first).copy()
    for _ in range(10):
        batch.scale(np.array([3]))
        batch.advance()
    batch.load(0, scenario_of(50.0), 2)
    assert as_array(first).tobytes() == before.tobytes()


def test_scenarios_with_another_interval_are_refused() -> None:
    batch = SimulatorBatch(1, interval_s=15)
    with pytest.raises(InputError, match="interval_s 15, found 30"):
        batch.load(0, scenario_of(interval_s=30), 1)


@pytest.mark.parametrize("interval_s", [1, 7, 15, 60])
def test_other_intervals_work_alike(interval_s: int) -> None:
    states, simulated = play(scenario_of(400.0, pods=10, duration_s=420, interval_s=interval_s))
    assert len(states) == 420 // interval_s + 1
    rates = [state.rps for state in states if state.rps is not None]
    assert np.mean(rates) == pytest.approx(400.0, rel=0.03)
    assert simulated.totals.pod_seconds == 4200.0


def test_faults_and_forks_go_together() -> None:
    scenario = scenario_of(
        300.0,
        pods=8,
        faults=[
            PodCrashFault(at_s=200.0, count=4),
            SlowStartFault(at_s=190.0, duration_s=60.0, factor=2.0),
        ],
    )
    batch = batch_of([scenario], [1])
    _run(batch, np.full((10, 1), 8))
    fork = batch.fork(0, 2)
    ready = [states.replicas_ready.tolist() for states in _run(fork, np.full((10, 2), 8))]
    assert [4.0, 4.0] in ready
    assert [states.replicas_ready[0] for states in _run(batch, np.full((10, 1), 8))] == [
        row[0] for row in ready
    ]
