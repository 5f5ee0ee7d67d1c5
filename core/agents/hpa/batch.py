"""Many HPAs at once, as arrays: the same decisions as `HpaPolicy`, hundreds of times as fast.

Only what a grid of settings and the stand-in for absent metrics need: one CPU target each, default
behaviour, bounds of the cluster. `controller`, `calculator`, `stabilization` and `limits` hold the
rules with their sources; a test holds every decision here against them.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.agents.hpa.calculator import MOST_REPLICAS
from core.agents.hpa.policy import (
    DOWN_STABILIZATION_S,
    LATENESS,
    REQUEST_MILLI,
    TARGET_UTILIZATION,
    TOLERANCE,
)
from core.agents.hpa.rules import DEFAULT_DOWN, DEFAULT_UP
from core.cluster.batch import FactsBatch, Floats, StateBatch
from core.envs.history import Ring

_UP_PODS, _UP_PERCENT = (policy.value for policy in DEFAULT_UP.policies)
_RATE_PERIOD_S: Final = float(max(DEFAULT_UP.longest_period_s, DEFAULT_DOWN.longest_period_s))
"""Period of every scaling policy of the default behaviour."""


class HpaBatch:
    """One HPA for each of n clusters, which all began at the same moment.

    Args:
        facts: Facts of the n clusters.
        targets: CPU utilisation of the request to aim at, shape (n,) or one for all.
        stabilizations_s: Windows of scaling down, likewise.
        tolerance: Ratios within 1 ± this change nothing.
    """

    def __init__(
        self,
        facts: FactsBatch,
        targets: Floats | float = TARGET_UTILIZATION,
        stabilizations_s: Floats | float = DOWN_STABILIZATION_S,
        tolerance: float = TOLERANCE,
    ) -> None:
        size = facts.size
        self._low, self._high = facts.min_replicas, facts.max_replicas
        percents = np.maximum(np.rint(np.asarray(targets, dtype=np.float64) * 100.0), 1.0)
        self._percents = np.broadcast_to(percents, (size,))
        self._tolerance = tolerance
        windows_s = np.broadcast_to(np.trunc(np.asarray(stabilizations_s, np.float64)), (size,))
        self._windows = [
            (float(window_s), np.flatnonzero(windows_s == window_s))
            for window_s in np.unique(windows_s)
        ]
        rows = int(windows_s.max() // float(facts.interval_s[0])) + 2
        self._asked = Ring(rows, size)
        self._asked.fill(np.ones(size, dtype=np.bool_), np.full(size, -np.inf))
        self._asked_at_s: deque[float] = deque(maxlen=rows)
        self._advice: tuple[float, Floats, Floats] | None = None
        """Time, current and desired replicas of the last sync."""
        self._ready: Floats | None = None
        """Ready pods at the last sync."""
        self._changes: deque[tuple[float, Floats]] = deque()
        """Moves that were carried out within the rate limits' period, and when."""

    def decide(self, states: StateBatch) -> NDArray[np.int64]:
        """One sync of every HPA, in the order of time.

        Args:
            states: The newest states.

        Returns:
            Replicas wanted, shape (n,).
        """
        # Clusters whose time stands still have ended; what is said of them does not matter.
        now_s = float(states.time_s.max()) * (1.0 + LATENESS)
        current = states.replicas_desired
        self._follow_up(current, now_s)
        proposed, failed = self._propose(states)
        inside = (current > 0.0) & (current >= self._low) & (current <= self._high)
        scaled = inside & ~failed
        asked = np.where(scaled, proposed, -np.inf)
        # At the first sync, the replicas found there count as a recommendation.
        first = self._advice is None
        self._asked.push(np.maximum(asked, current) if first else asked)
        self._asked_at_s.append(now_s)
        highest = self._highest_asked(proposed, now_s)
        aim = np.minimum(np.maximum(current, proposed), highest)
        wanted = np.where(scaled, self._limited(current, aim, now_s), current)
        # Nobody scales what has 0 replicas; bounds are enforced without asking metrics.
        bounded = np.where(current > 0.0, np.clip(current, self._low, self._high), 0.0)
        wanted = np.where(inside, wanted, bounded)
        self._advice = (now_s, current, wanted)
        return wanted.astype(np.int64)

    def _follow_up(self, current: Floats, now_s: float) -> None:
        """Take note of the last advice, as far as the replicas moved that way."""
        if self._advice is None:
            return
        at_s, before, desired = self._advice
        self._changes.append((at_s, np.clip(current, *_sorted(before, desired)) - before))
        while self._changes and self._changes[0][0] <= now_s - _RATE_PERIOD_S:
            self._changes.popleft()

    def _propose(self, states: StateBatch) -> tuple[Floats, NDArray[np.bool_]]:
        """What CPU alone asks for, and where it says nothing; shape (n,) both."""
        before = states.replicas_ready if self._ready is None else self._ready
        self._ready = states.replicas_ready
        # No sample is wholly of the time of pods that became ready since the last sync.
        ready = np.minimum(states.replicas_ready, before)
        starting = states.replicas_starting + (states.replicas_ready - ready)
        failed = (ready <= 0.0) | np.isnan(states.cpu_utilization)
        usage = np.where(failed, 0.0, states.cpu_utilization)
        # Whole numbers far below 2^53, so floats are exact; floor division as in the controller.
        used = np.rint(usage * REQUEST_MILLI) * 100.0
        ratio = (used // REQUEST_MILLI) / self._percents
        plain = np.where(self._holds(ratio), states.replicas_desired, _ceil(ratio * ready))
        # On the way up, starting and fresh pods count as using nothing.
        pods = np.maximum(ready + starting, 1.0)
        new_ratio = (ready * used // (pods * REQUEST_MILLI)) / self._percents
        refilled = _ceil(new_ratio * pods)
        backwards = (new_ratio > 1.0) & (refilled < states.replicas_desired)
        uncertain = self._holds(new_ratio) | (new_ratio < 1.0) | backwards
        refilled = np.where(uncertain, states.replicas_desired, refilled)
        return np.where((starting > 0.0) & (ratio > 1.0), refilled, plain), failed

    def _holds(self, ratio: Floats) -> NDArray[np.bool_]:
        return (1.0 - self._tolerance <= ratio) & (ratio <= 1.0 + self._tolerance)

    def _highest_asked(self, proposed: Floats, now_s: float) -> Floats:
        """Highest recommendation within each window of scaling down, shape (n,)."""
        highest = proposed.copy()
        for window_s, columns in self._windows:
            inside = sum(at_s > now_s - window_s for at_s in self._asked_at_s)
            if inside:
                highest[columns] = self._asked.last(inside)[:, columns].max(axis=0)
        return highest

    def _limited(self, current: Floats, aim: Floats, now_s: float) -> Floats:
        """The aim, as far as rate limits and bounds let it, shape (n,)."""
        start = current - sum((change for _, change in self._changes), np.zeros(len(current)))
        by_percent = np.ceil(start * (1.0 + _UP_PERCENT / 100.0))
        ceiling = np.maximum(np.maximum(start + _UP_PODS, by_percent), current)
        up = np.minimum(aim, np.minimum(ceiling, self._high))
        # Downwards all replicas may go within a period.
        down = np.maximum(aim, self._low)
        return np.where(aim > current, up, np.where(aim < current, down, aim))


def _sorted(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    return np.minimum(first, second), np.maximum(first, second)


def _ceil(replicas: Floats) -> Floats:
    return np.ceil(np.minimum(replicas, float(MOST_REPLICAS)))
