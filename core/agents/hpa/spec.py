"""What an operator asks of an HPA (its manifest), and how the controller is set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core.agents.hpa.fields import Fields
from core.agents.hpa.metrics import DEFAULT_METRICS, MetricSpec, read_metric
from core.agents.hpa.rules import Behavior, read_behavior

API_VERSION: Final = "autoscaling/v2"
KIND: Final = "HorizontalPodAutoscaler"


class _ApiVersion(StrEnum):
    V2 = API_VERSION


class _Kind(StrEnum):
    HPA = KIND


@dataclass(frozen=True, slots=True)
class HpaSettings:
    """Flags of kube-controller-manager (`--horizontal-pod-autoscaler-…`) with their defaults."""

    tolerance: float = 0.1
    """Ratios within 1 ± this change nothing, unless `behavior` says otherwise."""
    downscale_stabilization_s: float = 300.0
    """Window of scaling down, unless `behavior` says otherwise."""
    cpu_initialization_s: float = 300.0
    """For so long after its start, a pod's CPU sample counts only if the pod is ready."""
    initial_readiness_delay_s: float = 30.0
    """A pod that turned unready within this time of its start has never been ready."""


@dataclass(frozen=True, slots=True)
class HpaSpec:
    """`spec` of a HorizontalPodAutoscaler, with defaults filled in."""

    max_replicas: int
    min_replicas: int = 1
    metrics: tuple[MetricSpec, ...] = DEFAULT_METRICS
    behavior: Behavior | None = None
    """None: the field is omitted, which is not the same as its default."""

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> HpaSpec:
        """Check a manifest and fill in its defaults.

        Args:
            manifest: An autoscaling/v2 HorizontalPodAutoscaler as read from YAML or JSON, or only
                its `spec`.

        Raises:
            InputError: It is not valid; the message names the field.
        """
        fields = Fields(manifest, "")
        if not fields.has("spec") and fields.has("maxReplicas"):
            return _read_spec(Fields(manifest, "spec"))
        fields.choice("apiVersion", _ApiVersion)
        fields.choice("kind", _Kind)
        fields.skip("metadata", "status")
        spec = fields.part("spec")
        fields.finish()
        if spec is None:
            fields.refuse("spec", "what the HPA shall do")
        return _read_spec(spec)


def _read_spec(fields: Fields) -> HpaSpec:
    fields.skip("scaleTargetRef")
    low = fields.integer("minReplicas", 1)
    high = fields.integer("maxReplicas", 1)
    low = 1 if low is None else low
    if high is None or high < low:
        fields.refuse("maxReplicas", f"a whole number of at least minReplicas ({low})")
    metrics = fields.parts("metrics")
    behavior = fields.part("behavior")
    fields.finish()
    return HpaSpec(
        max_replicas=high,
        min_replicas=low,
        metrics=tuple(map(read_metric, metrics)) if metrics else DEFAULT_METRICS,
        behavior=None if behavior is None else read_behavior(behavior),
    )
