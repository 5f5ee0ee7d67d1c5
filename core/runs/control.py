"""Who is in control: the mode, the operator's override, and where a release leads."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import InputError
from core.state import ControlMode, DeploymentFacts


@dataclass(frozen=True, slots=True)
class Control:
    """The control mode with all that belongs to it; each change gives a new value."""

    mode: ControlMode = ControlMode.AUTO
    former_mode: ControlMode | None = None
    """Where a release leads; set in MANUAL, and in HOLD where it was not the operator's wish."""
    override_target: int | None = None
    """The pinned replicas; set in MANUAL only."""
    override_ends_s: float | None = None
    """Simulated time at which the override ends; None: when it is released."""

    def with_mode(self, mode: ControlMode, replicas: int) -> Control:
        """Change the mode; MANUAL pins `replicas`."""
        if mode is ControlMode.MANUAL:
            return self if self.mode is mode else self.with_override(replicas, None, 0.0)
        return Control(mode)

    def with_override(self, replicas: int, ttl_s: float | None, now_s: float) -> Control:
        """Pin `replicas`, for `ttl_s` simulated seconds from `now_s` or until released."""
        former = self.former_mode if self.mode is ControlMode.MANUAL else self.mode
        return Control(
            ControlMode.MANUAL, former, replicas, None if ttl_s is None else now_s + ttl_s
        )

    def held(self) -> Control:
        """Freeze, until the operator releases what is frozen or chooses a mode."""
        former = self.former_mode if self.mode is ControlMode.MANUAL else self.mode
        return Control(ControlMode.HOLD, former)

    def released(self) -> Control:
        """Return to the former mode.

        Raises:
            InputError: Nothing is overridden, nor held against the operator's wish.
        """
        if self.mode is not ControlMode.MANUAL and self.former_mode is None:
            raise InputError(
                f"expected an override to release, found mode {self.mode}.",
                "Nothing has to be done.",
            )
        return Control(self.former_mode or ControlMode.AUTO)

    def has_expired(self, now_s: float) -> bool:
        """Whether the override's time to live is over."""
        return self.override_ends_s is not None and now_s >= self.override_ends_s


def check_override(replicas: int, ttl_s: float | None, facts: DeploymentFacts) -> None:
    """Refuse an override that makes no sense for this deployment.

    Raises:
        InputError: The replicas are outside the limits, or the time to live is not positive.
    """
    low, high = facts.min_replicas, facts.max_replicas
    if not low <= replicas <= high:
        raise InputError(f"expected {low} to {high} replicas, found {replicas}.")
    if ttl_s is not None and not 0 < ttl_s < float("inf"):
        raise InputError(f"expected a time to live above 0 s, found {ttl_s:g} s.")
