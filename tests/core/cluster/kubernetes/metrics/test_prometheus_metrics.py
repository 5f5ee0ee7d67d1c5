"""The queries of every set, against a real Prometheus that scrapes a service under load."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.facts import resolve_facts
from core.cluster.kubernetes.metrics.prometheus_metrics import PrometheusMetrics
from core.cluster.kubernetes.metrics.sample import MetricsSample, MetricsSource
from core.cluster.kubernetes.metrics.sources import open_metrics
from core.cluster.kubernetes.metrics.templates import QueryName
from core.cluster.kubernetes.settings import QuerySet
from core.errors import InputError
from tests.core.cluster.kubernetes.live import CLOCK, settings
from tests.stack.faults import Delay, Rewrite, Skew, not_a_number, prometheus_error
from tests.stack.service import ServiceShape
from tests.stack.waiting import wait_until

if TYPE_CHECKING:
    from tests.stack.stack import Stack

_RPS = 25.0


def _open(stack: Stack, namespace: str, **metrics: Any) -> PrometheusMetrics:
    chosen = settings(stack, namespace, metrics=metrics, interval_s=10.0)
    connection = Connection.open(chosen)
    source = open_metrics(connection, chosen, resolve_facts(chosen, None), CLOCK)
    assert isinstance(source, PrometheusMetrics)
    return source


def _wait_for(
    source: MetricsSource, holds: Callable[[MetricsSample], bool], what: str
) -> MetricsSample:
    def found() -> MetricsSample | None:
        sample = source.sample()
        return sample if holds(sample) else None

    return wait_until(found, what)


def _complete(sample: MetricsSample) -> bool:
    return not sample.problems and None not in (
        sample.rps,
        sample.latency_p99_ms,
        sample.slo_violation_ratio,
        sample.error_ratio,
        sample.cpu_utilization,
    )


def test_every_set_measures_the_same_service(stack: Stack, namespace: str) -> None:
    shape = ServiceShape(slo_s=0.5, exponential=False, metrics=("http", "nginx", "istio"))
    web = stack.create_deployment(namespace, "web", 3, shape)
    stack.wait_ready(namespace, "web", 3)
    with stack.load(web.url, rps=_RPS):
        found = {}
        for name in (QuerySet.GENERIC, QuerySet.INGRESS_NGINX, QuerySet.ISTIO, QuerySet.AUTO):
            source = _open(stack, namespace, query_set=name)

            found[name] = _wait_for(
                source,
                lambda sample: _complete(sample) and (sample.rps or 0.0) > 0.7 * _RPS,
                f"all metrics of {name}",
            )
            assert source.plan is not None
            expected = QuerySet.GENERIC if name is QuerySet.AUTO else name
            assert source.plan.query_set is expected
    for sample in found.values():
        assert sample.rps == pytest.approx(_RPS, rel=0.35)
        # Every request takes a tenth of a second of work, and the buckets around that are coarse.
        assert sample.latency_p50_ms is not None
        assert 25.0 < sample.latency_p50_ms <= 250.0
        assert sample.latency_p99_ms is not None
        assert sample.latency_p99_ms >= sample.latency_p50_ms
        assert sample.slo_violation_ratio is not None
        assert 0.0 <= sample.slo_violation_ratio < 0.5
        assert sample.error_ratio == pytest.approx(0.0, abs=0.02)
        assert sample.cpu_utilization == pytest.approx(_RPS * 0.05 / 3.0, rel=0.6)
        assert sample.memory_utilization == pytest.approx(0.4, rel=0.01)
        assert sample.queue_requests is None
        assert sample.age_s is not None
        assert 0.0 <= sample.age_s < 5.0
        assert sample.notices == ()


def test_failures_count_as_errors_and_as_violations(stack: Stack, namespace: str) -> None:
    # Without pods everything fails, and at once.
    web = stack.create_deployment(namespace, "web", 0)
    with stack.load(web.url, rps=_RPS):
        source = _open(stack, namespace)
        sample = _wait_for(source, lambda found: found.error_ratio is not None, "errors")
    assert sample.error_ratio == pytest.approx(1.0)
    assert sample.slo_violation_ratio == pytest.approx(1.0)
    assert sample.cpu_utilization is None, "no pods use nothing: that is no share of anything"


def test_silence_is_a_rate_of_zero_and_nothing_else(stack: Stack, namespace: str) -> None:
    web = stack.create_deployment(namespace, "web", 1)
    stack.wait_ready(namespace, "web", 1)
    with stack.load(web.url, rps=_RPS):
        source = _open(stack, namespace)
        _wait_for(source, lambda found: found.latency_p50_ms is not None, "latency")
    sample = _wait_for(source, lambda found: found.rps == 0.0, "the window to empty")
    assert sample.latency_p50_ms is None
    assert sample.slo_violation_ratio is None
    assert sample.error_ratio is None
    assert sample.problems == ()
    assert sample.age_s is not None
    assert sample.age_s < 5.0


def test_an_slo_between_two_buckets_is_interpolated_and_said(stack: Stack, namespace: str) -> None:
    web = stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    chosen = settings(stack, namespace, slo_ms=300.0, interval_s=10.0)
    source = open_metrics(Connection.open(chosen), chosen, resolve_facts(chosen, None), CLOCK)
    with stack.load(web.url, rps=_RPS):
        sample = _wait_for(
            source, lambda found: found.slo_violation_ratio is not None, "violations"
        )
    assert any("interpolated between 0.25 and 0.5" in notice for notice in sample.notices)


def test_without_request_metrics_the_rest_is_measured(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 1, ServiceShape(metrics=()))
    stack.wait_ready(namespace, "web", 1)
    source = _open(stack, namespace)
    sample = _wait_for(source, lambda found: found.cpu_utilization is not None, "CPU")
    assert sample.rps is None
    assert sample.age_s is None, "CPU does not make the traffic known"
    assert sample.problems == ()
    assert "no request metrics of web yet" in sample.notices[0]
    assert "nginx_ingress_controller_requests" in sample.notices[0]


def test_queries_of_the_settings_win(stack: Stack, namespace: str) -> None:
    own = {
        "rps": "vector(7)",
        "latency_p95": "vector({slo_seconds})",
        "queue": "vector(3)",
        "errors": "vector(1.5)",
        "cpu": "vector(-1)",
        "memory": 'up{job="cluster"} or vector(1)',
    }
    source = _open(stack, namespace, queries=own)
    sample = source.sample()
    assert (sample.rps, sample.latency_p95_ms, sample.queue_requests) == (7.0, 500.0, 3.0)
    assert sample.age_s == 0.0
    # What cannot be such a quantity is no measurement, and the query is named.
    assert (sample.error_ratio, sample.cpu_utilization, sample.memory_utilization) == (None,) * 3
    for name in ("errors", "cpu", "memory"):
        assert any(f"query {name} gave" in problem for problem in sample.problems)
    with pytest.raises(InputError, match=r"found \{pod\}"):
        _open(stack, namespace, queries={"rps": 'x{pod="{pod}"}'})


def test_without_a_rate_nothing_is_fresh(stack: Stack, namespace: str) -> None:
    two = " or ".join(f'label_replace(vector(4), "pod", "{name}", "", "")' for name in "ab")
    source = _open(stack, namespace, queries={"rps": two, "freshness": "time()"})
    sample = source.sample()
    assert sample.rps is None
    assert "2 series" in sample.problems[0]
    assert sample.age_s is None, "so it is held, and in the end the reactive baseline takes over"


def test_a_histogram_that_has_other_buckets_now_is_looked_at_anew(
    stack: Stack, namespace: str
) -> None:
    web = stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    source = _open(stack, namespace)
    with stack.load(web.url, rps=_RPS):
        _wait_for(source, lambda found: found.slo_violation_ratio is not None, "violations")
        plan = source.plan
        assert plan is not None
        former = plan.queries[QueryName.SLO_VIOLATION].replace('le="0.5"', 'le="0.4"')
        source._plan = replace(plan, queries={**plan.queries, QueryName.SLO_VIOLATION: former})
        assert source.sample().slo_violation_ratio is None, "a bucket that is gone tells nothing"
        assert source.sample().slo_violation_ratio is not None


def test_the_age_is_that_of_the_sample_and_not_of_the_question(
    stack: Stack, namespace: str
) -> None:
    stack.create_deployment(namespace, "web", 1)
    stack.wait_ready(namespace, "web", 1)
    source = _open(stack, namespace)
    _wait_for(source, lambda found: found.age_s is not None, "a sample")

    def older(answer: Any) -> Any:
        for series in answer["data"]["result"]:
            at, text = series["value"]
            series["value"] = [at, str(float(text) - 100.0)]
        return answer

    with stack.prometheus_proxy.inject(Rewrite(older), query="timestamp"):
        age_s = source.sample().age_s
    assert age_s == pytest.approx(102.0, abs=2.5)


def test_a_clock_that_is_ahead_does_not_make_samples_old(stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 1)
    stack.wait_ready(namespace, "web", 1)
    source = _open(stack, namespace)
    _wait_for(source, lambda found: found.age_s is not None, "a sample")
    with stack.prometheus_proxy.inject(Skew(900.0)):
        age_s = source.sample().age_s
    assert age_s is not None
    assert age_s < 5.0


def test_one_round_has_one_limit(stack: Stack, namespace: str) -> None:
    own = {name: "vector(1)" for name in ("rps", "latency_p50", "latency_p95", "queue", "errors")}
    source = _open(stack, namespace, timeout_s=0.6, queries=own)
    assert source.sample().queue_requests == 1.0
    with stack.prometheus_proxy.inject(Delay(0.2)) as injected:
        began = time.monotonic()
        sample = source.sample()
        assert time.monotonic() - began < 1.5
    assert "took longer" in sample.problems[0] or "in time" in sample.problems[0]
    assert injected.hits <= 4
    with stack.prometheus_proxy.refusing():
        assert len(source.sample().problems) == 1, "one refusal is not told nine times"


def test_one_bad_query_does_not_spoil_the_others(stack: Stack, namespace: str) -> None:
    source = _open(stack, namespace, queries={"rps": "vector(7)", "queue": "vector(1)"})
    source.sample()
    error = prometheus_error(422, "execution", "too many samples")
    with stack.prometheus_proxy.inject(error, query=r"vector\(1\)"):
        sample = source.sample()
    assert sample.rps == 7.0
    assert sample.queue_requests is None
    assert "too many samples" in sample.problems[0]
    with stack.prometheus_proxy.inject(not_a_number()):
        assert source.sample().rps is None
