"""Manifests: what is read, what is filled in, and what is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.agents.hpa import HpaSpec, read_manifest
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.quantity import parse_quantity, to_float, to_milli
from core.agents.hpa.rules import (
    DEFAULT_BEHAVIOR,
    DEFAULT_DOWN,
    DEFAULT_UP,
    Behavior,
    PolicyType,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
)
from core.errors import InputError

FULL = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 20
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}
  - type: Resource
    resource: {name: memory, target: {type: AverageValue, averageValue: 512Mi}}
  - type: ContainerResource
    containerResource:
      {name: cpu, container: app, target: {type: AverageValue, averageValue: 250m}}
  - type: Pods
    pods: {metric: {name: requests}, target: {type: AverageValue, averageValue: "1.5k"}}
  - type: Object
    object:
      metric: {name: rps, selector: {matchLabels: {a: b}}}
      describedObject: {apiVersion: v1, kind: Service, name: web}
      target: {type: Value, value: 2k}
  - type: External
    external: {metric: {name: queue}, target: {type: AverageValue, averageValue: 30}}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 10
      selectPolicy: Min
      tolerance: 0.05
      policies:
      - {type: Pods, value: 3, periodSeconds: 30}
      - {type: Percent, value: 50, periodSeconds: 60}
    scaleDown:
      selectPolicy: Disabled
status: {currentReplicas: 4}
"""


def minimal(**fields: Any) -> dict[str, Any]:
    return {"spec": {"maxReplicas": 10, **fields}}


def metric_with(kind: str, **fields: Any) -> dict[str, Any]:
    name = kind[0].lower() + kind[1:]
    return minimal(metrics=[{"type": kind, name: fields}])


def test_a_full_manifest() -> None:
    assert HpaSpec.from_manifest(yaml.safe_load(FULL)) == HpaSpec(
        max_replicas=20,
        min_replicas=2,
        metrics=(
            MetricSpec(MetricSource.RESOURCE, "cpu", TargetKind.UTILIZATION, 60),
            MetricSpec(
                MetricSource.RESOURCE, "memory", TargetKind.AVERAGE_VALUE, 512 * 2**20 * 1000
            ),
            MetricSpec(
                MetricSource.CONTAINER_RESOURCE, "cpu", TargetKind.AVERAGE_VALUE, 250, "app"
            ),
            MetricSpec(MetricSource.PODS, "requests", TargetKind.AVERAGE_VALUE, 1_500_000),
            MetricSpec(MetricSource.OBJECT, "rps", TargetKind.VALUE, 2_000_000),
            MetricSpec(MetricSource.EXTERNAL, "queue", TargetKind.AVERAGE_VALUE, 30_000),
        ),
        behavior=Behavior(
            ScalingRules(
                (
                    ScalingPolicy(PolicyType.PODS, 3, 30),
                    ScalingPolicy(PolicyType.PERCENT, 50, 60),
                ),
                SelectPolicy.MIN,
                10,
                0.05,
            ),
            ScalingRules(DEFAULT_DOWN.policies, SelectPolicy.DISABLED, None, None),
        ),
    )


def test_keys_of_samples() -> None:
    keys = [metric.key for metric in HpaSpec.from_manifest(yaml.safe_load(FULL)).metrics]
    assert keys == ["cpu", "memory", "app/cpu", "pods/requests", "object/rps", "external/queue"]


def test_defaults() -> None:
    spec = HpaSpec.from_manifest(minimal())
    assert (spec.min_replicas, spec.max_replicas, spec.behavior) == (1, 10, None)
    assert spec.metrics == (MetricSpec(MetricSource.RESOURCE, "cpu", TargetKind.UTILIZATION, 80),)
    assert HpaSpec.from_manifest({"maxReplicas": 10}) == spec
    assert HpaSpec.from_manifest(minimal(metrics=[], behavior=None, minReplicas=None)) == spec


def test_behavior_is_filled_in_field_by_field() -> None:
    nothing: tuple[dict[str, Any], ...] = ({}, {"scaleUp": {}, "scaleDown": None})
    for given in nothing:
        assert HpaSpec.from_manifest(minimal(behavior=given)).behavior == DEFAULT_BEHAVIOR
    down = {"stabilizationWindowSeconds": 0}
    assert HpaSpec.from_manifest(minimal(behavior={"scaleDown": down})).behavior == Behavior(
        DEFAULT_UP, replace(DEFAULT_DOWN, stabilization_s=0)
    )


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ([], "expected fields"),
        ({}, "spec: expected what the HPA shall do, found nothing."),
        ({**minimal(), "kind": "Deployment"}, "kind: expected HorizontalPodAutoscaler"),
        (
            {**minimal(), "apiVersion": "autoscaling/v1"},
            "apiVersion: expected autoscaling/v2, found 'autoscaling/v1'.",
        ),
        ({"spec": {}}, "spec.maxReplicas: expected a whole number of at least minReplicas (1)"),
        (minimal(minReplicas=11), "spec.maxReplicas: expected a whole number of at least"),
        (minimal(minReplicas=0), "spec.minReplicas: expected a whole number at least 1, found 0"),
        (minimal(maxReplicas="5"), "spec.maxReplicas: expected a whole number at least 1"),
        (minimal(maxReplicas=True), "spec.maxReplicas: expected a whole number"),
        (minimal(maxReplicas=2**31), "spec.maxReplicas: expected a whole number"),
        (minimal(maxreplicas=5), "found maxreplicas."),
        (minimal(metrics={}), "spec.metrics: expected a list, found {}"),
        (minimal(metrics=["cpu"]), "spec.metrics[0]: expected fields"),
        (minimal(metrics=[{}]), "spec.metrics[0].type: expected Resource or ContainerResource"),
        (minimal(metrics=[{"type": "Resource"}]), "spec.metrics[0].resource: expected"),
        (
            minimal(metrics=[{"type": "Pods", "resource": {}, "pods": {}}]),
            "spec.metrics[0]: expected no fields but pods, type, found resource.",
        ),
        (metric_with("Resource"), "spec.metrics[0].resource.name: expected cpu or memory"),
        (metric_with("Resource", name="cpu"), "spec.metrics[0].resource.target: expected"),
        (
            metric_with("Resource", name="cpu", target={}),
            "spec.metrics[0].resource.target.type: expected Utilization or AverageValue or Value",
        ),
        (
            metric_with("Resource", name="cpu", target={"type": "Utilization"}),
            "target.averageUtilization: expected this or averageValue, found nothing",
        ),
        (
            metric_with(
                "Resource", name="cpu", target={"type": "Utilization", "averageUtilization": 0}
            ),
            "target.averageUtilization: expected a whole number at least 1, found 0",
        ),
        (
            metric_with(
                "Resource",
                name="cpu",
                target={"type": "Utilization", "averageUtilization": 5, "averageValue": "1"},
            ),
            "target.averageUtilization: expected no averageValue or value beside it",
        ),
        (
            metric_with("Resource", name="cpu", target={"type": "Value", "value": 5}),
            "target.averageUtilization: expected this or averageValue",
        ),
        (
            metric_with("ContainerResource", name="cpu", target={"type": "Utilization"}),
            "containerResource.container: expected a container's name",
        ),
        (metric_with("Pods", target={"type": "AverageValue"}), "pods.metric: expected"),
        (metric_with("Pods", metric={}), "pods.metric.name: expected the metric's name"),
        (
            metric_with("Pods", metric={"name": "a"}, target={"type": "Value", "value": 5}),
            "pods.target.averageValue: expected this, found nothing",
        ),
        (
            metric_with("External", metric={"name": "a"}, target={"type": "Value"}),
            "external.target.averageValue: expected this or value, found nothing",
        ),
        (
            metric_with("External", metric={"name": "a"}, target={"type": "Value", "value": 0}),
            "external.target.value: expected a quantity above 0, found 0",
        ),
        (
            metric_with("External", metric={"name": "a"}, target={"type": "Value", "value": "x"}),
            "external.target.value: expected a quantity such as 500m or 0.5, found 'x'",
        ),
        (minimal(behavior=[]), "spec.behavior: expected fields"),
        (minimal(behavior={"scaleup": {}}), "spec.behavior: expected no fields but"),
        (
            minimal(behavior={"scaleUp": {"policies": []}}),
            "spec.behavior.scaleUp.policies: expected at least one policy",
        ),
        (
            minimal(behavior={"scaleUp": {"stabilizationWindowSeconds": 3601}}),
            "scaleUp.stabilizationWindowSeconds: expected a whole number in 0…3600, found 3601",
        ),
        (
            minimal(behavior={"scaleDown": {"selectPolicy": "max"}}),
            "scaleDown.selectPolicy: expected Max or Min or Disabled, found 'max'",
        ),
        (
            minimal(behavior={"scaleDown": {"tolerance": "-0.1"}}),
            "scaleDown.tolerance: expected a quantity of at least 0, found '-0.1'",
        ),
        (
            minimal(behavior={"scaleDown": {"policies": [{"value": 1, "periodSeconds": 1}]}}),
            "scaleDown.policies[0].type: expected Pods or Percent, found nothing",
        ),
        (
            minimal(
                behavior={
                    "scaleUp": {"policies": [{"type": "Pods", "value": 0, "periodSeconds": 1}]}
                }
            ),
            "scaleUp.policies[0].value: expected a whole number at least 1, found 0",
        ),
        (
            minimal(behavior={"scaleUp": {"policies": [{"type": "Pods", "value": 1}]}}),
            "scaleUp.policies[0].periodSeconds: expected a whole number in 1…1800, found nothing",
        ),
        (
            minimal(
                behavior={
                    "scaleUp": {"policies": [{"type": "Pods", "value": 1, "periodSeconds": 1801}]}
                }
            ),
            "scaleUp.policies[0].periodSeconds: expected a whole number in 1…1800, found 1801",
        ),
    ],
)
def test_bad_manifests_are_refused_by_field(manifest: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        HpaSpec.from_manifest(manifest)
    assert message in caught.value.message


def test_a_misspelt_field_comes_with_a_suggestion() -> None:
    with pytest.raises(InputError) as caught:
        HpaSpec.from_manifest(minimal(behaviour={}))
    assert caught.value.hint == "Did you mean behavior?"


# -- quantities -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value", "milli"),
    [
        ("1", "1", 1000),
        ("500m", "0.5", 500),
        (".5", "0.5", 500),
        ("1.", "1", 1000),
        ("+2k", "2000", 2_000_000),
        ("-3", "-3", -3000),
        ("100n", "0.0000001", 1),  # rounded away from 0
        ("-100u", "-0.0001", -1),
        ("64Mi", "67108864", 67_108_864_000),
        ("1e3", "1000", 1_000_000),
        ("12E-1", "1.2", 1200),
        ("2E", "2000000000000000000", 2 * 10**21),
        ("9e99", str(2**63 - 1), (2**63 - 1) * 1000),
    ],
)
def test_quantities(text: str, value: str, milli: int) -> None:
    quantity = parse_quantity(text)
    assert quantity == Decimal(value)
    assert to_milli(quantity) == milli


@pytest.mark.parametrize("text", ["", "m", "1x", "1 k", "1.2.3", "--1", "1mi", "nan", "\u0661"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) or "^$"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0.0),
        ("0.1", 0.1),
        ("0.05", 0.05),
        ("0.052", 52 * 0.001),  # 0.052000000000000005
        ("0.0005", 500 * 1e-6),
        ("2", 2.0),
        ("3k", 3000.0),
    ],
)
def test_a_tolerance_is_a_whole_number_times_a_power_of_a_thousand(text: str, value: float) -> None:
    assert to_float(parse_quantity(text)) == value


# -- files ----------------------------------------------------------------------------------------


def test_a_file_may_hold_other_objects_too(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_text(f"kind: Deployment\nspec: {{}}\n---\n{FULL}\n---\n", encoding="utf-8")
    assert read_manifest(path) == HpaSpec.from_manifest(yaml.safe_load(FULL))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "expected the manifest of an HPA, found no such file or directory."),
        ("a: [", "expected the manifest of an HPA, found invalid YAML on line 1."),
        ("", "expected one HorizontalPodAutoscaler of autoscaling/v2, found none."),
        ("kind: Deployment", "found none."),
        (f"{FULL}\n---\n{FULL}", "found 2."),
        ("kind: HorizontalPodAutoscaler\nspec: {maxReplicas: 0}", "spec.maxReplicas: expected"),
    ],
)
def test_files_without_a_usable_hpa(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "web.yaml"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_manifest(path)
    assert caught.value.message.startswith(f"{path}: ")
    assert message in caught.value.message


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "web.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="found no YAML text"):
        read_manifest(path)
