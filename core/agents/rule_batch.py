"""Many rate rules at once, as arrays: the same decisions as `RatePolicy`."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import FactsBatch, Floats, StateBatch
from core.envs.history import StateHistory


@dataclass(frozen=True, slots=True, order=True)
class RuleSetting:
    """One way to set up a rate rule."""

    window_s: float
    utilization: float

    @property
    def spec(self) -> str:
        """As `core.agents.registry.load_policy` takes it."""
        return f"rule:{self.window_s:g}:{self.utilization:g}"


class RuleBatch:
    """One rate rule for each of n clusters, which all began at the same moment.

    Args:
        facts: Facts of the n clusters.
        windows_s: Seconds that each looks back, shape (n,).
        utilizations: Share of a pod's capacity that each uses at the peak, shape (n,).
    """

    def __init__(self, facts: FactsBatch, windows_s: Floats, utilizations: Floats) -> None:
        self._each_rps = facts.pod_capacity_rps * utilizations
        self._history = StateHistory(facts)
        self._windows = [
            (float(window_s), np.flatnonzero(windows_s == window_s))
            for window_s in np.unique(windows_s)
        ]
        self._begun = False

    def decide(self, states: StateBatch) -> NDArray[np.int64]:
        """Replicas wanted, shape (n,); once per interval, in the order of time."""
        history, facts = self._history, self._history.facts
        if self._begun:
            history.push(states)
        else:
            history.restart(np.ones(facts.size, dtype=np.bool_), states)
            self._begun = True
        peaks = np.empty(facts.size)
        for window_s, columns in self._windows:
            peaks[columns] = history.peak_rps(window_s)[columns]
        wanted = np.ceil(peaks / self._each_rps)
        wanted = np.clip(wanted, facts.min_replicas, facts.max_replicas)
        return np.where(np.isnan(states.rps), history.desired, wanted).astype(np.int64)


def columns_of(states: StateBatch, columns: slice) -> StateBatch:
    """The states of some clusters."""
    return StateBatch(*(getattr(states, item.name)[columns] for item in fields(StateBatch)))
