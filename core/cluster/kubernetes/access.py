"""What an engine may do to a Deployment: look only, or scale it while it holds the lease."""

from __future__ import annotations

from typing import Protocol

from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.actuator import ReplicaActuator, Write
from core.cluster.kubernetes.authority import WriteAuthority
from core.cluster.kubernetes.lease import DeploymentLease
from core.errors import InputError, RlscaleError


class Access(Protocol):
    """The writing side of a cluster. `take` comes before anything else."""

    restores_at_exit: bool
    """See `LiveCluster`."""

    @property
    def in_control(self) -> bool:
        """Whether control was taken, and neither given back nor lost."""

    @property
    def setpoint(self) -> int | None:
        """See `LiveCluster`."""

    @property
    def degraded(self) -> str:
        """Why control cannot be exercised at the moment; empty if it can, or is not held."""

    def take(self, confirmation: str, *, patient: bool = False) -> str:
        """Take control; returns what was found, in words.

        Args:
            confirmation: See `WriteAuthority.confirm`.
            patient: See `DeploymentLease.acquire`.

        Raises:
            RlscaleError: It may not or cannot be taken.
        """

    def take_loss(self) -> str:
        """Why control was lost since the last call; empty if it was not."""

    def drop(self) -> None:
        """Leave everything as it is, for others to take control."""

    def disown(self) -> None:
        """Somebody else set what stands there now; control has to be taken again."""

    def look(self) -> Write | None:
        """See `ReplicaActuator`."""

    def standing(self) -> int | None:
        """See `ReplicaActuator`."""

    def reachable(self, target: int) -> int:
        """See `ReplicaActuator`."""

    def needs(self, expected: int, target: int) -> bool:
        """See `ReplicaActuator`."""

    def apply(self, expected: int, target: int) -> Write:
        """See `ReplicaActuator`."""

    def giving_back(self, *, at_exit: bool) -> int | None:
        """See `LiveCluster`."""

    def give_back(self, expected: int) -> Write:
        """See `ReplicaActuator.restore`."""

    def close(self) -> None:
        """Drop control and end threads."""


class ReadOnlyAccess:
    """Of an engine that may only look: it has no connection, so nothing can ever be written."""

    in_control = False
    setpoint: int | None = None
    degraded = ""
    restores_at_exit = False

    def take(self, confirmation: str, *, patient: bool = False) -> str:
        """Refuse.

        Raises:
            InputError: Always.
        """
        raise InputError(
            "expected a run that may write, found one that may only look.",
            "Start another with --write.",
        )

    def take_loss(self) -> str:
        """There is nothing to lose."""
        return ""

    def drop(self) -> None:
        """There is nothing to drop."""

    def disown(self) -> None:
        """There is nothing to disown."""

    def look(self) -> Write | None:
        """Nothing is steered."""
        return None

    def standing(self) -> int | None:
        """Nothing was written."""
        return None

    def reachable(self, target: int) -> int:
        """See `Access`."""
        return target

    def needs(self, expected: int, target: int) -> bool:
        """See `Access`."""
        return expected != target

    def apply(self, expected: int, target: int) -> Write:
        """Refuse."""
        return Write(ScaleOutcome(accepted=False, message="this run may only look"))

    def giving_back(self, *, at_exit: bool) -> int | None:
        """Nothing was taken."""
        return None

    def give_back(self, expected: int) -> Write:
        """Refuse."""
        return self.apply(expected, expected)

    def close(self) -> None:
        """There is nothing to close."""


class LeasedAccess:
    """Control under an operator's permission and a lease.

    Args:
        authority: The permission.
        lease: Taken with control, released with it.
        actuator: What writes.
        restores_at_exit: Whether what was found is restored when the engine ends.
        hands_back: Whether what was found is restored whenever control is given back.
    """

    def __init__(
        self,
        authority: WriteAuthority,
        lease: DeploymentLease,
        actuator: ReplicaActuator,
        *,
        restores_at_exit: bool,
        hands_back: bool,
    ) -> None:
        self._authority = authority
        self._lease = lease
        self._actuator = actuator
        self.restores_at_exit = restores_at_exit
        self._hands_back = hands_back
        self._in_control = False

    @property
    def in_control(self) -> bool:
        """See `Access`."""
        return self._in_control

    @property
    def setpoint(self) -> int | None:
        """See `Access`."""
        return self._actuator.setpoint if self._in_control else None

    @property
    def degraded(self) -> str:
        """See `Access`."""
        if self._in_control and not self._lease.held:
            return "the lease cannot be renewed: nothing is written"
        return ""

    def take(self, confirmation: str, *, patient: bool = False) -> str:
        """See `Access`."""
        self._authority.confirm(confirmation)
        # Looked at first, so that a lease is never taken for nothing.
        self._actuator.begin()
        self._lease.acquire(patient=patient)
        try:
            # And again: until the lease was ours another engine may have been at work.
            found = self._actuator.begin()
        except RlscaleError:
            self._lease.release()
            raise
        self._in_control = True
        return found

    def take_loss(self) -> str:
        """See `Access`."""
        if not self._in_control or self._lease.wanted:
            return ""
        self._in_control = False
        return self._lease.taken_by or "the lease is gone"

    def drop(self) -> None:
        """See `Access`."""
        self._in_control = False
        self._lease.release()

    def disown(self) -> None:
        """See `Access`."""
        self._actuator.disown()
        self._in_control = False

    def look(self) -> Write | None:
        """See `Access`."""
        return self._actuator.look() if self._in_control else None

    def standing(self) -> int | None:
        """See `Access`."""
        return self._actuator.standing()

    def reachable(self, target: int) -> int:
        """See `Access`."""
        return self._actuator.reachable(target)

    def needs(self, expected: int, target: int) -> bool:
        """See `Access`."""
        return self._actuator.needs(expected, target)

    def apply(self, expected: int, target: int) -> Write:
        """See `Access`."""
        if not self._in_control:
            return Write(ScaleOutcome(accepted=False, message="control has not been taken"))
        return self._actuator.apply(expected, target)

    def giving_back(self, *, at_exit: bool) -> int | None:
        """See `Access`."""
        wanted = self.restores_at_exit if at_exit else self._hands_back
        return self._actuator.original if wanted and self._lease.wanted else None

    def give_back(self, expected: int) -> Write:
        """See `Access`."""
        return self._actuator.restore(expected)

    def close(self) -> None:
        """See `Access`."""
        self._in_control = False
        self._lease.close()
