"""Times of a run as operators read and type them."""

from __future__ import annotations

import re
from typing import Final

from core.errors import InputError

_CLOCK: Final = re.compile(r"(?:(?:(\d+) ?d )?(\d+):)?(\d{1,3}):(\d{2})")
_SECONDS: Final = re.compile(r"(\d{1,12})|(\d+(?:\.\d+)?) ?(s|min|h|d)")
_UNITS: Final = {"s": 1.0, "min": 60.0, "h": 3_600.0, "d": 86_400.0}


def clock(seconds: float) -> str:
    """Time since the start of a run, to the second: `01:10:45`, after a day `2d 03:00:00`."""
    days, rest = divmod(round(seconds), 86_400)
    text = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days}d {text}" if days else text


def parse_time(text: str) -> float:
    """Seconds out of `645`, `10:45`, `01:10:45`, `2d 03:00:00`, `90 s`, `10 min`, `2 h` or `3 d`.

    Raises:
        InputError: It is none of these, such as a clock with more than 59 seconds.
    """
    words = text.strip()
    if found := _SECONDS.fullmatch(words):
        return float(found[1] or found[2]) * _UNITS[found[3] or "s"]
    if found := _CLOCK.fullmatch(words):
        days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
        led_by_hours, led_by_days = found[2] is not None, found[1] is not None
        in_range = seconds < 60 and not (led_by_hours and minutes > 59)
        if in_range and not (led_by_days and hours > 23):
            return days * 86_400.0 + hours * 3_600.0 + minutes * 60.0 + seconds
    raise InputError(f"expected a time such as 10:45, 645 or 10 min, found {text!r}.")
