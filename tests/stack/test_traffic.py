"""The service follows its pods, and Prometheus tells of it under the usual names."""

from __future__ import annotations

import math

import pytest

from tests.stack.service import ServiceShape
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

_SHAPE = ServiceShape(workers=2, service_time_s=0.1, slo_s=0.3, metrics=("http", "nginx", "istio"))
_RPS = 25.0


def test_prometheus_tells_rate_latency_and_cpu_in_every_naming(
    stack: Stack, namespace: str
) -> None:
    web = stack.create_deployment(namespace, "web", replicas=3, shape=_SHAPE)
    stack.wait_ready(namespace, "web", 3)
    here = f'namespace="{namespace}"'
    rates = (
        f'sum(rate(http_requests_total{{{here},deployment="web"}}[5s]))',
        f'sum(rate(nginx_ingress_controller_requests{{{here},ingress="web"}}[5s]))',
        f'sum(rate(istio_requests_total{{destination_workload_namespace="{namespace}"}}[5s]))',
    )
    with stack.load(web.url, rps=_RPS) as load:
        wait_until(
            lambda: all((stack.prometheus.value(rate) or 0.0) > 0.5 * _RPS for rate in rates),
            "rates in all three namings",
            15.0,
        )
        buckets = f"sum by (le) (rate(http_request_duration_seconds_bucket{{{here}}}[5s]))"
        p95_s = stack.prometheus.value(f"histogram_quantile(0.95, {buckets})")
        slo = f'sum(rate(http_request_duration_seconds_bucket{{{here},le="0.3"}}[5s]))'
        within = stack.prometheus.value(f"{slo} / {rates[0]}")
        used = f'container_cpu_usage_seconds_total{{{here},container="app"}}'
        asked = f'kube_pod_container_resource_requests{{{here},resource="cpu"}}'
        cpu = stack.prometheus.value(f"sum(rate({used}[5s])) / sum({asked})")
    assert p95_s is not None
    assert 0.1 < p95_s < 1.0
    assert within is not None
    assert 0.5 < within <= 1.0
    # 25 requests of 0.05 CPU seconds each on three pods that asked for one core.
    assert cpu == pytest.approx(_RPS * 0.05 / 3, rel=0.6)
    assert load.counts[200] > 0
    memory = stack.query(f'container_memory_working_set_bytes{{{here},container="app"}}')
    assert len(memory) == 3


def test_capacity_follows_the_ready_pods(stack: Stack, namespace: str) -> None:
    shape = ServiceShape(workers=1, service_time_s=0.1, exponential=False)
    web = stack.create_deployment(namespace, "web", replicas=1, shape=shape)
    stack.wait_ready(namespace, "web", 1)
    with stack.load(web.url, rps=30.0) as load:
        wait_until(lambda: web.service.queue_requests > 20, "a queue in front of one pod")
        stack.scale(namespace, "web", 6)
        wait_until(lambda: web.service.queue_requests == 0, "six pods to work it off")
    assert max(load.latencies_s) > 0.5
    assert math.isclose(min(load.latencies_s), 0.1, abs_tol=0.05)


def test_a_service_without_pods_answers_503(stack: Stack, namespace: str) -> None:
    web = stack.create_deployment(namespace, "web", replicas=0)
    with stack.load(web.url, rps=20.0) as load:
        wait_until(lambda: load.counts.total() > 3, "answers")
    assert set(load.counts) == {503}


def test_prometheus_can_be_given_a_past(stack: Stack) -> None:
    now_s = wait_until(lambda: stack.prometheus.value("vector(time())"), "the time")
    at_s = int(now_s) - 3 * 86_400
    samples = [f"past_requests_total {i * 60} {at_s + i * 15}" for i in range(40)]
    stack.prometheus.backfill("\n".join(["# TYPE past_requests counter", *samples, "# EOF\n"]))
    rate = stack.prometheus.value(f"rate(past_requests_total[2m] @ {at_s + 300})")
    assert rate == pytest.approx(4.0)
