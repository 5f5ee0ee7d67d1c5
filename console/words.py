"""Numbers and names as people write them."""

from __future__ import annotations

from pathlib import PurePath


def duration(seconds: float) -> str:
    """A length of time in the unit that people would use, such as `90 min` or `24 h`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 3 * 86_400:
        return f"{seconds / 3600:.3g} h"
    return f"{seconds / 86_400:.3g} days"


def span(seconds: float) -> str:
    """A length of time to watch, in few characters: `42 s`, `3 min 20 s`, `1 h 05 min`."""
    whole = max(round(seconds), 0)
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min"


def rate(per_second: float) -> str:
    """A rate with as many digits as tell something, such as `1,128` or `0.41`."""
    return f"{per_second:,.0f}" if per_second >= 10 else f"{per_second:.2g}"


def count(number: float) -> str:
    """A count in at most five characters, such as `300k` or `1.5M`."""
    number = round(number)
    if number >= 999_950:
        return f"{number / 1e6:.3g}M"
    return f"{number / 1e3:.3g}k" if number >= 1000 else str(number)


def short_name(policy: str) -> str:
    """A policy's name for a table: of a path, its end."""
    return PurePath(policy).name if "/" in policy else policy
