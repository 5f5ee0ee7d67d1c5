"""Finds out which metrics a Prometheus has of a Deployment, and makes the queries to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.cluster.kubernetes.metrics.buckets import slo_buckets
from core.cluster.kubernetes.metrics.prometheus import Budget, Prometheus
from core.cluster.kubernetes.metrics.templates import (
    CPU,
    MEMORY,
    REQUEST_METRICS,
    Blanks,
    QueryName,
    RequestMetrics,
    request_metrics,
)
from core.cluster.kubernetes.settings import MetricsSettings, QuerySet

_QUANTILES = {
    QueryName.LATENCY_P50: 0.5,
    QueryName.LATENCY_P95: 0.95,
    QueryName.LATENCY_P99: 0.99,
}


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What will be asked from now on."""

    queries: Mapping[QueryName, str]
    """PromQL with everything filled in."""
    query_set: QuerySet | None
    """Where queries about requests come from; None if no set has data."""
    notices: tuple[str, ...] = ()
    complete: bool = True
    """Whether nothing was missing that may appear later, such as the first request."""
    candidates: tuple[QuerySet, ...] = field(default=())
    """All sets that have data."""


def detect(
    prometheus: Prometheus,
    settings: MetricsSettings,
    blanks: Blanks,
    budget: Budget,
    *,
    every_set: bool = False,
    at_s: float | None = None,
) -> QueryPlan:
    """Choose the set that has data, and the latency bucket that fits the SLO.

    Args:
        prometheus: Which is asked.
        settings: With a set to use, and queries in place of its own.
        blanks: To fill the templates with.
        budget: For all of the few queries.
        every_set: Look at all sets, to tell the operator, and not only until one has data.
        at_s: Look at what was there at this moment, seconds since the epoch; None: now.

    Raises:
        ClusterError: Prometheus failed.
        InputError: A query of the settings has a blank that is not known.
    """
    wanted = REQUEST_METRICS
    if settings.query_set is not QuerySet.AUTO:
        wanted = (request_metrics(settings.query_set),)
    found: list[RequestMetrics] = []
    for candidate in wanted:
        name = f"{QueryName.FRESHNESS} ({candidate.name})"
        if prometheus.query(name, blanks.fill(candidate.freshness()), budget.left_s(), at_s):
            found.append(candidate)
            if not every_set:
                break
    queries: dict[QueryName, str] = {QueryName.CPU: CPU, QueryName.MEMORY: MEMORY}
    notices: list[str] = []
    complete = bool(found)
    if not found:
        names = ", ".join(entry.counter for entry in wanted)
        if settings.queries.rps is None:
            notices.append(f"no request metrics of {blanks.deployment} yet (looked for {names})")
        if len(wanted) == 1:
            # The operator said which: it may start to have data at any moment.
            queries |= _request_queries(wanted[0])
    else:
        queries |= _request_queries(found[0])
        bounds = prometheus.query(
            "latency buckets", blanks.fill(found[0].bounds()), budget.left_s(), at_s
        )
        buckets = slo_buckets(
            (reading.labels.get("le", "") for reading in bounds),
            blanks.slo_ms / 1000.0 / found[0].unit_s,
        )
        if buckets.weights:
            queries[QueryName.SLO_VIOLATION] = found[0].violation(buckets.weights)
        else:
            complete = False
            if settings.queries.slo_violation is None:
                notices.append(f"no latency histogram {found[0].histogram} yet")
        if buckets.notice and settings.queries.slo_violation is None:
            notices.append(buckets.notice)
    queries |= _overrides(settings)
    return QueryPlan(
        queries={name: blanks.fill(template) for name, template in queries.items()},
        query_set=found[0].name if found else None,
        notices=tuple(notices),
        complete=complete,
        candidates=tuple(entry.name for entry in found),
    )


def _request_queries(metrics: RequestMetrics) -> dict[QueryName, str]:
    quantiles = {name: metrics.quantile(share) for name, share in _QUANTILES.items()}
    return {
        QueryName.RPS: metrics.rps(),
        QueryName.ERRORS: metrics.errors(),
        QueryName.FRESHNESS: metrics.freshness(),
        **quantiles,
    }


def _overrides(settings: MetricsSettings) -> dict[QueryName, str]:
    given = settings.queries.model_dump(exclude_none=True)
    overrides = {QueryName(name): template for name, template in given.items()}
    if QueryName.RPS in overrides and QueryName.FRESHNESS not in overrides:
        # The true time of a recorded series; an expression is as old as its evaluation.
        overrides[QueryName.FRESHNESS] = f"max(timestamp({overrides[QueryName.RPS]}))"
    return overrides
