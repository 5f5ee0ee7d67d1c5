"""Finding the steps of a run at which a condition holds, many at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from core.debug.advice import HpaAdvice
from core.debug.expressions import Condition
from core.debug.fields import BLOBS, HPA_TARGET, Field, vocabulary

if TYPE_CHECKING:
    from core.runs.reader import RunReader

_CHUNK_STEPS: Final = 20_000

Indices = NDArray[np.int64]


class RunSearch:
    """Looks for conditions in a run, which may be growing; safe to use from several threads.

    Args:
        reader: The run.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._advice = HpaAdvice(reader)
        self._lock = threading.Lock()

    @property
    def names(self) -> Mapping[str, Field]:
        """The fields that a condition may speak of, by each of their names."""
        return vocabulary(self._reader.info())

    @property
    def newest(self) -> int:
        """Number of the newest step of the run; -1 before the first."""
        return self._reader.last_step()

    def condition(self, text: str) -> Condition:
        """A condition on this run.

        Raises:
            InputError: It is none.
        """
        return Condition(text, self.names)

    def hits(self, condition: Condition, first: int = 0, last: int | None = None) -> Indices:
        """The steps from `first` to `last` (None: the newest) at which it holds, ascending."""
        end = self._reader.last_step() if last is None else last
        found = list(self._chunks(condition, max(first, 0), end))
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _chunks(self, condition: Condition, first: int, last: int) -> Iterator[Indices]:
        for begin in range(first, last + 1, _CHUNK_STEPS):
            columns = self._read(condition.needs, begin, min(begin + _CHUNK_STEPS - 1, last))
            steps = columns["step"]
            yield steps[condition.holds(columns)].astype(np.int64)

    def _read(self, needs: tuple[str, ...], first: int, last: int) -> dict[str, Any]:
        in_file = [need for need in needs if need != HPA_TARGET]
        rows = self._reader.raw_steps(in_file, first, last)
        values = list(zip(*rows, strict=True)) if rows else [()] * len(in_file)
        columns: dict[str, Any] = {
            need: column if need in BLOBS else np.array(column, dtype=np.float64)
            for need, column in zip(in_file, values, strict=True)
        }
        if HPA_TARGET in needs:
            with self._lock:
                columns[HPA_TARGET] = self._advice.targets(first, first + len(rows) - 1)
        return columns
