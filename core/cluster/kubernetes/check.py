"""What a check of the surroundings found."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import RlscaleError


@dataclass(frozen=True, slots=True)
class Check:
    """What one check found."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    """What to do; empty if nothing."""
    required: bool = True
    """Whether observing or acting fails without it."""


def failure(name: str, error: RlscaleError, *, required: bool = True) -> Check:
    """The check that failed with `error`."""
    return Check(name, False, error.message, error.hint, required)


def clock_check(name: str, skew_s: float, tolerance_s: float = 5.0) -> Check:
    """Whether a server's clock agrees with ours.

    Args:
        name: Of the check.
        skew_s: Its clock minus ours.
        tolerance_s: So much does no harm.
    """
    agrees = abs(skew_s) <= tolerance_s
    direction = "ahead of" if skew_s > 0 else "behind"
    return Check(
        name,
        agrees,
        "agrees with ours" if agrees else f"{abs(skew_s):,.0f} s {direction} ours",
        "" if agrees else "Synchronise the clocks (NTP); ages are taken by the server's own clock.",
        required=False,
    )
