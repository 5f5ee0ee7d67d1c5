"""asciicast v2: a header and one event per picture, as https://docs.asciinema.org describes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from console.live.playhead import FASTEST_S
from core.errors import InputError

MOST_PICTURES: Final = 20_000
"""About ten minutes of drawing."""

_FEWEST_APART_S: Final = 0.1
"""No more than ten pictures a second."""
_LAST_STANDS_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Cut:
    """Which steps are shown, and when."""

    steps: tuple[int, ...]
    seconds_per_step: float

    @property
    def duration_s(self) -> float:
        """How long it plays."""
        return (self.steps[-1] - self.steps[0]) * self.seconds_per_step + _LAST_STANDS_S

    def time_s(self, step: int) -> float:
        """When a step is shown."""
        return (step - self.steps[0]) * self.seconds_per_step


def cut(first: int, last: int, interval_s: float, speed: float | None) -> Cut:
    """Choose the steps that are shown.

    Args:
        first: The first step.
        last: The last one, which is shown in any case.
        interval_s: Simulated seconds between two steps.
        speed: Simulated seconds per second; None: all of it in ten seconds.

    Raises:
        InputError: They would be too many.
    """
    span_s = max(last - first, 0) * interval_s
    pace = speed if speed is not None else max(span_s / FASTEST_S, interval_s)
    seconds_per_step = interval_s / pace
    stride = max(round(_FEWEST_APART_S / seconds_per_step), 1)
    steps = [*range(first, last, stride), last]
    if len(steps) > MOST_PICTURES:
        fitting = span_s / MOST_PICTURES / _FEWEST_APART_S
        raise InputError(
            f"expected a recording of at most {MOST_PICTURES:,} pictures, found {len(steps):,}.",
            f"Choose --speed max, or one above {fitting:,.0f}, or cut it with --from and --to.",
        )
    return Cut(tuple(steps), seconds_per_step)


def header(columns: int, rows: int, timestamp: float, duration_s: float, title: str) -> str:
    """The first line of the file."""
    content: dict[str, Any] = {
        "version": 2,
        "width": columns,
        "height": rows,
        "timestamp": int(timestamp),
        "duration": round(duration_s, 3),
        "title": title,
        "env": {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
    }
    return json.dumps(content, ensure_ascii=False)


def event(time_s: float, data: str) -> str:
    """A line that writes `data` to the terminal."""
    return json.dumps([round(time_s, 6), "o", data], ensure_ascii=False)


def opening() -> str:
    """What clears the terminal before the first picture."""
    return "\x1b[?25l\x1b[2J\x1b[H"


def closing(rows: int) -> str:
    """What gives the cursor back after the last one, below it."""
    return f"\x1b[0m\x1b[{rows};1H\x1b[?25h"
