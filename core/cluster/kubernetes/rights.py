"""Which rights observing and scaling need, and whether we have them."""

from __future__ import annotations

from dataclasses import dataclass

from kubernetes import client

from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.lease import lease_name
from core.cluster.kubernetes.settings import Actuator, KubernetesSettings
from core.cluster.kubernetes.translation import translated


@dataclass(frozen=True, slots=True)
class Right:
    """One verb on one resource of the Deployment's namespace."""

    verb: str
    group: str
    """API group; empty for the core one."""
    resource: str
    """With its subresource, such as `deployments/scale`."""
    required: bool = True
    """Whether anything fails without it."""
    name: str = ""
    """Of the one object, where the right to that one is enough."""

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f".{self.group}" if self.group else "")


def rights_to_observe(settings: KubernetesSettings) -> tuple[Right, ...]:
    """What an engine in SHADOW needs."""
    rights = [
        Right("get", "apps", "deployments", name=settings.deployment),
        Right("list", "", "pods"),
        Right("watch", "", "pods"),
        Right("list", "autoscaling", "horizontalpodautoscalers"),
        Right("list", "keda.sh", "scaledobjects", required=False),
    ]
    if settings.metrics.prometheus_url is None:
        rights.append(Right("list", "metrics.k8s.io", "pods"))
    return tuple(rights)


def rights_to_scale(settings: KubernetesSettings, hpa: str = "") -> tuple[Right, ...]:
    """What an engine that writes needs beside those.

    Args:
        settings: Which Deployment, and by which actuator.
        hpa: Name of the HPA whose floor is moved; empty where it is not known.
    """
    lease = lease_name(settings.deployment)
    rights = [
        Right("create", "coordination.k8s.io", "leases"),
        Right("get", "coordination.k8s.io", "leases", name=lease),
        Right("update", "coordination.k8s.io", "leases", name=lease),
        Right("create", "", "events", required=False),
    ]
    if settings.actuator is Actuator.HPA_FLOOR:
        group, resource, name = "autoscaling", "horizontalpodautoscalers", hpa
    else:
        group, resource, name = "apps", "deployments/scale", settings.deployment
    rights.extend(Right(verb, group, resource, name=name) for verb in ("get", "patch"))
    return tuple(rights)


def is_granted(connection: Connection, right: Right) -> bool:
    """Ask the API server through a SelfSubjectAccessReview.

    Raises:
        ClusterError: It does not answer.
    """
    resource, _, subresource = right.resource.partition("/")
    attributes = {
        "namespace": connection.namespace,
        "verb": right.verb,
        "group": right.group,
        "resource": resource,
        "subresource": subresource,
        "name": right.name,
    }
    what = f"ask for the right to {right} in {connection.namespace}"
    review = connection.read(
        what,
        client.AuthorizationV1Api(connection.client).create_self_subject_access_review,
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {
                "resourceAttributes": {name: text for name, text in attributes.items() if text}
            },
        },
    )
    with translated(what, connection.server):
        return bool(review["status"].get("allowed", False))
