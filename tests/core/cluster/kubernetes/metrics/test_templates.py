from __future__ import annotations

import pytest

from core.cluster.kubernetes.metrics.templates import (
    REQUEST_METRICS,
    Blanks,
    RequestMetrics,
    request_metrics,
)
from core.cluster.kubernetes.settings import QuerySet
from core.errors import InputError

_BLANKS = Blanks("shop", "checkout", 60, 250.0)


def test_blanks_are_filled_and_the_braces_of_promql_stay() -> None:
    template = (
        'sum(rate(x{namespace="{namespace}",app="{deployment}",le="{slo_seconds}"}[{window}]))'
    )
    assert _BLANKS.fill(template) == (
        'sum(rate(x{namespace="shop",app="checkout",le="0.25"}[60s]))'
    )
    assert _BLANKS.fill('x{job="a"}') == 'x{job="a"}'
    assert _BLANKS.fill("x{}") == "x{}"


def test_an_unknown_blank_is_refused() -> None:
    with pytest.raises(InputError, match=r"found \{service\}"):
        _BLANKS.fill('x{job="{service}"}')


@pytest.mark.parametrize("metrics", REQUEST_METRICS, ids=lambda metrics: metrics.name)
def test_every_query_of_every_set_names_the_deployment(metrics: RequestMetrics) -> None:
    for template in (
        metrics.rps(),
        metrics.errors(),
        metrics.quantile(0.95),
        metrics.violation({"0.25": 1.0}),
        metrics.freshness(),
        metrics.bounds(),
    ):
        query = _BLANKS.fill(template)
        assert "checkout" in query
        assert "shop" in query
        assert query.count("{") == query.count("}")


def test_istio_measures_in_milliseconds() -> None:
    assert _BLANKS.fill(request_metrics(QuerySet.ISTIO).quantile(0.5)).startswith("0.001 * ")
    assert _BLANKS.fill(request_metrics(QuerySet.GENERIC).quantile(0.5)).startswith("histogram")
