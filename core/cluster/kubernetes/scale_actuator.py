"""Replicas through the scale subresource of the Deployment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.actuator import (
    FIELD_MANAGER,
    MERGE_PATCH,
    Leave,
    Write,
    done,
    overtaken,
    refused,
    with_retries,
)
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.owners import OwnerKind, active_owner, find_owners
from core.cluster.kubernetes.target import Target
from core.errors import ClusterError, ClusterProblem, InputError

_CONFLICTS = Write(
    ScaleOutcome(accepted=False, message="the Deployment kept changing while it was being scaled")
)


@dataclass(frozen=True, slots=True)
class _Scale:
    replicas: int
    version: str
    """Resource version of the Deployment, the precondition of the write."""


class ScaleActuator:
    """See `ReplicaActuator`. Refuses while an HPA or KEDA owns the Deployment.

    Args:
        connection: To the cluster.
        target: The Deployment.
        leave: Asked before every write.
    """

    def __init__(self, connection: Connection, target: Target, leave: Leave) -> None:
        from kubernetes.client import AppsV1Api

        self._connection = connection
        self._api = AppsV1Api(connection.client)
        self._target = target
        self._leave = leave
        self._what = f"the scale of Deployment {target.namespace}/{target.deployment}"
        self._found: int | None = None
        self._original: int | None = None

    @property
    def setpoint(self) -> int | None:
        """See `ReplicaActuator`; the desired replicas themselves are steered."""
        return None

    @property
    def original(self) -> int | None:
        """See `ReplicaActuator`."""
        return self._original

    def begin(self) -> str:
        """See `ReplicaActuator`."""
        owner = active_owner(find_owners(self._connection, self._target))
        if owner is not None:
            raise InputError(
                f"expected nobody else to scale {self._target}, found {owner}.",
                "Delete it, or steer its minimum with the actuator hpa-floor."
                if owner.kind is OwnerKind.HPA and not owner.managed_by
                else "Pause or delete it first.",
            )
        self._found = self._read().replicas
        self._original = None
        return f"found {self._found} replicas"

    def look(self) -> Write | None:
        """See `ReplicaActuator`; whoever observes the Deployment sees that already."""
        return None

    def standing(self) -> int | None:
        """See `ReplicaActuator`; whoever calls keeps what is expected."""
        try:
            return self._read().replicas
        except ClusterError as error:
            self._leave.heed(error)
            return None

    def reachable(self, target: int) -> int:
        """See `ReplicaActuator`."""
        return target

    def needs(self, expected: int, target: int) -> bool:
        """See `ReplicaActuator`."""
        return expected != target

    def apply(self, expected: int, target: int) -> Write:
        """See `ReplicaActuator`."""
        refusal = self._leave.refusal()
        if refusal:
            return Write(ScaleOutcome(accepted=False, message=refusal))
        try:
            owner = active_owner(find_owners(self._connection, self._target))
        except ClusterError as error:
            self._leave.heed(error)
            return refused(error)
        if owner is not None:
            return Write(ScaleOutcome(accepted=False, message=f"{owner} scales the Deployment"))
        write = with_retries(lambda: self._attempt(expected, target)) or _CONFLICTS
        if write.outcome.accepted or write.outcome.in_doubt:
            self._original = self._found
        return write

    def restore(self, expected: int) -> Write:
        """See `ReplicaActuator`; also what needs no write is looked at before it counts as done."""
        return done() if self._original is None else self.apply(expected, self._original)

    def disown(self) -> None:
        """See `ReplicaActuator`."""
        self._original = None

    def _attempt(self, expected: int, target: int) -> Write | None:
        """Look, try, write; None if the Deployment changed meanwhile, so that nothing was done."""
        wrote = False
        try:
            scale = self._read()
            if scale.replicas != expected:
                return overtaken(scale.replicas, expected, "the replicas")
            if scale.replicas == target:
                return done()
            self._patch(target, scale.version, dry_run=True)
            refusal = self._leave.refusal()
            if refusal:
                return Write(ScaleOutcome(accepted=False, message=refusal))
            wrote = True
            self._patch(target, scale.version)
        except ClusterError as error:
            if error.problem is ClusterProblem.CONFLICT:
                return None
            self._leave.heed(error)
            return refused(error, wrote=wrote)
        return done()

    def _read(self) -> _Scale:
        found = self._connection.read(
            f"read {self._what}",
            self._api.read_namespaced_deployment_scale,
            self._target.deployment,
            self._target.namespace,
        )
        return _Scale(
            int((found.get("spec") or {}).get("replicas") or 0),
            str(found["metadata"]["resourceVersion"]),
        )

    def _patch(self, replicas: int, version: str, *, dry_run: bool = False) -> None:
        body = {"metadata": {"resourceVersion": version}, "spec": {"replicas": replicas}}
        options: dict[str, Any] = {"dry_run": "All"} if dry_run else {}
        self._connection.read(
            f"{'try to ' if dry_run else ''}set {self._what} to {replicas}",
            self._api.patch_namespaced_deployment_scale,
            self._target.deployment,
            self._target.namespace,
            body,
            field_manager=FIELD_MANAGER,
            _content_type=MERGE_PATCH,
            **options,
        )
