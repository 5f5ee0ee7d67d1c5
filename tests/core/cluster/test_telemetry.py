"""What is measured of an episode, and when it becomes known."""

from __future__ import annotations

import numpy as np
import pytest

from core.traffic.patterns import BurstsPattern, ConstantPattern
from tests.core.cluster.factory import play, scenario_of, spike


@pytest.mark.parametrize("delay_s", [0.0, 5.0, 20.0, 47.0])
def test_late_metrics_partition_time(delay_s: float) -> None:
    """A burst of one second is seen in one window, as late as metrics are."""
    scenario = scenario_of(
        [ConstantPattern(rps=1.0), spike(5000.0, 100.0, 1.0)],
        pods=200,
        metrics={"delay_s": delay_s},
    )
    states, _ = play(scenario)
    seen = [state for state in states if state.rps is not None and state.rps > 100.0]
    assert len(seen) == 1
    assert 101.0 + delay_s <= seen[0].time_s < 116.0 + delay_s
    assert seen[0].rps == pytest.approx(5000.0 / 15.0, rel=0.1)
    assert seen[0].metrics_age_s == delay_s


def test_rates_are_averaged_over_a_longer_window() -> None:
    scenario = scenario_of(
        [ConstantPattern(rps=100.0), spike(600.0, 60.0, 15.0)], pods=20, metrics={"window_s": 60.0}
    )
    rates = [state.rps for state in play(scenario)[0]]
    assert rates[4] == pytest.approx(100.0, rel=0.1)
    assert rates[5:9] == pytest.approx([250.0] * 4, rel=0.05)
    assert rates[9] == pytest.approx(100.0, rel=0.1)


def test_the_first_state_is_a_whole_measurement() -> None:
    first = play(scenario_of(300.0, pods=8, metrics={"delay_s": 5.0, "window_s": 60.0}))[0][0]
    assert first.time_s == 0.0
    assert first.rps == pytest.approx(300.0, rel=0.1)
    assert first.cpu_utilization == pytest.approx(0.02 + 300.0 / (8 * 57.14), rel=0.1)
    assert first.latency_p95_ms == pytest.approx(106.0, rel=0.05)
    assert first.queue_requests == 0.0


def test_silence_is_not_measured_as_zero_latency() -> None:
    states, _ = play(scenario_of(0.0, pods=2))
    assert states[-1].rps == 0.0
    assert states[-1].latency_p50_ms is None
    assert states[-1].slo_violation_ratio is None
    assert states[-1].error_ratio is None
    assert states[-1].cpu_utilization == pytest.approx(0.02)


def test_pod_seconds_count_ready_starting_and_terminating_pods() -> None:
    scenario = scenario_of(
        100.0, pods=4, duration_s=120, service={"termination_s": 20.0, "startup_sigma": 0.0}
    )
    _, simulated = play(scenario, decide=lambda state: 9 if state.time_s < 60.0 else 3)
    # Nine pods for a minute, three for another, and six that take 20 s to go.
    assert simulated.totals.pod_seconds == 60 * 9 + 60 * 3 + 6 * 20


def test_start_up_times_are_lognormal_around_their_median() -> None:
    scenario = scenario_of(
        100.0,
        pods=1,
        duration_s=600,
        service={"startup_median_s": 30.0, "startup_sigma": 0.5},
        interval_s=1,
    )
    ready: list[float] = []
    for seed in range(3):
        states, _ = play(scenario, seed, decide=lambda _: 201)
        ready += [float(state.replicas_ready - 1) for state in states if state.time_s == 30.0]
    assert np.mean(ready) == pytest.approx(100.0, abs=15.0)


def test_targets_beyond_the_bounds_are_clipped() -> None:
    scenario = scenario_of(100.0, pods=4, cluster={"max_replicas": 10})
    states, _ = play(scenario, decide=lambda state: 99 if state.time_s < 300.0 else -3)
    assert {state.replicas_desired for state in states} == {4, 10, 0}


def test_memory_and_cpu_follow_load() -> None:
    states, _ = play(
        scenario_of(
            [ConstantPattern(rps=300.0), spike(600.0, 300.0, 60.0)],
            pods=8,
            service={"cpu_per_capacity": 0.8, "memory_per_queued_request": 0.001},
        )
    )
    calm, flooded = states[10], states[23]
    assert calm.cpu_utilization == pytest.approx(0.02 + 0.8 * 300.0 / (8 * 57.14), rel=0.05)
    assert calm.memory_utilization == pytest.approx(0.35)
    assert flooded.cpu_utilization == pytest.approx(0.82, rel=0.01)
    assert flooded.queue_requests is not None
    assert flooded.memory_utilization == pytest.approx(0.35 + flooded.queue_requests / 8000.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_well_provisioned_default_service_keeps_its_objective(seed: int) -> None:
    for pods, rps in ((3, 110.0), (10, 400.0), (40, 1700.0)):
        _, simulated = play(scenario_of(rps, pods=pods, duration_s=3600), seed)
        totals = simulated.totals
        assert totals.violations / totals.arrived_requests <= 0.002


def test_bursts_of_seconds_hurt_more_than_their_mean() -> None:
    bursts = BurstsPattern(rps=900.0, on_s=3.0, off_s=9.0)
    _, bursty = play(scenario_of([bursts], pods=12, duration_s=1800))
    mean_rps = bursty.totals.arrived_requests / 1800.0
    _, steady = play(scenario_of(mean_rps, pods=12, duration_s=1800))
    shares = [one.totals.violations / one.totals.arrived_requests for one in (bursty, steady)]
    assert shares[0] > 3.0 * shares[1]
