"""The state of a real Deployment, and what becomes of it when servers fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.facts import resolve_facts
from core.cluster.kubernetes.metrics.sample import MetricsSample, MetricsSource
from core.cluster.kubernetes.metrics.sources import open_metrics
from core.cluster.kubernetes.observer import ClusterObserver
from core.state import ClusterState
from tests.core.cluster.kubernetes.live import CLOCK, rng, settings
from tests.stack.behaviour import PodBehaviour
from tests.stack.faults import Fault, Hang, no_samples, not_json
from tests.stack.service import ServiceShape
from tests.stack.waiting import wait_until

if TYPE_CHECKING:
    from tests.stack.stack import Stack

_RPS = 25.0


@contextmanager
def _observing(
    stack: Stack, namespace: str, metrics: MetricsSource | None = None, **values: Any
) -> Iterator[ClusterObserver]:
    chosen = settings(stack, namespace, request_timeout_s=0.5, **values)
    facts = resolve_facts(chosen, None)
    connection = Connection.open(chosen)
    source = metrics or open_metrics(connection, chosen, facts, CLOCK)
    observer = ClusterObserver(connection, chosen, facts, source, CLOCK, rng())
    try:
        observer.start()
        yield observer
    finally:
        began = time.monotonic()
        observer.close()
        connection.close()
        assert time.monotonic() - began < 3.0


@pytest.fixture
def web(stack: Stack, namespace: str) -> Iterator[str]:
    """A namespace with two ready pods of `web` under load."""
    deployed = stack.create_deployment(namespace, "web", 2, ServiceShape(metrics=("http",)))
    stack.wait_ready(namespace, "web", 2)
    with stack.load(deployed.url, rps=_RPS):
        yield namespace


def _until(
    observer: ClusterObserver, holds: Callable[[ClusterState], bool], what: str
) -> ClusterState:
    def found() -> ClusterState | None:
        state = observer.observe(0.0)
        return state if holds(state) else None

    return wait_until(found, what)


def test_one_state_out_of_both_servers(stack: Stack, web: str) -> None:
    with _observing(stack, web) as observer:
        state = _until(observer, lambda state: None not in (state.rps, state.latency_p95_ms), "all")
        assert observer.observe(90.0).time_s == 90.0
        assert state.rps is not None
        assert state.rps > 0
        assert (state.replicas_desired, state.replicas_ready, state.replicas_starting) == (2, 2, 0)
        assert state.nodes in (1, 2)
        assert 0.0 <= state.metrics_age_s < 5.0
        assert observer.health.degraded == ""
        assert observer.measures_traffic


@pytest.mark.parametrize(
    "fault", [Hang(), not_json(), no_samples()], ids=["hangs", "lies", "empty"]
)
def test_without_metrics_values_are_missing_and_grow_old(
    stack: Stack, web: str, fault: Fault
) -> None:
    with _observing(stack, web) as observer:
        _until(observer, lambda state: state.rps is not None, "a rate")
        with stack.prometheus_proxy.inject(fault):
            began = time.monotonic()
            observer.observe(0.0)
            assert time.monotonic() - began < 1.0, "the control loop must not wait for Prometheus"
            state = _until(observer, lambda state: state.metrics_age_s > 2.2, "age")
            assert state.rps is None
            assert state.latency_p95_ms is None
            assert state.slo_violation_ratio is None
            assert state.replicas_ready == 2
            assert observer.health.degraded
        _until(observer, lambda state: state.metrics_age_s < 2.2, "recovery")
        _until(observer, lambda state: not observer.health.degraded, "health")


def test_prometheus_that_is_killed_and_started_again(stack: Stack, web: str) -> None:
    with _observing(stack, web) as observer:
        _until(observer, lambda state: state.rps is not None, "a rate")
        stack.prometheus.kill()
        _until(observer, lambda state: state.rps is None, "its absence")
        assert "no connection" in observer.health.degraded
        assert stack.prometheus_proxy.url in observer.health.degraded
        stack.prometheus.start()
        _until(observer, lambda state: not observer.health.degraded, "recovery")


def test_a_service_that_is_no_longer_scraped_grows_old(stack: Stack, web: str) -> None:
    with _observing(stack, web) as observer:
        _until(observer, lambda state: state.rps is not None, "a rate")
        stack.services.remove(web)
        state = _until(observer, lambda state: state.rps is None, "no rate")
        assert observer.health.degraded == "the request rate is missing"
        older = _until(observer, lambda now: now.metrics_age_s > state.metrics_age_s + 1.0, "age")
        assert older.replicas_ready == 2


def test_an_api_server_that_is_gone_makes_everything_old(stack: Stack, web: str) -> None:
    with _observing(stack, web) as observer:
        _until(observer, lambda state: state.rps is not None, "a rate")
        with stack.api_proxy.refusing():
            state = _until(observer, lambda state: state.metrics_age_s > 2.2, "age")
            assert state.rps is not None, "traffic is measured all the same"
            assert (state.replicas_desired, state.replicas_ready) == (2, 2), "the last known"
            assert "refused" in observer.health.degraded
        _until(observer, lambda state: not observer.health.degraded, "recovery")
        assert observer.observe(0.0).metrics_age_s < 2.2


def test_a_deployment_that_is_deleted(stack: Stack, web: str) -> None:
    with _observing(stack, web) as observer:
        stack.delete(f"/apis/apps/v1/namespaces/{web}/deployments/web")
        _until(observer, lambda state: "404" in observer.health.degraded, "its absence")
        assert observer.observe(0.0).replicas_desired == 2


def test_pods_that_never_become_ready(stack: Stack, web: str) -> None:
    stack.kubelet.configure(web, PodBehaviour(schedulable_pods=2))
    with _observing(stack, web) as observer:
        stack.scale(web, "web", 3)
        observer.refresh()
        _until(
            observer,
            lambda state: "1 of 3 pods fit no node" in observer.health.degraded,
            "one without a node",
        )
        # The pod may be seen a little before the Deployment is looked at again.
        state = _until(observer, lambda state: state.replicas_desired == 3, "the Deployment")
        assert (state.replicas_ready, state.replicas_starting) == (2, 1)
        stack.kubelet.configure(web, PodBehaviour(crash_looping=True, restart_every_s=0.1))
        _until(observer, lambda state: "cannot start" in observer.health.degraded, "crashes")
        assert observer.observe(0.0).replicas_starting == 0


def test_without_prometheus_only_cpu_and_memory_are_known(stack: Stack, web: str) -> None:
    stack.enable_resource_metrics()
    chosen = settings(stack, web, metrics={"prometheus_url": None})
    connection = Connection.open(chosen)
    source = open_metrics(connection, chosen, resolve_facts(chosen, None), CLOCK)
    with _observing(stack, web, source) as observer:
        state = _until(observer, lambda state: state.cpu_utilization is not None, "CPU")
        assert state.memory_utilization is not None
        assert (state.rps, state.latency_p95_ms, state.slo_violation_ratio) == (None, None, None)
        assert not observer.measures_traffic
        assert state.metrics_age_s < 30.0
        assert observer.health.degraded == ""
        assert "request rate, latency, errors" in observer.health.notices[0]


def test_without_any_metrics_it_says_so(stack: Stack, web: str) -> None:
    chosen = settings(stack, web, metrics={"prometheus_url": None})
    source = open_metrics(Connection.open(chosen), chosen, resolve_facts(chosen, None), CLOCK)
    with _observing(stack, web, source) as observer:
        missing = "install metrics-server"
        state = _until(observer, lambda _: missing in observer.health.degraded, "what is missing")
        assert state.cpu_utilization is None


class _Raising:
    """A source that breaks its protocol."""

    measures_traffic = True

    def sample(self) -> MetricsSample:
        raise KeyError("oops")

    def close(self) -> None:
        pass


def test_a_source_that_raises_does_not_end_the_run(stack: Stack, web: str) -> None:
    with _observing(stack, web, _Raising()) as observer:
        assert observer.observe(0.0).rps is None
        assert "KeyError" in observer.health.degraded
