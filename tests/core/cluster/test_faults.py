"""Every kind of fault, as it is felt through the simulator."""

from __future__ import annotations

import pytest

from core.cluster.faults import Windows
from core.traffic.faults import (
    DependencyLatencyFault,
    MetricsGapFault,
    NodeLossFault,
    PodCrashFault,
    ScaleRejectedFault,
    SlowStartFault,
)
from tests.core.cluster.factory import POD_RPS, at, play, scenario_of, spike

_STEADY_START = {"startup_median_s": 20.0, "startup_sigma": 0.0}


def test_crashed_pods_lose_their_requests_and_start_again() -> None:
    scenario = scenario_of(
        300.0, pods=8, faults=[PodCrashFault(at_s=62.0, count=3)], service=_STEADY_START
    )
    states, simulated = play(scenario)
    struck = at(states, 75.0)
    assert (struck.replicas_desired, struck.replicas_ready, struck.replicas_starting) == (8, 5, 3)
    assert struck.error_ratio is not None
    assert struck.error_ratio > 0.0
    assert at(states, 60.0).error_ratio == 0.0
    assert at(states, 90.0).replicas_ready == 8
    # Three pods, two workers each, busy for two thirds of the time.
    assert simulated.totals.failed_requests == pytest.approx(3 * 2 * 300.0 / (8 * POD_RPS))


def test_crashed_pods_may_have_a_restart_time_of_their_own() -> None:
    scenario = scenario_of(
        200.0,
        pods=8,
        faults=[PodCrashFault(at_s=60.0, count=2, restart_s=4.0)],
        service=_STEADY_START,
    )
    states, _ = play(scenario)
    assert at(states, 75.0).replicas_ready == 8


def test_if_all_pods_crash_everything_is_refused() -> None:
    scenario = scenario_of(
        200.0,
        pods=4,
        faults=[PodCrashFault(at_s=60.0, count=99, restart_s=60.0)],
        service=_STEADY_START,
    )
    states, simulated = play(scenario)
    dead = at(states, 90.0)
    assert dead.replicas_ready == 0
    assert dead.error_ratio == 1.0
    assert dead.slo_violation_ratio == 1.0
    assert dead.latency_p50_ms is None
    assert dead.latency_p99_ms is None
    assert dead.cpu_utilization is None
    assert dead.queue_requests == 0.0
    alive = at(states, 150.0)
    assert alive.error_ratio == 0.0
    assert alive.slo_violation_ratio is not None
    assert alive.slo_violation_ratio < 0.01
    totals = simulated.totals
    assert totals.failed_requests == pytest.approx(60 * 200.0, rel=0.05)


def test_a_lost_node_takes_its_share_of_the_pods() -> None:
    scenario = scenario_of(
        300.0,
        pods=12,
        faults=[NodeLossFault(at_s=60.0, duration_s=100.0)],
        service=_STEADY_START,
        cluster={"pods_per_node": 4, "nodes": 3, "max_nodes": 3},
    )
    states, _ = play(scenario)
    struck = at(states, 75.0)
    assert (struck.nodes, struck.replicas_ready, struck.replicas_starting) == (2, 8, 4)
    # Nowhere to start until the node is back at 160 s; then it takes 20 s.
    assert at(states, 150.0).replicas_ready == 8
    assert at(states, 165.0).nodes == 3
    assert at(states, 180.0).replicas_ready == 12


def test_lost_pods_start_at_once_where_other_nodes_have_room() -> None:
    scenario = scenario_of(
        300.0,
        pods=9,
        faults=[NodeLossFault(at_s=60.0, duration_s=400.0)],
        service=_STEADY_START,
        cluster={"pods_per_node": 6, "nodes": 3, "max_nodes": 3},
    )
    states, _ = play(scenario)
    assert at(states, 75.0).replicas_ready == 6
    assert at(states, 90.0).replicas_ready == 9
    assert at(states, 90.0).nodes == 2


def test_pods_start_slowly_while_a_slow_start_lasts() -> None:
    scenario = scenario_of(
        200.0,
        pods=6,
        faults=[SlowStartFault(at_s=50.0, duration_s=60.0, factor=3.0)],
        service=_STEADY_START,
    )
    states, _ = play(
        scenario, decide=lambda state: 8 if state.time_s < 120.0 and state.time_s >= 60.0 else 6
    )
    assert at(states, 105.0).replicas_ready == 6
    assert at(states, 120.0).replicas_ready == 8
    states, _ = play(scenario, decide=lambda state: 8 if state.time_s >= 120.0 else 6)
    assert at(states, 150.0).replicas_ready == 8


def test_a_slow_dependency_takes_capacity_and_time() -> None:
    fault = DependencyLatencyFault(at_s=60.0, duration_s=60.0, added_ms=35.0)
    states, _ = play(scenario_of(300.0, pods=16, faults=[fault]))
    before, during, after = (at(states, time_s) for time_s in (60.0, 120.0, 240.0))
    assert before.latency_p50_ms is not None
    assert during.latency_p50_ms is not None
    assert during.latency_p50_ms == pytest.approx(before.latency_p50_ms + 35.0, rel=0.05)
    assert after.latency_p50_ms == pytest.approx(before.latency_p50_ms, rel=0.02)
    # Twice the time per request halves what the pods bear: 16 pods become 8 of 5.25 needed …
    assert during.error_ratio == 0.0
    states, _ = play(scenario_of(300.0, pods=9, faults=[fault]))
    # … and 9 become 4.5, too few.
    drowned = at(states, 120.0)
    assert drowned.latency_p95_ms is not None
    assert drowned.latency_p95_ms > 2000.0
    assert drowned.queue_requests is not None
    assert drowned.queue_requests > 500.0


def test_in_a_metrics_gap_values_are_missing_and_grow_old() -> None:
    scenario = scenario_of(
        300.0,
        pods=8,
        faults=[MetricsGapFault(at_s=100.0, duration_s=50.0)],
        metrics={"delay_s": 5.0},
    )
    states, _ = play(scenario)
    assert at(states, 90.0).metrics_age_s == 5.0
    for time_s, age_s in ((105.0, 5.0), (120.0, 20.0), (150.0, 50.0)):
        blind = at(states, time_s)
        assert blind.metrics_age_s == age_s
        assert blind.rps is None
        assert blind.latency_p95_ms is None
        assert blind.slo_violation_ratio is None
        assert blind.queue_requests is None
        assert blind.cpu_utilization is None
        assert blind.replicas_ready == 8
    assert at(states, 165.0).rps is not None
    assert at(states, 165.0).metrics_age_s == 5.0


def test_a_cluster_may_reject_scaling() -> None:
    scenario = scenario_of(300.0, pods=8, faults=[ScaleRejectedFault(at_s=55.0, duration_s=30.0)])
    _, simulated = play(scenario)
    simulated.reset(1)
    answers: list[bool] = []
    for _ in range(8):
        outcome = simulated.scale(8 + len(answers) % 2)
        answers.append(outcome.accepted)
        assert outcome.accepted == (outcome.message == "")
        state = simulated.advance()
    assert answers == [True, True, True, True, False, False, True, True]
    assert state.replicas_desired == 9


def test_faults_of_one_kind_may_overlap() -> None:
    windows = Windows(2)
    windows.load(1, [(10.0, 30.0, 2.0), (20.0, 40.0, 5.0)])
    assert windows.product_of(1, 25.0) == 10.0
    assert windows.product_of(1, 35.0) == 5.0
    assert windows.product_of(0, 25.0) == 1.0
    states, _ = play(
        scenario_of(
            300.0,
            faults=[
                MetricsGapFault(at_s=30.0, duration_s=40.0),
                MetricsGapFault(at_s=60.0, duration_s=40.0),
            ],
        )
    )
    assert at(states, 90.0).metrics_age_s == 60.0


def test_an_overload_ends_with_the_pods_that_come_to_help() -> None:
    traffic = scenario_of(200.0, pods=4).traffic
    scenario = scenario_of([*traffic, spike(400.0, 60.0, 300.0)], pods=5, service=_STEADY_START)
    states, _ = play(scenario, decide=lambda state: 15 if state.time_s >= 75.0 else 5)
    assert at(states, 90.0).replicas_starting == 10
    overloaded, relieved = at(states, 90.0), at(states, 180.0)
    assert overloaded.latency_p95_ms is not None
    assert relieved.latency_p95_ms is not None
    assert overloaded.latency_p95_ms > 3000.0
    assert relieved.latency_p95_ms < 150.0
