"""The recent past of many clusters: what observation, actions and rate rules look back on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.cluster.batch import FactsBatch, Floats, StateBatch
from core.envs.coverage import Coverage
from core.envs.hindsight import WINDOWS_S, Hindsight

MEMORY_S = 1800.0
"""How far back anything may look: half an hour."""

SMOOTHING_S = (60.0, 300.0, 1200.0)
"""Time constants of the smoothed rates."""

VOLATILITY_S = 300.0
"""Time constant of the volatility of the rate."""


class Ring:
    """The last `length` rows of a stream of (size,) arrays, newest last, without copying.

    Every row is written twice, half a buffer apart, so that any window is one contiguous view.
    """

    def __init__(self, length: int, size: int) -> None:
        self._length = length
        self._rows = np.zeros((2 * length, size), dtype=np.float64)
        self._newest = length - 1

    def push(self, row: Floats) -> None:
        """Append one row, forgetting the oldest."""
        self._newest = (self._newest + 1) % self._length
        self._rows[self._newest] = row
        self._rows[self._newest + self._length] = row

    def fill(self, mask: NDArray[np.bool_], row: Floats) -> None:
        """Overwrite the whole past of the masked clusters with one value each."""
        self._rows[:, mask] = row[mask]

    def last(self, count: int) -> Floats:
        """The newest `count` rows, shape (count, size), oldest first; a view."""
        end = self._newest + self._length + 1
        return self._rows[end - min(count, self._length) : end]


class StateHistory:
    """Recent states of n clusters, with gaps in the metrics bridged by the last known value.

    Args:
        facts: Facts of the n clusters; the decision interval is the same for all.
    """

    def __init__(self, facts: FactsBatch) -> None:
        self.facts = facts
        self.size = facts.size
        self.interval_s = float(facts.interval_s[0])
        length = self.intervals(MEMORY_S) + 1
        self._rps = Ring(length, self.size)
        self._desired = Ring(length, self.size)
        self._violation = Ring(length, self.size)
        self._has_traffic = np.zeros(self.size, dtype=np.bool_)
        self._rps_sum = np.zeros(self.size)
        self._rps_count = np.zeros(self.size)
        self._smooth_rps = {tau_s: np.zeros(self.size) for tau_s in SMOOTHING_S}
        self._volatility = np.zeros(self.size)
        self._known = {name: np.zeros(self.size) for name in _BRIDGED}
        self.since_up_s = np.full(self.size, MEMORY_S)
        self.since_down_s = np.full(self.size, MEMORY_S)
        self.coverage = Coverage(facts, self.interval_s)
        """How far rates have risen over the peaks before them."""
        self.hindsight = Hindsight(facts, self.interval_s)
        """What simple rules would have come to so far."""
        self._state: StateBatch | None = None
        self._peaks: dict[float, Floats] = {}
        """Peaks by window, as far as somebody has asked since the newest state."""

    def intervals(self, window_s: float) -> int:
        """How many decision intervals make up a window, at least one."""
        return max(1, round(window_s / self.interval_s))

    def restart(
        self, mask: NDArray[np.bool_], states: StateBatch, facts: FactsBatch | None = None
    ) -> None:
        """Begin new episodes in the masked clusters.

        Args:
            mask: Which clusters, shape (n,).
            states: Newest states of all n clusters; those of the masked ones are their first,
                and it is as if they had been so for long.
            facts: Facts of all n clusters, if those of the masked ones changed.
        """
        self.facts = facts or self.facts
        for name, known in self._known.items():
            np.copyto(known, np.nan_to_num(getattr(states, name)), where=mask)
        measured = ~np.isnan(states.rps)
        self._has_traffic = np.where(mask, measured, self._has_traffic)
        rps = self._known["rps"]
        self._rps.fill(mask, rps)
        self._desired.fill(mask, states.replicas_desired)
        self._violation.fill(mask, self._known["slo_violation_ratio"])
        for array, values in (
            (self._rps_sum, rps),
            (self._rps_count, measured.astype(np.float64)),
            (self._volatility, np.zeros(self.size)),
            (self.since_up_s, np.full(self.size, MEMORY_S)),
            (self.since_down_s, np.full(self.size, MEMORY_S)),
            *((smooth, rps) for smooth in self._smooth_rps.values()),
        ):
            np.copyto(array, values, where=mask)
        self.coverage.restart(mask, rps, self.facts)
        self.hindsight.restart(mask, rps, self.facts)
        self._state = states
        self._peaks.clear()

    def push(self, states: StateBatch) -> None:
        """Take in the newest state of every cluster."""
        measured = ~np.isnan(states.rps)
        for name, known in self._known.items():
            value = getattr(states, name)
            np.copyto(known, value, where=~np.isnan(value))
        rps = self._known["rps"]
        first_traffic = measured & ~self._has_traffic
        if first_traffic.any():
            self._rps.fill(first_traffic, rps)
            for smooth in self._smooth_rps.values():
                np.copyto(smooth, rps, where=first_traffic)
            self._has_traffic |= first_traffic
        self._rps_sum += np.where(measured, rps, 0.0)
        self._rps_count += measured
        self._smooth(rps)
        change = states.replicas_desired - self.desired
        self.since_up_s = np.where(change > 0, 0.0, self.since_up_s + self.interval_s)
        self.since_down_s = np.where(change < 0, 0.0, self.since_down_s + self.interval_s)
        self._rps.push(rps)
        self._desired.push(states.replicas_desired)
        violation = np.nan_to_num(states.slo_violation_ratio)
        self._violation.push(violation)
        self._state = states
        self._peaks.clear()
        peaks = np.stack([self.peak_rps(window_s) for window_s in WINDOWS_S])
        capacity_rps = np.maximum(states.replicas_ready, 0.5) * self.facts.pod_capacity_rps
        self.hindsight.push(rps, peaks)
        self.coverage.push(rps, peaks, self.mean_rps(), violation, rps / capacity_rps)

    def _smooth(self, rps: Floats) -> None:
        previous = self._rps.last(1)[0]
        change = np.log((rps + 1.0) / (previous + 1.0))
        weight = 1.0 - np.exp(-self.interval_s / VOLATILITY_S)
        self._volatility += weight * (change * change - self._volatility)
        for tau_s, smooth in self._smooth_rps.items():
            smooth += (1.0 - np.exp(-self.interval_s / tau_s)) * (rps - smooth)

    @property
    def state(self) -> StateBatch:
        """The newest state as it was measured, with NaN where nothing was."""
        if self._state is None:
            raise RuntimeError("the history is empty: restart it with a first state")
        return self._state

    @property
    def desired(self) -> Floats:
        """Desired replicas at the newest state, shape (n,)."""
        newest: Floats = self._desired.last(1)[0]
        return newest

    def known(self, name: str) -> Floats:
        """The newest measured value of a field, however old; 0 where there never was one."""
        return self._known[name]

    def peak_rps(self, window_s: float) -> Floats:
        """Highest rate of any interval within the window, shape (n,); not to be written to."""
        if window_s not in self._peaks:
            self._peaks[window_s] = self._rps.last(self.intervals(window_s)).max(axis=0)
        return self._peaks[window_s]

    def lowest_rps(self, window_s: float) -> Floats:
        """Lowest rate of any interval within the window, shape (n,)."""
        lowest: Floats = self._rps.last(self.intervals(window_s)).min(axis=0)
        return lowest

    def smooth_rps(self, tau_s: float) -> Floats:
        """Exponentially smoothed rate, shape (n,); `tau_s` is one of `SMOOTHING_S`."""
        return self._smooth_rps[tau_s]

    def volatility(self) -> Floats:
        """Root mean square of the log change of the rate from interval to interval, shape (n,)."""
        root: Floats = np.sqrt(self._volatility)
        return root

    def desired_before(self, window_s: float) -> Floats:
        """Desired replicas one window ago, shape (n,)."""
        before: Floats = self._desired.last(self.intervals(window_s) + 1)[0]
        return before

    def worst_violation(self, window_s: float) -> Floats:
        """Highest share of SLO violations of any interval within the window, shape (n,)."""
        worst: Floats = self._violation.last(self.intervals(window_s)).max(axis=0)
        return worst

    def mean_rps(self) -> Floats:
        """Mean rate since the episode began, shape (n,); 0 before any was measured."""
        mean: Floats = self._rps_sum / np.maximum(self._rps_count, 1.0)
        return mean


_BRIDGED = (
    "rps",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "slo_violation_ratio",
    "error_ratio",
    "cpu_utilization",
    "memory_utilization",
    "queue_requests",
)
