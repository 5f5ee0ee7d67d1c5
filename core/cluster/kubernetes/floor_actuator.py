"""Replicas through the floor of an HPA, which stays in place and can always go higher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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
from core.cluster.kubernetes.owners import Owner, OwnerKind, find_owners
from core.cluster.kubernetes.target import Target
from core.errors import ClusterError, ClusterProblem, InputError

ORIGINAL_FLOOR: Final = "rlscale-console/original-min-replicas"
"""Annotation of an HPA whose floor we moved: what it was, so that any later start can put it back
even if this engine is killed."""
OWN_FLOOR: Final = "rlscale-console/min-replicas"
"""Annotation: what we moved it to, to tell our own floor from somebody else's."""

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Floor:
    minimum: int
    maximum: int
    original: int | None
    """What the annotation says; None without one."""
    own: int | None
    """What we set last, by the annotation; None without one."""
    version: str


class FloorActuator:
    """See `ReplicaActuator`. Moves `minReplicas` of the one HPA that owns the Deployment.

    Args:
        connection: To the cluster.
        target: The Deployment.
        leave: Asked before every write.
        lowest: No floor below this is ever set, but for the original one.
        highest: No floor above this is ever set, but for the original one.
    """

    def __init__(
        self, connection: Connection, target: Target, leave: Leave, lowest: int, highest: int
    ) -> None:
        self._connection = connection
        self._target = target
        self._leave = leave
        self._lowest = lowest
        self._highest = highest
        self._name = ""
        self._version_1 = False
        self._found: int | None = None
        self._noted = False
        self._maximum = highest
        self._setpoint: int | None = None
        self._maybe: int | None = None
        """A floor that may have been set although no answer came."""

    @property
    def setpoint(self) -> int | None:
        """See `ReplicaActuator`: the floor."""
        return self._setpoint

    @property
    def original(self) -> int | None:
        """See `ReplicaActuator`: the floor as it was."""
        return self._found if self._noted else None

    def begin(self) -> str:
        """See `ReplicaActuator`."""
        self._name = self._owner().name
        floor = self._read()
        left_behind = floor.original is not None and floor.minimum == floor.own
        self._found = floor.original if left_behind else floor.minimum
        self._noted = left_behind
        self._setpoint, self._maybe = floor.minimum, None
        if left_behind and floor.original != floor.minimum:
            return (
                f"found HPA {self._name} with the floor {floor.minimum} that an engine left "
                f"behind; it was {floor.original} before"
            )
        return f"found HPA {self._name} with the floor {floor.minimum}"

    def look(self) -> Write | None:
        """See `ReplicaActuator`."""
        if self._setpoint is None:
            return None
        try:
            found = self._read().minimum
        except ClusterError as error:
            return refused(error)
        expected, maybe = self._setpoint, self._maybe
        self._setpoint, self._maybe = found, None
        return done() if found in (expected, maybe) else overtaken(found, expected, self._words)

    def standing(self) -> int | None:
        """See `ReplicaActuator`."""
        try:
            found = self._read().minimum
        except ClusterError as error:
            self._leave.heed(error)
            return None
        if found == self._maybe:
            self._setpoint = found
        return found

    def reachable(self, target: int) -> int:
        """See `ReplicaActuator`: within the operator's bounds and below the HPA's maximum."""
        return min(max(target, self._lowest), self._highest, self._maximum)

    def needs(self, expected: int, target: int) -> bool:
        """See `ReplicaActuator`."""
        return self.reachable(target) != self._setpoint

    def apply(self, expected: int, target: int) -> Write:
        """See `ReplicaActuator`; what is expected is the floor as last seen."""
        return self._move(self.reachable(target), last=False)

    def restore(self, expected: int) -> Write:
        """See `ReplicaActuator`."""
        if self._found is None or not self._noted:
            return done()
        write = self._move(self._found, last=True)
        if write.outcome.accepted:
            self._noted = False
        return write

    def disown(self) -> None:
        """See `ReplicaActuator`; the annotation no longer fits the floor, so it counts no more."""
        self._noted = False

    @property
    def _words(self) -> str:
        return f"the floor of HPA {self._name}"

    def _owner(self) -> Owner:
        owners = find_owners(self._connection, self._target)
        other = next((owner for owner in owners if owner.kind is OwnerKind.KEDA), None)
        hpas = [owner for owner in owners if owner.kind is OwnerKind.HPA]
        managed = next((owner.managed_by for owner in hpas if owner.managed_by), "")
        if other is not None or managed:
            name = str(other) if other is not None else f"{OwnerKind.KEDA} {managed}"
            raise InputError(
                f"expected an HPA of its own on {self._target}, found {name}, which would undo "
                "every change of the floor."
            )
        if len(hpas) != 1:
            names = ", ".join(owner.name for owner in hpas) or "none"
            raise InputError(
                f"expected one HPA on {self._target}, found {names}.",
                "" if hpas else "Create one, or use the actuator scale.",
            )
        return hpas[0]

    def _move(self, floor: int, *, last: bool) -> Write:
        """Set the floor; again after a conflict, if nobody moved the floor itself."""
        refusal = self._leave.refusal()
        if refusal:
            return Write(ScaleOutcome(accepted=False, message=refusal))
        expected, maybe = self._setpoint, self._maybe
        write = with_retries(lambda: self._attempt(expected, maybe, floor, last=last))
        return write or Write(
            ScaleOutcome(accepted=False, message=f"HPA {self._name} kept changing meanwhile")
        )

    def _attempt(
        self, expected: int | None, maybe: int | None, floor: int, *, last: bool
    ) -> Write | None:
        wrote = False
        try:
            present = self._read()
            self._setpoint, self._maybe = present.minimum, None
            if expected is not None and present.minimum not in (expected, maybe):
                return overtaken(present.minimum, expected, self._words)
            # Above the HPA's own limit it would be refused.
            floor = min(floor, present.maximum)
            if floor == present.minimum and not last:
                return done()
            self._patch(floor, present.version, last=last, dry_run=True)
            refusal = self._leave.refusal()
            if refusal:
                return Write(ScaleOutcome(accepted=False, message=refusal))
            wrote = True
            self._noted = True
            self._patch(floor, present.version, last=last)
        except ClusterError as error:
            if error.problem is ClusterProblem.CONFLICT:
                return None
            self._leave.heed(error)
            write = refused(error, wrote=wrote)
            if write.outcome.in_doubt:
                self._maybe = floor
            return write
        self._setpoint = floor
        return done()

    # -- calls --------------------------------------------------------------------------------

    def _read(self) -> _Floor:
        found = self._call(f"read HPA {self._name}", "read")
        spec, metadata = found["spec"], found["metadata"]
        notes = metadata.get("annotations") or {}
        self._maximum = int(spec["maxReplicas"])
        return _Floor(
            int(spec.get("minReplicas") or 1),
            self._maximum,
            _whole(notes.get(ORIGINAL_FLOOR)),
            _whole(notes.get(OWN_FLOOR)),
            str(metadata["resourceVersion"]),
        )

    def _patch(self, floor: int, version: str, *, last: bool, dry_run: bool = False) -> None:
        # The original is recorded in the same write that moves the floor: never one without the
        # other, whenever this engine ends.
        notes = {
            ORIGINAL_FLOOR: None if last else str(self._found),
            OWN_FLOOR: None if last else str(floor),
        }
        body = {
            "metadata": {"resourceVersion": version, "annotations": notes},
            "spec": {"minReplicas": floor},
        }
        options: dict[str, Any] = {"dry_run": "All"} if dry_run else {}
        self._call(
            f"{'try to ' if dry_run else ''}move {self._words} to {floor}",
            "patch",
            body,
            field_manager=FIELD_MANAGER,
            _content_type=MERGE_PATCH,
            **options,
        )

    def _call(self, what: str, verb: str, *body: object, **options: Any) -> Json:
        """A call through autoscaling/v2, or v1 where the server has no v2; both have the floor."""
        from kubernetes.client import AutoscalingV1Api, AutoscalingV2Api

        method = f"{verb}_namespaced_horizontal_pod_autoscaler"
        arguments = (self._name, self._target.namespace, *body)
        if not self._version_1:
            newer = getattr(AutoscalingV2Api(self._connection.client), method)
            try:
                return self._connection.read(what, newer, *arguments, **options)
            except ClusterError as error:
                if error.problem is not ClusterProblem.NOT_FOUND:
                    raise
        older = getattr(AutoscalingV1Api(self._connection.client), method)
        found = self._connection.read(what, older, *arguments, **options)
        self._version_1 = True
        return found


def _whole(text: object) -> int | None:
    """A number that anybody may have edited; None if it is none."""
    value = str(text)
    return int(value) if value.isdigit() and 1 <= int(value) <= 1_000_000 else None
