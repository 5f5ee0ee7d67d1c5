"""The objects that tests create."""

from __future__ import annotations

from typing import Any

from tests.stack.service import ServiceShape

Json = dict[str, Any]


def deployment(namespace: str, name: str, replicas: int, shape: ServiceShape) -> Json:
    """A Deployment whose pods have the resource requests of `shape`."""
    requests = {
        "cpu": f"{round(shape.cpu_request_cores * 1000)}m",
        "memory": str(shape.memory_request_bytes),
    }
    container: Json = {
        "name": "app",
        "image": "registry.invalid/web:1",
        "resources": {"requests": requests},
        "ports": [{"containerPort": 8080}],
    }
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
            },
        },
    }


def hpa(namespace: str, name: str, minimum: int, maximum: int, cpu_percent: int) -> Json:
    """An HPA (autoscaling/v1) of the same name as the Deployment that it scales."""
    return {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": minimum,
            "maxReplicas": maximum,
            "targetCPUUtilizationPercentage": cpu_percent,
        },
    }


def quota(namespace: str, pods: int) -> Json:
    """A ResourceQuota on the number of pods."""
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "pods", "namespace": namespace},
        "spec": {"hard": {"pods": str(pods)}},
    }


def scaled_object(namespace: str, name: str) -> Json:
    """A KEDA ScaledObject for the Deployment `name`."""
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "scaleTargetRef": {"name": name},
            "minReplicaCount": 1,
            "maxReplicaCount": 20,
            "triggers": [{"type": "cron", "metadata": {"desiredReplicas": "2"}}],
        },
    }


def role(namespace: str, name: str, rules: list[Json]) -> Json:
    """A Role."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": name, "namespace": namespace},
        "rules": rules,
    }


def role_binding(namespace: str, name: str, user: str) -> Json:
    """A RoleBinding that gives the Role `name` to `user`."""
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "subjects": [{"kind": "User", "name": user, "apiGroup": group}],
        "roleRef": {"kind": "Role", "name": name, "apiGroup": group},
    }


_PLURALS = {
    "HorizontalPodAutoscaler": "horizontalpodautoscalers",
    "NetworkPolicy": "networkpolicies",
}


def collection_path(manifest: Json) -> str:
    """Where a manifest is POSTed to."""
    version, kind = manifest["apiVersion"], manifest["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    namespace = manifest["metadata"].get("namespace")
    where = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{where}/{_PLURALS.get(kind, kind.lower() + 's')}"
