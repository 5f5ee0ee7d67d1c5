from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from core.cluster.kubernetes.settings import MetricsSettings
from core.traffic.patterns import ArNoisePattern, ConstantPattern
from core.traffic.scenario import (
    ClusterModel,
    GuardrailSettings,
    MetricsModel,
    NodeLossFault,
    PodCrashFault,
    Scenario,
    ServiceModel,
    ServiceTimeDistribution,
    SloModel,
    scenario_json_schema,
)
from core.traffic.validation import parse_scenario
from tests.core.traffic.factory import scenario_of


def test_defaults_are_the_documented_service() -> None:
    scenario = scenario_of()
    assert scenario.service.pod_capacity_rps == pytest.approx(57.142857)
    assert scenario.slo.latency_ms == 250.0
    assert (scenario.cluster.min_replicas, scenario.cluster.max_replicas) == (2, 60)
    assert scenario.interval_s == 15


def test_facts_are_what_the_scenario_says() -> None:
    scenario = Scenario(
        name="facts",
        traffic=(ConstantPattern(rps=1),),
        service=ServiceModel(workers=4, service_time_ms=50.0, startup_median_s=33.0),
        cluster=ClusterModel(min_replicas=3, max_replicas=9),
        slo=SloModel(latency_ms=400.0),
        metrics=MetricsModel(window_s=60.0),
        interval_s=30,
    )
    facts = scenario.facts
    assert facts.pod_capacity_rps == pytest.approx(80.0)
    assert (facts.slo_ms, facts.interval_s, facts.startup_median_s) == (400.0, 30.0, 33.0)
    assert (facts.min_replicas, facts.max_replicas) == (3, 9)


@pytest.mark.parametrize(
    ("initial", "first_rps", "expected"),
    [(None, 0.0, 2), (None, 400.0, 10), (None, 1e6, 60), (7, 400.0, 7)],
)
def test_starts_with_enough_for_the_first_rate(
    initial: int | None, first_rps: float, expected: int
) -> None:
    scenario = scenario_of().model_copy(update={"cluster": ClusterModel(initial_replicas=initial)})
    assert scenario.starting_replicas(first_rps) == expected


def test_is_immutable() -> None:
    scenario = scenario_of()
    with pytest.raises(ValidationError, match="frozen"):
        scenario.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"traffic": ()}, "a pattern besides ar-noise"),
        ({"traffic": (ArNoisePattern(),)}, "a pattern besides ar-noise"),
        ({"duration_s": 10}, "duration_s of at least interval_s"),
        ({"metrics": {"window_s": 5}}, "window_s of at least interval_s"),
        ({"slo": {"latency_ms": 20}}, "latency_ms above service.service_time_ms"),
        ({"service": {"timeout_s": 0.1}}, "timeout_s of at least the SLO"),
        ({"faults": (PodCrashFault(at_s=3600),)}, "before the end"),
        ({"faults": (NodeLossFault(at_s=1, duration_s=1),)}, "cluster.pods_per_node"),
        ({"name": "Not A Name"}, "should match pattern"),
        ({"unknown": 1}, "Extra inputs"),
        ({"traffic": ({"kind": "constant", "rps": float("nan")},)}, "finite"),
    ],
)
def test_parts_must_fit_together(changes: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {"name": "x", "traffic": (ConstantPattern(rps=1),)}
    with pytest.raises(ValidationError, match=message):
        Scenario.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_replicas": 5, "max_replicas": 4}, "max_replicas of at least"),
        ({"initial_replicas": 1}, "initial_replicas within"),
        ({"nodes": 3}, "pods_per_node beside"),
        ({"pods_per_node": 4, "nodes": 3, "max_nodes": 2}, "max_nodes of at least nodes"),
        ({"pods_per_node": 1, "max_nodes": 1}, "room for min_replicas"),
    ],
)
def test_cluster_must_be_consistent(changes: dict[str, int], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        ClusterModel.model_validate(changes)


def test_only_a_shifted_service_time_varies_less() -> None:
    with pytest.raises(ValidationError, match="expected service_time_cv 1"):
        ServiceModel(service_time_cv=0.5)
    shifted = ServiceTimeDistribution.SHIFTED_EXPONENTIAL
    assert ServiceModel(service_time_distribution=shifted, service_time_cv=0.5)


def test_fallback_comes_after_holding() -> None:
    with pytest.raises(ValidationError, match="fallback_after_intervals of at least"):
        GuardrailSettings(stale_after_intervals=5, fallback_after_intervals=4)


def test_json_schema_knows_every_pattern_and_fault() -> None:
    schema = scenario_json_schema()
    kinds = {
        definition["properties"]["kind"]["const"]
        for definition in schema["$defs"].values()
        if "kind" in definition.get("properties", {})
    }
    assert kinds == {
        *("constant", "diurnal", "weekly", "ramp", "step", "spike", "flash-crowd"),
        *("periodic-batch", "bursts", "ar-noise", "trace"),
        *("pod-crash", "node-loss", "slow-start", "dependency-latency", "metrics-gap"),
        "scale-rejected",
    }
    assert set(schema["required"]) == {"name", "traffic"}


DOCS = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")


def test_the_documented_example_is_valid(tmp_path: Path) -> None:
    example = DOCS.split("```yaml\n")[1].split("```")[0]
    scenario = parse_scenario(example, tmp_path / "lunch.yaml")
    assert scenario.name == "lunch"
    assert scenario.service.pod_capacity_rps == pytest.approx(57.1, abs=0.1)


def test_every_field_of_patterns_and_faults_is_documented() -> None:
    rows = {line.split("`")[1]: line for line in DOCS.splitlines() if line.startswith("| `")}
    for definition in scenario_json_schema()["$defs"].values():
        fields = dict(definition.get("properties", {}))
        if "kind" not in fields:
            continue
        row = rows[fields.pop("kind")["const"]]
        for name, field in fields.items():
            assert f"`{name}`" in row
            default = field.get("default")
            if isinstance(default, float):
                assert f"`{name}` ({default:g}" in row


def test_rates_are_as_smooth_as_those_of_a_real_cluster() -> None:
    assert MetricsModel().window_s == MetricsSettings().window_s
