"""What an HPA measures: its metrics and their targets."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.agents.hpa.fields import Fields
from core.agents.hpa.quantity import to_milli

DEFAULT_CPU_UTILIZATION: Final = 80
"""Percent of the request, for a manifest without metrics."""


class MetricSource(StrEnum):
    """Where a metric comes from."""

    RESOURCE = "Resource"
    CONTAINER_RESOURCE = "ContainerResource"
    PODS = "Pods"
    OBJECT = "Object"
    EXTERNAL = "External"


class TargetKind(StrEnum):
    """What the target of a metric means."""

    UTILIZATION = "Utilization"
    """Percent of the pods' request, averaged over pods."""
    AVERAGE_VALUE = "AverageValue"
    """Thousandths of the metric's unit per pod."""
    VALUE = "Value"
    """Thousandths of the metric's unit, all pods together."""


_FIELD_OF: Final = {
    MetricSource.RESOURCE: "resource",
    MetricSource.CONTAINER_RESOURCE: "containerResource",
    MetricSource.PODS: "pods",
    MetricSource.OBJECT: "object",
    MetricSource.EXTERNAL: "external",
}


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """One metric and its target."""

    source: MetricSource
    name: str
    """`cpu`, `memory`, or the name of a custom or external metric."""
    target_kind: TargetKind
    target: int
    """Above 0; unit as `target_kind` says."""
    container: str = ""
    """The container that is measured, for `ContainerResource`."""

    @property
    def key(self) -> str:
        """Under which samples are given: cpu, app/cpu, pods/NAME, object/NAME or external/NAME."""
        if self.source is MetricSource.RESOURCE:
            return self.name
        if self.source is MetricSource.CONTAINER_RESOURCE:
            return f"{self.container}/{self.name}"
        return f"{self.source.value.lower()}/{self.name}"

    @property
    def of_pods(self) -> bool:
        """Whether each pod has a sample of its own."""
        return self.source not in (MetricSource.OBJECT, MetricSource.EXTERNAL)

    @property
    def is_cpu(self) -> bool:
        """Whether a young pod's sample is distrusted: only CPU of pods or containers is."""
        resources = (MetricSource.RESOURCE, MetricSource.CONTAINER_RESOURCE)
        return self.name == "cpu" and self.source in resources

    @property
    def label(self) -> str:
        """How the metric is called in words."""
        if self.name in ("cpu", "memory") and self.of_pods:
            return "CPU" if self.name == "cpu" else "memory"
        return self.name


DEFAULT_METRICS: Final = (
    MetricSpec(MetricSource.RESOURCE, "cpu", TargetKind.UTILIZATION, DEFAULT_CPU_UTILIZATION),
)


def read_metric(fields: Fields) -> MetricSpec:
    """One entry of `spec.metrics`.

    Raises:
        InputError: It is not valid in autoscaling/v2.
    """
    source = fields.choice("type", MetricSource)
    if source is None:
        fields.refuse("type", " or ".join(MetricSource))
    part = fields.part(_FIELD_OF[source])
    if part is None:
        fields.refuse(_FIELD_OF[source], f"what a metric of type {source} needs")
    fields.finish()
    container = ""
    if source in (MetricSource.RESOURCE, MetricSource.CONTAINER_RESOURCE):
        name = part.text("name") or part.refuse("name", "cpu or memory")
        if source is MetricSource.CONTAINER_RESOURCE:
            container = part.text("container") or part.refuse("container", "a container's name")
    else:
        if source is MetricSource.OBJECT:
            part.skip("describedObject")
        metric = part.part("metric") or part.refuse("metric", "the metric's name")
        name = metric.text("name") or metric.refuse("name", "the metric's name")
        metric.skip("selector")
        metric.finish()
    target = part.part("target") or part.refuse("target", "type and value")
    part.finish()
    return MetricSpec(source, name, *_read_target(target, source), container)


def _read_target(fields: Fields, source: MetricSource) -> tuple[TargetKind, int]:
    """The one target that counts; the controller goes by which field is set, not by `type`."""
    if fields.choice("type", TargetKind) is None:
        fields.refuse("type", " or ".join(TargetKind))
    utilization = fields.integer("averageUtilization", low=1)
    milli = {}
    for kind, name in ((TargetKind.AVERAGE_VALUE, "averageValue"), (TargetKind.VALUE, "value")):
        quantity = fields.quantity(name)
        if quantity is not None:
            if quantity <= 0:
                fields.refuse(name, "a quantity above 0")
            milli[kind] = to_milli(quantity)
    fields.finish()
    of_request = source in (MetricSource.RESOURCE, MetricSource.CONTAINER_RESOURCE)
    if of_request and utilization is not None:
        if milli:
            fields.refuse("averageUtilization", "no averageValue or value beside it")
        return TargetKind.UTILIZATION, utilization
    if TargetKind.AVERAGE_VALUE in milli:
        return TargetKind.AVERAGE_VALUE, milli[TargetKind.AVERAGE_VALUE]
    if TargetKind.VALUE in milli and source in (MetricSource.OBJECT, MetricSource.EXTERNAL):
        return TargetKind.VALUE, milli[TargetKind.VALUE]
    if of_request:
        fields.refuse("averageUtilization", "this or averageValue")
    fields.refuse("averageValue", "this" if source is MetricSource.PODS else "this or value")
