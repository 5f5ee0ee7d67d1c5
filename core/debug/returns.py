"""The reward of a run up to any step, by component."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from core.state import RewardComponents

if TYPE_CHECKING:
    from core.runs.reader import RunReader

LONGEST: Final = 100_000
"""Steps up to which components are added up; of longer runs the file knows the whole only."""

_EVERY: Final = 2000
_NAMES: Final = ("reward_slo", "reward_cost", "reward_churn", "reward_error")
_SUMS: Final = tuple(f"total({name})" for name in _NAMES)

Sums = tuple[float, float, float, float]


class Returns:
    """Adds up rewards and keeps what it has added; safe to use from several threads.

    Args:
        reader: The run, which may be growing.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._kept: list[Sums] = [(0.0, 0.0, 0.0, 0.0)]
        """Sums of the steps before each multiple of `_EVERY`."""

    def at(self, index: int) -> RewardComponents | None:
        """The return up to and including step `index`; None in a run that is too long for it."""
        if index >= LONGEST:
            return None
        with self._lock:
            place = index // _EVERY
            while len(self._kept) <= place:
                begin = (len(self._kept) - 1) * _EVERY
                self._kept.append(_added(self._kept[-1], self._sums(begin, begin + _EVERY - 1)))
            before = self._kept[place]
        return RewardComponents(*_added(before, self._sums(place * _EVERY, index)))

    def _sums(self, first: int, last: int) -> Sums:
        slo, cost, churn, error = self._reader.raw_steps(_SUMS, first, last)[0]
        return slo, cost, churn, error


def _added(one: Sums, other: Sums) -> Sums:
    return one[0] + other[0], one[1] + other[1], one[2] + other[2], one[3] + other[3]
