from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.cluster.batch import StateBatch
from core.latency import LatencyMixture
from core.state import ClusterState
from core.summary import ExactTotals, SummaryAccumulator, average_summaries, score

SHARES = (0.5, 0.95, 0.99)


def exponential(mean_ms: float) -> list[NDArray[np.float64]]:
    """The three quantiles of exponential latencies."""
    return [np.array([-mean_ms * np.log(1.0 - share)]) for share in SHARES]


def make_state(**changes: float | int | None) -> ClusterState:
    values: dict[str, float | int | None] = {
        "time_s": 15.0,
        "rps": 100.0,
        "latency_p50_ms": 20.0,
        "latency_p95_ms": 80.0,
        "latency_p99_ms": 120.0,
        "slo_violation_ratio": 0.1,
        "error_ratio": 0.02,
        "cpu_utilization": 0.5,
        "memory_utilization": 0.5,
        "queue_requests": 0.0,
        "replicas_desired": 4,
        "replicas_ready": 3,
        "replicas_starting": 1,
        "nodes": 1,
        "metrics_age_s": 0.0,
    }
    return ClusterState(**{**values, **changes})  # type: ignore[arg-type]


def test_one_interval_gives_back_its_quantiles() -> None:
    mixture = LatencyMixture()
    mixture.add(np.array([10.0]), *exponential(35.0))
    for share, expected in zip(SHARES, exponential(35.0), strict=True):
        assert mixture.quantile_ms(share) == pytest.approx(float(expected[0]), rel=1e-6)


def test_a_mixture_has_the_quantiles_of_all_its_requests() -> None:
    rng = np.random.default_rng(0)
    mixture = LatencyMixture()
    samples = []
    for mean_ms, requests in ((20.0, 300_000), (90.0, 80_000), (900.0, 20_000)):
        mixture.add(np.array([float(requests)]), *exponential(mean_ms))
        samples.append(rng.exponential(mean_ms, requests))
    expected = np.quantile(np.concatenate(samples), SHARES)
    found = [mixture.quantile_ms(share) for share in SHARES]
    np.testing.assert_allclose(found, expected, rtol=0.02)


def test_many_rows_at_once_are_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(1)
    columns = np.sort(rng.uniform(1.0, 5_000.0, (3, 3000)), axis=0)
    requests = rng.uniform(0.0, 100.0, 3000)
    at_once, singly = LatencyMixture(), LatencyMixture()
    at_once.add_rows(requests, *columns)
    for index in range(3000):
        singly.add(requests[index : index + 1], *columns[:, index : index + 1])
    for share in SHARES:
        assert at_once.quantile_ms(share) == pytest.approx(singly.quantile_ms(share))


def test_constant_unmeasured_and_absent_latencies() -> None:
    mixture = LatencyMixture(3)
    constant, gap = np.full(3, 50.0), np.array([50.0, np.nan, 50.0])
    mixture.add(np.array([10.0, 10.0, 0.0]), constant, constant, gap)
    assert mixture.quantile_ms(0.99, 0) == pytest.approx(50.0, rel=0.04)
    assert np.isnan(mixture.quantile_ms(0.5, 1))
    assert np.isnan(mixture.quantile_ms(0.5, 2))


def test_states_add_up() -> None:
    sums = SummaryAccumulator(np.array([50.0]), 15.0)
    sums.start(np.array([2.0]))
    sums.add_state(make_state(replicas_desired=4), -0.5)
    sums.add_state(make_state(replicas_desired=3, rps=300.0, slo_violation_ratio=0.0), -0.25)
    sums.add_state(make_state(replicas_desired=3, rps=None, slo_violation_ratio=None), 0.0)
    summary = sums.summary()
    assert summary.steps == 3
    assert summary.requests == pytest.approx(6000.0)
    assert summary.slo_violation_ratio == pytest.approx(150 / 6000)
    assert summary.error_ratio == pytest.approx(0.02)
    assert summary.pod_hours == pytest.approx(3 * 4 * 15 / 3600)
    assert summary.churn == pytest.approx(3.0)
    assert summary.reward == pytest.approx(-0.75)
    assert summary.needed_pod_hours == pytest.approx(6000 / 50 / 3600)
    assert summary.score == pytest.approx(
        summary.pod_hours / summary.needed_pod_hours + 30 * 150 / 6000
    )
    assert summary.latency_p95_ms == pytest.approx(80.0, rel=0.01)


def test_exact_counts_replace_those_of_the_states() -> None:
    sums = SummaryAccumulator(np.array([50.0]), 15.0)
    sums.add_state(make_state(), 0.0)
    summary = sums.summary(exact=ExactTotals(1000.0, 10.0, 5.0, 7200.0))
    assert (summary.requests, summary.pod_hours) == (1000.0, 2.0)
    assert (summary.slo_violation_ratio, summary.error_ratio) == (0.01, 0.005)


def test_runs_of_a_batch_are_independent_and_end_at_different_times() -> None:
    sums = SummaryAccumulator(np.array([50.0, 25.0]), 15.0)
    batch = StateBatch.from_states([make_state(), make_state(rps=200.0, replicas_desired=9)])
    sums.start(batch.replicas_desired)
    sums.add(batch, np.array([-1.0, -2.0]))
    sums.add(batch, np.array([-1.0, -2.0]), alive=np.array([True, False]))
    first, second = sums.summary(0), sums.summary(1)
    assert (first.steps, second.steps) == (2, 1)
    assert (first.requests, second.requests) == (3000.0, 3000.0)
    assert (first.reward, second.reward) == (-2.0, -2.0)
    assert second.needed_pod_hours == pytest.approx(2 * first.needed_pod_hours)


def test_every_run_counts_the_same_in_an_average() -> None:
    def live(scale: float, violation: float) -> SummaryAccumulator:
        sums = SummaryAccumulator(np.array([50.0]), 15.0)
        replicas = round(4 * scale)
        state = make_state(
            rps=100.0 * scale,
            slo_violation_ratio=violation,
            replicas_ready=replicas,
            replicas_starting=0,
        )
        sums.add_state(state, -scale)
        return sums

    small, large = live(1.0, 0.1), live(100.0, 0.0)
    runs = [small.summary(), large.summary()]
    average = average_summaries(runs, [small.latency(), large.latency()])
    assert average.slo_violation_ratio == pytest.approx(0.05)
    assert average.score == pytest.approx((2.0 + 3.0 + 2.0) / 2)
    assert average.score == score(average.pod_hours, average.needed_pod_hours, 0.05)
    assert average.requests == pytest.approx((1500 + 150_000) / 2)
    assert average.reward == pytest.approx(-50.5)
    silent = SummaryAccumulator(np.array([50.0]), 15.0)
    with_silent = average_summaries(
        [*runs, silent.summary()], [small.latency(), large.latency(), silent.latency()]
    )
    assert with_silent == average
    assert average_summaries([silent.summary()], [silent.latency()]).score is None


def test_without_traffic_there_is_no_score() -> None:
    summary = SummaryAccumulator(np.array([50.0]), 15.0).summary()
    assert summary.score is None
    assert summary.latency_p95_ms is None
    assert summary.as_dict()["slo_violation_ratio"] == 0.0
