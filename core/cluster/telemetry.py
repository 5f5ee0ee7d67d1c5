"""What is measured of n clusters, and when it becomes known."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np

from core.cluster.columns import Columns, Floats, Integers
from core.cluster.mixture import Mixture, quantiles
from core.cluster.summation import sum_ticks
from core.cluster.tape import earlier_ticks
from core.traffic.scenario import Scenario


class Sample(IntEnum):
    """What is kept of every tick.

    The first ones are added up over a window of rates, these and the next ones over an interval,
    and the law of the response time makes the mixture of its latencies.
    """

    ARRIVALS = 0
    SERVED = 1
    READY = 2
    FAILED = 3
    VIOLATIONS = 4
    ANSWERED = 5
    """Arrivals of this tick that do not fail."""
    FIRST = 6
    LAST = 7
    RATE = 8
    WEIGHT = 9
    FIXED = 10
    """Only meaningful once the service time has varied."""
    QUEUE = 11
    """Requests waiting at the end of the tick."""


_SUMMED: Final = Sample.ANSWERED
_RATED: Final = Sample.FAILED


class Telemetry(Columns):
    """The recent ticks of n clusters, and the values that a monitoring system makes of them.

    Samples arrive late: at time T, values are of the window that ends `delay` earlier and is one
    decision interval long, so that the windows of successive decisions adjoin. Request rate and
    CPU are averaged over the longer window of rates, if it is longer.

    Args:
        size: Number of clusters.
        interval: Ticks per decision.
    """

    def __init__(self, size: int, interval: int) -> None:
        self._interval = interval
        self._keep = 2 * interval
        self._end = self._keep
        self._samples: Floats = np.zeros((len(Sample), 3 * self._keep, size))
        self._delay: Integers = np.zeros(size, dtype=np.int64)
        self._same_delay = True
        self._window: Integers = np.full(size, interval, dtype=np.int64)
        self._longer_windows: tuple[int, ...] = ()
        """Windows of rates that are longer than an interval, each once."""
        self._spread_s: Floats = np.ones(size)
        self._fixed: Floats = np.zeros(size)
        self._timeout_s: Floats = np.ones(size)
        self._pod_capacity: Floats = np.ones(size)
        self._cpu_full: Floats = np.ones(size)
        self._cpu_idle: Floats = np.zeros(size)
        self._memory_base: Floats = np.zeros(size)
        self._memory_queued: Floats = np.zeros(size)

    def load(self, index: int, scenario: Scenario) -> None:
        """Start over in one cluster; `earlier` is to be filled next."""
        service = scenario.service
        self._delay[index] = round(scenario.metrics.delay_s)
        self._window[index] = max(round(scenario.metrics.window_s), self._interval)
        self._same_delay = bool((self._delay == self._delay[index]).all())
        self._longer_windows = tuple(set(self._window.tolist()) - {self._interval})
        self._spread_s[index] = service.service_time_ms / 1000.0 * service.service_time_cv
        self._fixed[index] = service.service_time_ms / 1000.0 / self._spread_s[index] - 1.0
        self._timeout_s[index] = service.timeout_s
        self._pod_capacity[index] = service.pod_capacity_rps
        self._cpu_full[index] = service.cpu_per_capacity
        self._cpu_idle[index] = service.cpu_idle
        self._memory_base[index] = service.memory_base
        self._memory_queued[index] = service.memory_per_queued_request
        self._reserve(earlier_ticks(scenario))

    def earlier(self, index: int, ticks: int) -> Floats:
        """The samples of the newest `ticks` of one cluster, shape (samples, ticks, 1), to fill."""
        return self._samples[:, self._end - ticks : self._end, index : index + 1]

    def following(self, ticks: int) -> Floats:
        """The samples of the next `ticks`, shape (samples, ticks, n), to fill."""
        if self._end + ticks > self._samples.shape[1]:
            self._samples[:, : self._keep] = self._samples[:, self._end - self._keep : self._end]
            self._end = self._keep
        rows = self._samples[:, self._end : self._end + ticks]
        self._end += ticks
        return rows

    def _reserve(self, ticks: int) -> None:
        if ticks <= self._keep:
            return
        kept = self._samples[:, self._end - self._keep : self._end]
        samples = np.zeros((len(Sample), 3 * ticks, self._samples.shape[2]))
        samples[:, ticks - self._keep : ticks] = kept
        self._samples, self._keep, self._end = samples, ticks, ticks

    def measure(self, columns: Integers, varied: bool) -> dict[str, Floats]:
        """The newest values of some clusters.

        Args:
            columns: Which clusters, shape (m,), each once and in order.
            varied: Whether the service time of any of them may have varied.

        Returns:
            Arrays of shape (m,) by their names in `StateBatch`.
        """
        samples = self._rows(columns, self._interval, Sample.QUEUE if varied else Sample.FIXED)
        arrived, served, ready, failed, violations = sum_ticks(samples[:_SUMMED])
        unit_s = self._spread_s[columns]
        mixture = Mixture(
            laws=samples[Sample.ANSWERED : Sample.FIXED],
            fixed=samples[Sample.FIXED] if varied else self._fixed[None, columns],
            failed=np.maximum(arrived - sum_ticks(samples[Sample.ANSWERED]), 0.0),
            timeout=self._timeout_s[columns] / unit_s,
        )
        found = quantiles(mixture)
        timeout_ms = self._timeout_s[columns] * 1000.0
        latency_ms = np.where(found < mixture.timeout, found * (unit_s * 1000.0), timeout_ms)
        np.maximum.accumulate(latency_ms, axis=0, out=latency_ms)  # they are found one by one
        silent = arrived == 0.0
        latency_ms[:, silent | (served == 0.0)] = np.nan
        share = 1.0 / np.where(silent, np.nan, arrived)
        answers = served + failed
        rps = arrived / self._interval
        cpu = self._cpu(columns, served, ready)
        for window in self._longer_windows:
            rated = (self._window[columns] == window).nonzero()[0]
            if len(rated):
                longer = self._rows(columns[rated], window, _RATED)
                rated_arrived, rated_served, rated_ready = sum_ticks(longer)
                rps[rated] = rated_arrived / window
                cpu[rated] = self._cpu(columns[rated], rated_served, rated_ready)
        pods = samples[Sample.READY, -1]
        queue = self._samples[Sample.QUEUE, self._end - 1 - self._delay[columns], columns]
        memory = self._memory_base[columns] + (
            self._memory_queued[columns] * queue / np.where(pods > 0.0, pods, np.nan)
        )
        return {
            "rps": rps,
            "latency_p50_ms": latency_ms[0],
            "latency_p95_ms": latency_ms[1],
            "latency_p99_ms": latency_ms[2],
            "slo_violation_ratio": np.minimum(violations * share, 1.0),
            "error_ratio": failed / np.where(answers > 0.0, answers, np.nan),
            "cpu_utilization": cpu,
            "memory_utilization": memory,
            "queue_requests": queue,
        }

    def delay_s(self, columns: Integers) -> Floats:
        """Age of the newest samples of some clusters, shape (m,)."""
        return self._delay[columns].astype(np.float64)

    def _cpu(self, columns: Integers, served: Floats, ready: Floats) -> Floats:
        capacity = ready * self._pod_capacity[columns]
        busy = np.minimum(served / np.where(ready > 0.0, capacity, np.nan), 1.0)
        return self._cpu_idle[columns] + self._cpu_full[columns] * busy

    def _rows(self, columns: Integers, ticks: int, samples: int) -> Floats:
        """The first `samples` of the `ticks` until `delay` ago, shape (samples, ticks, m)."""
        size = self._samples.shape[2]
        if self._same_delay and len(columns) == size:
            end = self._end - int(self._delay[0])
            return self._samples[:samples, end - ticks : end]
        first = self._end - self._delay[columns] - ticks
        cells = np.add.outer(np.arange(ticks) * size, first * size + columns)
        rows: Floats = self._samples[:samples].reshape(samples, -1).take(cells, axis=1)
        return rows
