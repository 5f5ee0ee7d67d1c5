"""What a run amounts to, where not everything was measured."""

from __future__ import annotations

from core.latency import LatencyMixture
from core.runs.summary import RunSummary
from core.summary import ExactTotals, Summary, build_summary


def figures(steps: int, requests: float) -> Summary:
    return build_summary(
        steps=steps,
        totals=ExactTotals(requests=requests, violations=0.0, errors=0.0, pod_seconds=600.0),
        churn=0.0,
        reward=0.0,
        needed_pod_hours=requests / 50.0 / 3600.0,
        latency=LatencyMixture(),
    )


def told(steps: int, requests: float, unmeasured: int) -> dict[str, object]:
    found = figures(steps, requests)
    return RunSummary("r", "ppo", "SHADOW", "shop/web", 0, found, unmeasured).as_dict()


def test_what_was_never_measured_is_missing_and_not_zero() -> None:
    content = told(10, 0.0, 10)
    names = ("requests", "slo_violation_ratio", "error_ratio", "needed_pod_hours", "score")
    assert [content[name] for name in names] == [None] * 5
    assert content["pod_hours"] == 600.0 / 3600.0


def test_a_silent_service_has_no_requests_and_no_ratios() -> None:
    content = told(10, 0.0, 0)
    assert content["requests"] == 0.0
    assert content["slo_violation_ratio"] is None


def test_gaps_are_counted() -> None:
    content = told(10, 1000.0, 3)
    assert content["unmeasured_steps"] == 3
    assert content["slo_violation_ratio"] == 0.0
