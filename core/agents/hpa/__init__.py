"""The Kubernetes horizontal pod autoscaler (autoscaling/v2), as version 1.36 behaves."""

from core.agents.hpa.controller import HpaController, HpaDecision
from core.agents.hpa.manifest import is_manifest, read_manifest
from core.agents.hpa.pods import PodGroup, PodPhase, Sample
from core.agents.hpa.policy import (
    DOWN_STABILIZATION_S,
    TARGET_UTILIZATION,
    TOLERANCE,
    HpaPolicy,
)
from core.agents.hpa.spec import HpaSettings, HpaSpec

__all__ = [
    "DOWN_STABILIZATION_S",
    "TARGET_UTILIZATION",
    "TOLERANCE",
    "HpaController",
    "HpaDecision",
    "HpaPolicy",
    "HpaSettings",
    "HpaSpec",
    "PodGroup",
    "PodPhase",
    "Sample",
    "is_manifest",
    "read_manifest",
]
