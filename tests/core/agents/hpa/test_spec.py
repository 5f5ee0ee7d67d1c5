"""Manifests: what is read, what is filled in, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from core.agents.hpa import HpaSpec
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
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
from tests.core.agents.hpa.factory import FULL_MANIFEST


def minimal(**fields: Any) -> dict[str, Any]:
    return {"spec": {"maxReplicas": 10, **fields}}


def metric_with(kind: str, **fields: Any) -> dict[str, Any]:
    name = kind[0].lower() + kind[1:]
    return minimal(metrics=[{"type": kind, name: fields}])


def test_a_full_manifest() -> None:
    assert HpaSpec.from_manifest(yaml.safe_load(FULL_MANIFEST)) == HpaSpec(
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
    keys = [metric.key for metric in HpaSpec.from_manifest(yaml.safe_load(FULL_MANIFEST)).metrics]
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
