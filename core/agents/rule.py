"""The rate rule: cover the highest request rate of the last seconds, at a fixed utilisation.

Nothing is learned and nothing is remembered beyond the history: it is the honest rival of every
policy that sees the request rate, which an HPA on CPU does not.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.agents.policy import Situation
from core.envs.history import MEMORY_S, StateHistory
from core.errors import InputError
from core.state import Decision, DeploymentFacts

WINDOW_S: Final = 75.0
UTILIZATION: Final = 0.75


class RatePolicy:
    """Wants ceil(highest rps of the last window / (capacity of a pod × utilisation)) replicas.

    Args:
        window_s: Seconds to look back, in whole decision intervals, at least one.
        utilization: Share of a pod's capacity to use at that rate.

    Raises:
        InputError: A parameter is out of range.
    """

    def __init__(self, window_s: float = WINDOW_S, utilization: float = UTILIZATION) -> None:
        if not 0.0 < window_s <= MEMORY_S:
            raise InputError(
                f"expected a window above 0 and up to {MEMORY_S:g} s, found {window_s:g}.",
                "For example rule:75:0.75 for the highest rate of 75 s at 75 % utilisation.",
            )
        if not 0.01 <= utilization <= 10.0:
            raise InputError(
                f"expected a utilisation between 0.01 and 10, found {utilization:g}.",
                "For example rule:75:0.75 for the highest rate of 75 s at 75 % utilisation.",
            )
        self._window_s = window_s
        self._utilization = utilization

    @property
    def name(self) -> str:
        """See `Policy`."""
        if (self._window_s, self._utilization) == (WINDOW_S, UTILIZATION):
            return "rule"
        return f"rule:{self._window_s:g}:{self._utilization:g}"

    @property
    def action_labels(self) -> tuple[str, ...]:
        """See `Policy`; a baseline has no actions."""
        return ()

    def reset(self, facts: DeploymentFacts) -> None:
        """See `Policy`; there is nothing to forget, all memory is in the history."""

    def targets(self, history: StateHistory) -> NDArray[np.int64]:
        """Replicas wanted in every cluster of a history, shape (n,), within min and max.

        Where the newest rate was not measured, the desired replicas stay as they are.
        """
        facts = history.facts
        each_rps = facts.pod_capacity_rps * self._utilization
        wanted = np.ceil(history.peak_rps(self._window_s) / each_rps)
        wanted = np.clip(wanted, facts.min_replicas, facts.max_replicas)
        return np.where(np.isnan(history.state.rps), history.desired, wanted).astype(np.int64)

    def decide(self, situation: Situation) -> Decision:
        """See `Policy`."""
        history, current = situation.history, situation.state.replicas_desired
        if situation.state.rps is None:
            return Decision(current, 0, "keep: no request rate")
        target = int(self.targets(history)[0])
        peak_rps = float(history.peak_rps(self._window_s)[0])
        words = (
            f"cover the {self._window_s:g} s peak of {peak_rps:.0f} rps "
            f"at {self._utilization:.0%} of {situation.facts.pod_capacity_rps:.0f} rps per pod"
        )
        wanted = math.ceil(peak_rps / (situation.facts.pod_capacity_rps * self._utilization))
        if wanted != target:
            words += f": {wanted}, but {target} is the limit"
        return Decision(target, target - current, words)
