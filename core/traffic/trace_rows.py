"""The rows of a trace file: numbers in order, or what is wrong on which line."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

GAP_FACTOR = 3.0
"""A step of more than this many median steps is a gap."""

HEADER = ("t_seconds", "rps")
"""Columns of a trace file."""


def parse_quickly(lines: Sequence[str]) -> NDArray[np.float64] | None:
    """Parse faultless lines in one go; None if there is anything to look at more closely.

    Args:
        lines: Lines that are neither empty nor comments, maybe with a header.

    Returns:
        Shape (n, 2) with n ≥ 2, moments ascending without gaps, rates finite and not negative.
    """
    if lines and _is_header(lines[0]):
        lines = lines[1:]
    if len(lines) < 2:
        return None
    try:
        rows = np.loadtxt(lines, delimiter=",", comments=None, ndmin=2)
    except ValueError:
        return None
    if rows.shape[1] != 2 or not np.isfinite(rows).all() or rows[:, 1].min() < 0.0:
        return None
    steps = np.diff(rows[:, 0])
    if steps.min() <= 0.0 or steps.max() > GAP_FACTOR * np.median(steps):
        return None
    return rows


class TraceRows:
    """Rows read so far, and what is wrong with them."""

    def __init__(self) -> None:
        self.times: list[float] = []
        self.rates: list[float] = []
        self.problems: list[tuple[int, str]] = []
        self._lines: list[int] = []
        self._ordinals: list[int] = []
        self._seen = 0

    def add(self, number: int, text: str) -> None:
        """Take the row on line `number`, or note its problem."""
        self._seen += 1
        cells = [cell.strip() for cell in text.split(",")]
        if len(cells) != 2:
            self._note(number, f"{len(cells)} column{'s' if len(cells) > 1 else ''} instead of 2")
            return
        if self._seen == 1 and _is_header(text):
            return
        if self._seen == 1 and not any(_is_number(cell) for cell in cells):
            self._note(number, f"the header is {text}, not {','.join(HEADER)}")
            return
        values: list[float] = []
        for name, cell in zip(HEADER, cells, strict=True):
            try:
                value = float(cell)
            except ValueError:
                self._note(number, f"{name} is {cell!r}, not a number")
                return
            if not math.isfinite(value):
                self._note(number, f"{name} is {cell}, not a finite number")
                return
            values.append(value)
        time_s, rps = values
        if rps < 0:
            self._note(number, f"rps is negative ({rps:g})")
        elif self.times and time_s == self.times[-1]:
            self._note(number, f"t_seconds {time_s:g} repeats line {self._lines[-1]}")
        elif self.times and time_s < self.times[-1]:
            self._note(number, f"t_seconds {time_s:g} comes after {self.times[-1]:g}")
        else:
            self.times.append(time_s)
            self.rates.append(rps)
            self._lines.append(number)
            self._ordinals.append(self._seen)

    def find_gaps(self) -> None:
        """Note every step that is much longer than the median step."""
        if len(self.times) < 3:
            return
        steps = np.diff(self.times)
        median = float(np.median(steps))
        for index in np.flatnonzero(steps > GAP_FACTOR * median).tolist():
            if self._ordinals[index + 1] == self._ordinals[index] + 1:
                self._note(
                    self._lines[index + 1],
                    f"gap of {steps[index]:g} s after t_seconds {self.times[index]:g} "
                    f"where steps are {median:g} s",
                )

    def _note(self, number: int, problem: str) -> None:
        self.problems.append((number, problem))


def _is_header(text: str) -> bool:
    return tuple(cell.strip().lower() for cell in text.split(",")) == HEADER


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
