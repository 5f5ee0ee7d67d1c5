"""Which Deployment is meant."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One Deployment of one cluster; written as context/namespace/deployment."""

    context: str
    """Name of the kubeconfig's context, or `in-cluster`."""
    namespace: str
    deployment: str

    def __str__(self) -> str:
        return f"{self.context}/{self.namespace}/{self.deployment}"
