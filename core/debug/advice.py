"""What an HPA would have wanted all along a run, had it been asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from core.agents.hpa import HpaPolicy
from core.agents.policy import Situation
from core.cluster.batch import FactsBatch
from core.debug.fields import Floats
from core.envs.history import StateHistory
from core.runs.schema import STATE_COLUMNS
from core.state import ClusterState

if TYPE_CHECKING:
    from core.runs.reader import RunReader

_NAMES: Final = tuple(column.name for column in STATE_COLUMNS)
_CHUNK_STEPS: Final = 5000
_NO_OBSERVATION: Final = np.zeros(0, dtype=np.float32)


class HpaAdvice:
    """Asks an HPA at its default about every state of a run, in order, and keeps what it says.

    It looks on beside whoever was in control: its memory of recommendations is that of an HPA
    that ran all along, its replicas are those that there were.

    Args:
        reader: The run, which may be growing.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._targets: list[int] = []
        self._policy = HpaPolicy()
        self._facts = reader.info().facts
        if self._facts is not None:
            self._policy.reset(self._facts)
            self._history = StateHistory(FactsBatch.from_facts([self._facts]))

    def targets(self, first: int, last: int) -> Floats:
        """Replicas wanted at steps `first` to `last` (inclusive); NaN where nothing is known."""
        facts = self._facts
        if facts is None:
            return np.full(max(0, last - first + 1), np.nan)
        while len(self._targets) <= last:
            begin = len(self._targets)
            end = min(begin + _CHUNK_STEPS - 1, last)
            rows = self._reader.raw_steps(_NAMES, begin, end)
            if not rows:
                break
            for row in rows:
                state = ClusterState(**dict(zip(_NAMES, row, strict=True)))
                situation = Situation(state, facts, self._history, _NO_OBSERVATION)
                self._targets.append(self._policy.decide(situation).target)
        return np.array(self._targets[first : last + 1], dtype=np.float64)
