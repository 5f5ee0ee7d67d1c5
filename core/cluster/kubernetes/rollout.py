"""Recognises a rollout, and what stands in its or a scaling's way, from a Deployment's status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.cluster.kubernetes.redaction import redact

Json = Mapping[str, Any]

_COMPLETE = "NewReplicaSetAvailable"
_RESUMED = ("DeploymentPaused", "DeploymentResumed")


def rollout_in_progress(deployment: Json) -> bool:
    """Whether pods are being replaced by ones of another template.

    Scaling alone is no rollout. While pods of an older template are there, `replicas` exceeds
    `updatedReplicas`; and the Deployment's controller keeps the reason of the Progressing
    condition at NewReplicaSetAvailable once a rollout is complete, whatever is scaled later
    (kubernetes `pkg/controller/deployment/progress.go`).
    """
    status = deployment.get("status") or {}
    if int(status.get("replicas") or 0) > int(status.get("updatedReplicas") or 0):
        return True
    progressing = _condition(deployment, "Progressing")
    if progressing is None or progressing.get("reason") in _RESUMED:
        return False
    return progressing.get("reason") != _COMPLETE


def deployment_problem(deployment: Json) -> str:
    """What keeps a Deployment from the replicas that it should have; empty if nothing is known."""
    failure = _condition(deployment, "ReplicaFailure")
    if failure is not None and failure.get("status") == "True":
        return f"no pods can be made ({redact(str(failure.get('message') or 'unknown'))})"
    progressing = _condition(deployment, "Progressing")
    if progressing is not None and progressing.get("reason") == "ProgressDeadlineExceeded":
        return "the rollout is stuck (progress deadline exceeded)"
    return ""


def _condition(deployment: Json, kind: str) -> Json | None:
    conditions = (deployment.get("status") or {}).get("conditions") or ()
    return next((item for item in conditions if item.get("type") == kind), None)
