"""Two policies on the same scenario and seed, decision by decision."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, RunError
from core.runs.reader import RunReader
from core.runs.records import RunInfo, RunKind, RunTotals
from core.state import Step

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

_COLUMNS: Final = ("target", "replicas_desired", "latency_p95_ms", "time_s")
_CHUNK_STEPS: Final = 20_000


class Difference(StrEnum):
    """What counts as a difference between two decisions."""

    ACTION = "action"
    """One scales up, down or not at all where the other does something else."""
    TARGET = "replicas"
    """They ask for different replicas."""
    SLO = "SLO"
    """One is over the SLO and the other is not."""


@dataclass(frozen=True, slots=True)
class Beside:
    """The same moment in both runs."""

    first: Step
    second: Step
    first_totals: RunTotals
    """Up to and including this step."""
    second_totals: RunTotals


class Pair:
    """Two runs side by side, which may both be growing; safe to use from several threads.

    Args:
        first: Directory of a run.
        second: Directory of another one with the same scenario and seed.

    Raises:
        InputError: They did not meet the same traffic.
        RunError: One of them is a training or cannot be read.
    """

    def __init__(self, first: Path, second: Path) -> None:
        self.readers = (RunReader(first), RunReader(second))
        try:
            self.infos: tuple[RunInfo, RunInfo] = (
                self.readers[0].info(),
                self.readers[1].info(),
            )
            self._check()
        except BaseException:
            self.close()
            raise
        self._lock = threading.Lock()
        self._read = np.zeros((2, 0, len(_COLUMNS)))

    def _check(self) -> None:
        for info in self.infos:
            if info.kind is not RunKind.INFERENCE:
                raise RunError(f"expected two runs of policies, found training {info.run_id}.")
        one, two = (reader.meta("scenario") for reader in self.readers)
        seeds = [info.seed for info in self.infos]
        if one is None or one != two or seeds[0] != seeds[1]:
            names = [f"{info.scenario} with seed {info.seed}" for info in self.infos]
            raise InputError(
                f"expected two runs of the same scenario and seed, found {names[0]} and "
                f"{names[1]}.",
                "v in the debugger makes the other run.",
            )

    @property
    def last(self) -> int:
        """Number of the newest step that both have; -1 if one has none."""
        return min(reader.last_step() for reader in self.readers)

    def at(self, index: int) -> Beside:
        """The same step of both.

        Raises:
            RunError: One of them has no such step.
        """
        one, two = self.readers
        return Beside(one.step(index), two.step(index), one.totals(index), two.totals(index))

    def differences(self, kind: Difference) -> Indices:
        """Every step at which they differ, ascending."""
        target, desired, latency = (self._columns()[:, :, place] for place in range(3))
        if kind is Difference.TARGET:
            differ = target[0] != target[1]
        elif kind is Difference.ACTION:
            way = np.sign(target - desired)
            differ = way[0] != way[1]
        else:
            facts = self.infos[0].facts or self.readers[0].info().facts
            slo_ms = np.inf if facts is None else facts.slo_ms
            over = latency > slo_ms
            differ = over[0] != over[1]
        return np.flatnonzero(differ)

    def curve(self, name: str) -> tuple[Floats, Floats]:
        """One of the columns that are read here, of both, up to the common end."""
        values = self._columns()[:, :, _COLUMNS.index(name)]
        return values[0], values[1]

    def _columns(self) -> Floats:
        """Shape (2, steps, columns): what both have, the newest step read anew."""
        last = self.last
        with self._lock:
            known = self._read[:, : max(self._read.shape[1] - 1, 0)]
            parts = [known]
            for begin in range(known.shape[1], last + 1, _CHUNK_STEPS):
                end = min(begin + _CHUNK_STEPS - 1, last)
                rows = [reader.raw_steps(_COLUMNS, begin, end) for reader in self.readers]
                parts.append(np.array(rows, dtype=np.float64).reshape(2, -1, len(_COLUMNS)))
            self._read = np.concatenate(parts, axis=1)
            return self._read

    def close(self) -> None:
        """Let go of both files."""
        for reader in self.readers:
            reader.close()
