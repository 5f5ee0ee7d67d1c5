from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.cluster.kubernetes.facts import resolve_facts
from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError
from core.state import DeploymentFacts
from core.traffic.library import load_scenario

_SERVICE: dict[str, Any] = {
    "pod_capacity_rps": 20.0,
    "slo_ms": 300.0,
    "min_replicas": 2,
    "max_replicas": 40,
    "startup_median_s": 12.0,
}


def _settings(**values: Any) -> KubernetesSettings:
    return KubernetesSettings.model_validate({"deployment": "web", **values})


def test_settings_survive_a_run_file() -> None:
    before = _settings(
        namespace="shop",
        kubeconfig="/tmp/config",
        metrics={
            "prometheus_url": "https://prometheus.example/",
            "basic_auth_user": "reader",
            "basic_auth_password_env": "PASSWORD",
            "queries": {"rps": "sum(x)"},
        },
        actuator="hpa-floor",
        floor_min=2,
        floor_max=10,
        guardrails={"largest_step_up": 3},
    )
    assert KubernetesSettings.model_validate_json(before.model_dump_json()) == before
    assert before.metrics.prometheus_url == "https://prometheus.example"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"deployment": "Web"}, "deployment"),
        ({"deployment": "a/b"}, "deployment"),
        ({"namespace": "shop.x"}, "namespace"),
        ({"namespace": "../x"}, "namespace"),
        ({"in_cluster": True, "context": "prod"}, "in_cluster alone"),
        ({"min_replicas": 5, "max_replicas": 2}, "max_replicas of at least"),
        ({"actuator": "hpa-floor"}, "floor_min and floor_max"),
        ({"floor_min": 2}, "hpa-floor only"),
        ({"actuator": "hpa-floor", "floor_min": 5, "floor_max": 2}, "floor_max of at least"),
        ({"interval_s": float("nan")}, "interval_s"),
        ({"nonsense": 1}, "nonsense"),
        ({"metrics": {"prometheus_url": "prometheus:9090"}}, "expected a URL"),
        ({"metrics": {"prometheus_url": "https://"}}, "expected a URL"),
        ({"metrics": {"prometheus_url": "https://p/?x=1"}}, "expected a URL"),
        ({"metrics": {"queries": {"rsp": "sum(x)"}}}, "rsp"),
        ({"metrics": {"basic_auth_user": "me"}}, "password file or variable"),
        ({"metrics": {"basic_auth_password_env": "P"}}, "basic_auth_user"),
        ({"metrics": {"bearer_token_file": "/t", "bearer_token_env": "T"}}, "found both"),
        (
            {
                "metrics": {
                    "bearer_token_env": "T",
                    "basic_auth_user": "me",
                    "basic_auth_password_env": "P",
                }
            },
            "found both",
        ),
    ],
)
def test_contradictions_are_named(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        _settings(**values)


def test_a_password_in_the_url_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError) as caught:
        _settings(metrics={"prometheus_url": "https://me:SECRET12@prometheus.example"})
    assert "SECRET12" not in str(caught.value)
    assert "basic_auth_password_file" in str(caught.value)


def test_the_service_model_comes_from_the_settings_or_a_scenario() -> None:
    explicit = resolve_facts(_settings(**_SERVICE), None)
    assert explicit == DeploymentFacts(interval_s=15.0, **_SERVICE)
    scenario = load_scenario("flash-crowd")
    assert resolve_facts(_settings(), scenario) == scenario.facts
    mixed = resolve_facts(_settings(slo_ms=400.0, interval_s=5.0), scenario)
    assert (mixed.slo_ms, mixed.interval_s) == (400.0, 5.0)
    assert mixed.pod_capacity_rps == scenario.facts.pod_capacity_rps


def test_all_that_is_missing_is_named_at_once() -> None:
    values = {name: value for name, value in _SERVICE.items() if "replicas" not in name}
    with pytest.raises(InputError, match=r"none for min_replicas, max_replicas\. .*`twin fit`"):
        resolve_facts(_settings(**values), None)
    scenario = load_scenario("flash-crowd")
    with pytest.raises(InputError, match="max_replicas of at least"):
        resolve_facts(_settings(min_replicas=500), scenario)
