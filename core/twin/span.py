"""Lengths of time as operators write them: 7d, 36h, 90m, 45s."""

from __future__ import annotations

import re

from core.errors import InputError

_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_span(text: str) -> int:
    """Seconds of a length of time such as `7d` or `1d12h`.

    Raises:
        InputError: It is none.
    """
    word = text.strip().lower()
    if not re.fullmatch(r"(\d+[smhdw])+", word):
        raise InputError(
            f"expected a length of time such as 7d, 36h or 90m, found {text!r}.",
            "Units are s, m, h, d and w.",
        )
    seconds = sum(
        int(number) * _UNITS_S[unit] for number, unit in re.findall(r"(\d+)([smhdw])", word)
    )
    if seconds <= 0:
        raise InputError(f"expected a length of time above 0, found {text!r}.")
    return seconds


def span_text(seconds: float) -> str:
    """Seconds in the largest units that fit: `7d`, `1d12h`."""
    left = max(0, round(seconds))
    parts = []
    for unit in ("d", "h", "m", "s"):
        count, left = divmod(left, _UNITS_S[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts[:2]) or "0s"
