"""What a policy could look back on at any step, rebuilt from the recorded states alone.

Unlike a whole moment it needs no simulation, so it is there for runs on a real cluster too. Late in
a very long run it begins some hours before the step; then peaks, smoothed rates and everything
else that fades are right, but sums since the beginning are not.
"""

from __future__ import annotations

import copy
import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from core.cluster.batch import FactsBatch, StateBatch
from core.envs.history import StateHistory
from core.errors import RunError

if TYPE_CHECKING:
    from core.debug.recording import Recording

_EVERY: Final = 200
_WHOLE_STEPS: Final = 20_000
"""Up to this step histories begin with the run."""
_LATE_S: Final = 4 * 3600.0
"""How long before a later step they begin."""
_ALL: Final = np.ones(1, dtype=np.bool_)


class RecordedPasts:
    """Histories of a run at its steps; safe to use from several threads.

    Args:
        recording: The run, which may be growing.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._kept: dict[int, StateHistory] = {}
        self._head: tuple[int, StateHistory] | None = None
        self._lock = threading.Lock()

    def at(self, index: int) -> StateHistory:
        """What there was to look back on at step `index` (one cluster).

        Raises:
            InputError: There is no such step.
            RunError: Nothing is known about the deployment.
        """
        with self._lock:
            # What is kept from far before is no nearer than beginning anew.
            least = self._first(index)
            before = max((step for step in self._kept if least <= step <= index), default=-1)
            if self._head is not None and max(before, least) <= self._head[0] <= index:
                at, history = self._head
            elif before >= 0:
                at, history = before, copy.deepcopy(self._kept[before])
            else:
                first = self._first(index)
                at, history = first, self._begin(first)
            self._head = None
            while at < index:
                at += 1
                history.push(StateBatch.from_states([self._recording.step(at).state]))
                if at % _EVERY == 0 and at not in self._kept:
                    self._kept[at] = copy.deepcopy(history)
            self._head = (at, history)
            return copy.deepcopy(history)

    def _first(self, index: int) -> int:
        interval_s = self._recording.reader.info().interval_s
        return 0 if index <= _WHOLE_STEPS else index - round(_LATE_S / interval_s)

    def _begin(self, first: int) -> StateHistory:
        facts = self._recording.reader.info().facts
        if facts is None:
            raise RunError("expected what is known about the deployment in the run, found nothing.")
        history = StateHistory(FactsBatch.from_facts([facts]))
        history.restart(_ALL, StateBatch.from_states([self._recording.step(first).state]))
        return history
