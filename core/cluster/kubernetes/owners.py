"""Who else scales a Deployment: HPAs and KEDA ScaledObjects."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.target import Target


class OwnerKind(StrEnum):
    """What scales the Deployment."""

    HPA = "HorizontalPodAutoscaler"
    KEDA = "ScaledObject"


@dataclass(frozen=True, slots=True)
class Owner:
    """An object that scales the Deployment."""

    kind: OwnerKind
    name: str
    min_replicas: int | None
    max_replicas: int | None
    managed_by: str = ""
    """The ScaledObject that made this HPA; empty if a person did."""
    paused: bool = False
    """KEDA only: it is told to leave the replicas alone."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def find_owners(connection: Connection, target: Target) -> tuple[Owner, ...]:
    """Every HPA and ScaledObject whose scale target is the Deployment.

    HPAs are read through autoscaling/v2, or v1 where the server has no v2; without KEDA's
    resources there are no ScaledObjects. Reading ScaledObjects is optional: where that is
    forbidden, the HPAs that KEDA makes still show.

    Raises:
        ClusterError: HPAs cannot be read.
    """
    raise NotImplementedError
