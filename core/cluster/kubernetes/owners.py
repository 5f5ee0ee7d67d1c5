"""Who else scales a Deployment: HPAs and KEDA ScaledObjects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from kubernetes import client

from core.cluster.kubernetes.connection import Connection, Json
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.translation import translated
from core.errors import ClusterError, ClusterProblem

_KEDA_LABEL = "scaledobject.keda.sh/name"
_PAUSED, _PAUSED_AT = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
_FALSE = frozenset(("0", "f", "F", "false", "FALSE", "False"))
"""What Go's strconv.ParseBool, which KEDA asks, takes for false; it pauses for anything else."""


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
    return (*_autoscalers(connection, target), *_scaled_objects(connection, target))


def scaling_owners(owners: tuple[Owner, ...]) -> tuple[Owner, ...]:
    """Those that scale the Deployment at present: no paused ScaledObject, nor the HPA it made."""
    paused = {owner.name for owner in owners if owner.paused}
    return tuple(
        owner
        for owner in owners
        if not owner.paused and not (owner.managed_by and owner.managed_by in paused)
    )


def active_owner(owners: tuple[Owner, ...]) -> Owner | None:
    """The first that scales the Deployment at present; None if there is none.

    A ScaledObject stands before the HPA that it made, since that is what people edit.
    """
    scaling = scaling_owners(owners)
    return min(scaling, key=lambda owner: owner.kind is not OwnerKind.KEDA, default=None)


def _autoscalers(connection: Connection, target: Target) -> Iterator[Owner]:
    what = f"list the HorizontalPodAutoscalers of {target.namespace}"
    newest = client.AutoscalingV2Api(connection.client)
    older = client.AutoscalingV1Api(connection.client)
    try:
        listing = connection.read(
            what, newest.list_namespaced_horizontal_pod_autoscaler, target.namespace
        )
    except ClusterError as error:
        if error.problem is not ClusterProblem.NOT_FOUND:
            raise
        listing = connection.read(
            what, older.list_namespaced_horizontal_pod_autoscaler, target.namespace
        )
    with translated(what, connection.server):
        yield from [
            Owner(
                kind=OwnerKind.HPA,
                name=item["metadata"]["name"],
                # What a server fills in where nothing is given.
                min_replicas=int(item["spec"].get("minReplicas") or 1),
                max_replicas=int(item["spec"]["maxReplicas"]),
                managed_by=(item["metadata"].get("labels") or {}).get(_KEDA_LABEL, ""),
            )
            for item in listing.get("items") or ()
            if _scales(item["spec"]["scaleTargetRef"], target)
        ]


def _scaled_objects(connection: Connection, target: Target) -> Iterator[Owner]:
    what = f"list the ScaledObjects of {target.namespace}"
    try:
        listing = connection.read(
            what,
            client.CustomObjectsApi(connection.client).list_namespaced_custom_object,
            "keda.sh",
            "v1alpha1",
            target.namespace,
            "scaledobjects",
        )
    except ClusterError as error:
        if error.problem in (ClusterProblem.NOT_FOUND, ClusterProblem.FORBIDDEN):
            return
        raise
    with translated(what, connection.server):
        yield from [
            Owner(
                kind=OwnerKind.KEDA,
                name=item["metadata"]["name"],
                min_replicas=item["spec"].get("minReplicaCount"),
                max_replicas=item["spec"].get("maxReplicaCount"),
                paused=is_paused(item),
            )
            for item in listing.get("items") or ()
            if _scales(item["spec"]["scaleTargetRef"], target)
        ]


def _scales(reference: Json, target: Target) -> bool:
    """Whether a scale target reference means the Deployment; KEDA may leave out the kind."""
    kind = reference.get("kind") or "Deployment"
    return bool(kind == "Deployment" and reference.get("name") == target.deployment)


def is_paused(item: Json) -> bool:
    """Whether KEDA leaves a ScaledObject alone."""
    annotations = item["metadata"].get("annotations") or {}
    return _PAUSED_AT in annotations or str(annotations.get(_PAUSED, "false")) not in _FALSE
