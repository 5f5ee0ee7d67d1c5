"""What a real Deployment adds to `Cluster`: others scale it too, and not everybody may."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

from core.cluster.base import Cluster, ScaleOutcome
from core.state import Actor, ControlMode


class NoticeKind(StrEnum):
    """What sort of thing was noticed."""

    EXTERNAL = "external"
    """Somebody else scaled the Deployment."""
    ROLLOUT = "rollout"
    """A rollout began or ended."""
    CONTROL = "control"
    """The right to scale was taken, given back or lost."""
    OBSERVATION = "observation"
    """Something worth knowing about what can be measured."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a Deployment between two decisions."""

    kind: NoticeKind
    message: str
    """What, in words."""
    holds: bool = False
    """Whether nothing may be scaled any more until the operator says so."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Who wants a scaling, and why; what the Deployment's own record of events says."""

    actor: Actor
    policy: str
    """Display name of the policy in charge."""
    reason: str
    """In words; may be empty."""


@runtime_checkable
class LiveCluster(Cluster, Protocol):
    """A Deployment in a real cluster.

    Nothing is written before `enter` has been called with AUTO or MANUAL and has not raised.
    """

    restores_at_exit: bool
    """Whether the end of the engine gives back what stood there before control was taken."""

    @property
    def elapsed_s(self) -> float:
        """Seconds since it was first observed, by the clock."""

    @property
    def in_control(self) -> bool:
        """Whether control was taken, and neither given back nor lost."""

    @property
    def degraded(self) -> str:
        """Why what is seen or done cannot be relied upon, in words; empty if it can."""

    @property
    def setpoint(self) -> int | None:
        """What is steered in place of the desired replicas, such as a floor; None if nothing is."""

    def reachable(self, target: int) -> int:
        """What asking for `target` would set, within bounds of the cluster's own."""

    def needs(self, target: int) -> bool:
        """Whether asking for `target` would change anything."""

    def enter(
        self, mode: ControlMode, confirmation: str = "", *, patient: bool = False
    ) -> tuple[str, ...]:
        """Get ready for a control mode; returns what was done, one line each.

        Args:
            mode: AUTO and MANUAL take control, SHADOW gives it back, HOLD keeps what is.
            confirmation: The Deployment's full name, as the operator gave it; needed once.
            patient: Wait some seconds for the right of an engine that is gone to run out.

        Raises:
            RlscaleError: Control may not or cannot be taken; everything is as before.
        """

    def scale_for(self, target: int, cause: Cause) -> ScaleOutcome:
        """Like `scale`, and tell the cluster who wanted it and why."""

    def find_out(self) -> int | None:
        """Look what became of a call that is in doubt.

        Returns:
            What stands there, replicas or setpoint; None if nothing is in doubt, or still is.
        """

    def take_settled(self) -> ScaleOutcome | None:
        """What became of a call that was in doubt, once that is known, and only once."""

    def take_notices(self) -> tuple[Notice, ...]:
        """What was noticed since the last call, oldest first."""

    def giving_back(self, *, at_exit: bool) -> int | None:
        """What the next `give_back` would set; None if it would change nothing.

        Args:
            at_exit: The engine ends, as opposed to control being given back for now.
        """

    def give_back(self, *, at_exit: bool) -> ScaleOutcome:
        """Set what `giving_back` says."""
