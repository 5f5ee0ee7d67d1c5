"""Checks the metrics of a Deployment: the server, and every query with its value and age."""

from __future__ import annotations

from collections.abc import Iterator

from core.clock import Clock
from core.cluster.kubernetes.check import Check, clock_check, failure
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.metrics.detection import QueryPlan, detect
from core.cluster.kubernetes.metrics.prometheus import Budget, Prometheus, Reading
from core.cluster.kubernetes.metrics.resource_metrics import MISSING_NOTICE, ResourceMetrics
from core.cluster.kubernetes.metrics.templates import Blanks, QueryName
from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import ClusterError, RlscaleError

_WORDS = {
    QueryName.RPS: ("request rate", "{:,.1f} rps", 1.0),
    QueryName.LATENCY_P50: ("latency p50", "{:,.0f} ms", 1000.0),
    QueryName.LATENCY_P95: ("latency p95", "{:,.0f} ms", 1000.0),
    QueryName.LATENCY_P99: ("latency p99", "{:,.0f} ms", 1000.0),
    QueryName.SLO_VIOLATION: ("SLO violations", "{:.2f} % of requests", 100.0),
    QueryName.ERRORS: ("errors", "{:.2f} % of requests", 100.0),
    QueryName.CPU: ("CPU", "{:.0f} % of request", 100.0),
    QueryName.MEMORY: ("memory", "{:.0f} % of request", 100.0),
    QueryName.QUEUE: ("queue", "{:,.0f} requests", 1.0),
}
"""Name of the check, form of the value, and factor from what Prometheus gives."""
_SILENT = frozenset(
    {
        QueryName.LATENCY_P50,
        QueryName.LATENCY_P95,
        QueryName.LATENCY_P99,
        QueryName.SLO_VIOLATION,
        QueryName.ERRORS,
    }
)
"""Not defined while there are no requests."""
_OLD_S = 120.0


def examine_prometheus(
    settings: KubernetesSettings, blanks: Blanks, clock: Clock
) -> Iterator[Check]:
    """Check the server, then the query set, every query, and its clock."""
    try:
        prometheus = Prometheus(settings.metrics)
    except RlscaleError as error:
        yield failure("Prometheus", error)
        return
    try:
        yield from _examine(prometheus, settings, blanks, clock)
    finally:
        prometheus.close()


def _examine(
    prometheus: Prometheus, settings: KubernetesSettings, blanks: Blanks, clock: Clock
) -> Iterator[Check]:
    timeout_s = settings.metrics.timeout_s
    try:
        ready = prometheus.is_ready(timeout_s)
    except RlscaleError as error:
        yield failure("Prometheus", error)
        return
    yield Check(
        "Prometheus",
        ready,
        f"{'ready' if ready else 'not ready'} at {prometheus.url}",
        "" if ready else "It may still be starting, or reading its log after a crash.",
    )
    try:
        budget = Budget(clock, timeout_s)
        plan = detect(prometheus, settings.metrics, blanks, budget, every_set=True)
    except RlscaleError as error:
        yield failure("request metrics", error)
        return
    yield _set_check(plan, settings)
    for name in _WORDS:
        if name in plan.queries:
            yield _query_check(prometheus, name, plan, timeout_s)
        elif name is not QueryName.QUEUE:
            yield _absent(name)
    yield from _clock_checks(prometheus, timeout_s, clock)


def _set_check(plan: QueryPlan, settings: KubernetesSettings) -> Check:
    notices = "; ".join(plan.notices)
    if plan.query_set is None:
        own = settings.metrics.queries.rps is not None
        return Check(
            "request metrics",
            own,
            "query of the settings" if own else notices,
            ""
            if own
            else "Send the service a request, check that Prometheus scrapes it, or give queries of "
            "your own in the config file (metrics.queries).",
        )
    chosen = f"query set {plan.query_set}"
    others = [name for name in plan.candidates if name is not plan.query_set]
    found = chosen + (f" (also there: {', '.join(others)})" if others else "")
    return Check("request metrics", True, found, f"{notices[:1].upper()}{notices[1:]}.".lstrip("."))


def _query_check(
    prometheus: Prometheus, name: QueryName, plan: QueryPlan, timeout_s: float
) -> Check:
    label, form, factor = _WORDS[name]
    # Policies decide on the traffic: nothing works without it. The rest they can do without.
    required = name is QueryName.RPS
    try:
        reading = prometheus.single(name, plan.queries[name], timeout_s)
        if reading.value is None:
            return _missing(name, label, reading, required)
        found = form.format(reading.value * factor)
        if name is not QueryName.RPS or QueryName.FRESHNESS not in plan.queries:
            return Check(label, True, found, required=required)
        newest = prometheus.single(
            QueryName.FRESHNESS, plan.queries[QueryName.FRESHNESS], timeout_s
        )
    except ClusterError as error:
        return failure(label, error, required=required)
    if newest.value is None or newest.server_time_s is None:
        return Check(label, True, f"{found}, of unknown age", required=required)
    age_s = max(newest.server_time_s - newest.value, 0.0)
    fresh = age_s <= _OLD_S
    return Check(
        label,
        fresh,
        f"{found}, {age_s:.0f} s old",
        "" if fresh else "Is the service still scraped? See the targets page of Prometheus.",
        required,
    )


def _missing(name: QueryName, label: str, reading: Reading, required: bool) -> Check:
    silent = reading.server_time_s is not None and name in _SILENT
    return Check(
        label,
        silent,
        "not defined without requests" if silent else "no data",
        ""
        if silent
        else f"Check what Prometheus has (a window needs two scrapes: --window), or give "
        f"metrics.queries.{name}.",
        required,
    )


def _absent(name: QueryName) -> Check:
    return Check(
        _WORDS[name][0],
        False,
        "no query",
        f"Give metrics.queries.{name} in the config file.",
        required=name is QueryName.RPS,
    )


def _clock_checks(prometheus: Prometheus, timeout_s: float, clock: Clock) -> Iterator[Check]:
    try:
        before = clock.now()
        reading = prometheus.single("clock", "vector(1)", timeout_s)
        middle = (before + clock.now()) / 2.0
    except ClusterError as error:
        yield failure("Prometheus clock", error, required=False)
        return
    if reading.server_time_s is not None:
        yield clock_check("Prometheus clock", reading.server_time_s - middle)


def examine_resource_metrics(
    connection: Connection, settings: KubernetesSettings, clock: Clock
) -> Iterator[Check]:
    """Check metrics.k8s.io, for where there is no Prometheus."""
    yield Check(
        "Prometheus",
        False,
        MISSING_NOTICE,
        "Give a prometheus_url; without one only policies that look at CPU make sense.",
        required=False,
    )
    target = connection.target(settings.deployment)
    sample = ResourceMetrics(connection, target, settings.container, clock).sample()
    if sample.problems:
        yield Check("metrics.k8s.io", False, sample.problems[0], "Is metrics-server installed?")
        return
    age = "no samples yet" if sample.age_s is None else f"{sample.age_s:.0f} s old"
    yield Check("metrics.k8s.io", sample.age_s is not None, age)
    for name, value in (
        (QueryName.CPU, sample.cpu_utilization),
        (QueryName.MEMORY, sample.memory_utilization),
    ):
        label, form, factor = _WORDS[name]
        yield Check(
            label,
            value is not None,
            "not known" if value is None else form.format(value * factor),
            "" if value is not None else f"Give every container a {label} request.",
            required=name is QueryName.CPU,
        )
