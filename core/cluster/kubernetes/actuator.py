"""What changes a Deployment's replicas: the seam, and what is asked before every write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from core.clock import Clock
from core.cluster.base import ScaleOutcome
from core.cluster.kubernetes.authority import WriteAuthority
from core.cluster.kubernetes.lease import DeploymentLease
from core.errors import ClusterError, ClusterProblem, InputError

FIELD_MANAGER: Final = "rlscale-console"
MERGE_PATCH: Final = "application/merge-patch+json"

ATTEMPTS: Final = 5
"""Looks and writes before a Deployment that keeps changing is left until the next decision."""

_NO_ANSWER: Final = frozenset(
    {ClusterProblem.TIMEOUT, ClusterProblem.UNREACHABLE, ClusterProblem.SERVER}
)


@dataclass(frozen=True, slots=True)
class Write:
    """What became of an attempt to change something."""

    outcome: ScaleOutcome
    found: int | None = None
    """What somebody else had set instead of what was expected; None if nobody had."""


class ReplicaActuator(Protocol):
    """Changes the replicas of one Deployment, directly or not. Never raises for what a server does.

    Every write is preceded by a fresh look and a dry run, and carries the version that was looked
    at, so that nothing is ever written over what somebody else wrote.
    """

    @property
    def setpoint(self) -> int | None:
        """What is steered in place of the desired replicas, as last seen; None if nothing is."""

    @property
    def original(self) -> int | None:
        """What `restore` would set; None while nothing of ours stands there."""

    def begin(self) -> str:
        """Make sure that control can be taken, and note what is there; returns that in words.

        Raises:
            InputError: Somebody else scales the Deployment, or nobody does who should.
            ClusterError: It cannot be found out.
        """

    def look(self) -> Write | None:
        """Look whether somebody else moved the setpoint; None if that cannot be told."""

    def standing(self) -> int | None:
        """What stands there now, replicas or setpoint, read afresh; None if that cannot be told.

        A setpoint that may be of a write of ours without an answer counts as ours from now on.
        """

    def reachable(self, target: int) -> int:
        """What `apply` would set, within the bounds that it keeps."""

    def needs(self, expected: int, target: int) -> bool:
        """Whether `apply` would change anything, as far as is known."""

    def apply(self, expected: int, target: int) -> Write:
        """Ask for `target` replicas.

        Args:
            expected: Desired replicas as last observed; anything else is somebody else's doing.
            target: What is wanted.
        """

    def restore(self, expected: int) -> Write:
        """Set what was there before control was taken."""

    def disown(self) -> None:
        """What stands there now is somebody else's: nothing of it is ours to restore."""


class Leave:
    """Asked before every single write: may we, now?

    Args:
        authority: The operator's permission.
        lease: The right of this engine among engines.
        clock: For how long a server asked to be left alone.
    """

    def __init__(self, authority: WriteAuthority, lease: DeploymentLease, clock: Clock) -> None:
        self._authority = authority
        self._lease = lease
        self._clock = clock
        self._asked_s = 0.0
        self._not_before_s = float("-inf")

    def refusal(self) -> str:
        """Why nothing may be written now, in words; empty if it may."""
        try:
            self._authority.check()
        except InputError as error:
            return error.message
        if not self._lease.held:
            return "the lease on the Deployment is not held"
        if self._clock.monotonic() < self._not_before_s:
            return f"the API server asked not to be called again for {self._asked_s:g} s"
        return ""

    def heed(self, error: ClusterError) -> None:
        """Take in how long a server asked to wait."""
        if error.retry_after_s is not None:
            self._asked_s = error.retry_after_s
            self._not_before_s = self._clock.monotonic() + error.retry_after_s


def refused(error: ClusterError, *, wrote: bool = False) -> Write:
    """The outcome of a call that failed.

    Args:
        error: How.
        wrote: Whether it was a write, which may have had its effect although no answer came.
    """
    in_doubt = wrote and error.problem in _NO_ANSWER
    return Write(ScaleOutcome(accepted=False, message=str(error), in_doubt=in_doubt))


def with_retries(attempt: Callable[[], Write | None]) -> Write | None:
    """Repeat what a conflict undid; None if it never went through.

    A conflict is common: every change of a pod's readiness touches the Deployment.

    Args:
        attempt: Looks, and writes what that allows; None after a conflict.
    """
    return next((write for _ in range(ATTEMPTS) if (write := attempt()) is not None), None)


def done() -> Write:
    """The outcome of a call that did what it should."""
    return Write(ScaleOutcome(accepted=True))


def overtaken(found: int, expected: int, what: str) -> Write:
    """The outcome where somebody else was there first."""
    words = f"somebody else set {what} to {found}, expected {expected}"
    return Write(ScaleOutcome(accepted=False, message=words), found)
