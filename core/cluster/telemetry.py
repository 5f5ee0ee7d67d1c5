"""What is measured of n clusters, and when it becomes known."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

from core.cluster.columns import Columns, Floats, Integers
from core.cluster.mixture import Mixture, quantiles, sum_rows
from core.cluster.response import ResponseTime
from core.traffic.scenario import Scenario


class Sample(IntEnum):
    """What is kept of every tick."""

    ARRIVALS = 0
    REFUSED = 1
    FAILED = 2
    VIOLATIONS = 3
    SERVED = 4
    READY = 5
    QUEUE = 6
    """Requests waiting at the end of the tick."""
    FIRST = 7
    LAST = 8
    RATE = 9
    WEIGHT = 10
    FIXED = 11


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
        self._window: Integers = np.full(size, interval, dtype=np.int64)
        self._spread_s: Floats = np.ones(size)
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
        self._spread_s[index] = service.service_time_ms * service.service_time_cv / 1000.0
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

    def measure(self, columns: Integers) -> dict[str, Floats]:
        """The newest values of some clusters, shape (m,) each, by their names in `StateBatch`."""
        samples = self._rows(columns, self._interval)
        arrivals = samples[Sample.ARRIVALS]
        requests = sum_rows(arrivals)
        failed = sum_rows(samples[Sample.FAILED])
        served = sum_rows(samples[Sample.SERVED])
        refused = sum_rows(samples[Sample.REFUSED])
        spread_s = self._spread_s[columns]
        mixture = Mixture(
            law=ResponseTime(
                samples[Sample.FIRST],
                samples[Sample.LAST],
                samples[Sample.RATE],
                samples[Sample.WEIGHT],
            ),
            fixed=samples[Sample.FIXED],
            answered=arrivals - samples[Sample.REFUSED],
            failed=refused,
            timeout=self._timeout_s[columns] / spread_s,
        )
        latency_ms = quantiles(mixture) * (spread_s * 1000.0)
        silent = requests == 0.0
        latency_ms[:, silent | (served == 0.0)] = np.nan
        share = 1.0 / np.where(silent, np.nan, requests)
        violations = np.minimum(sum_rows(samples[Sample.VIOLATIONS]) * share, 1.0)
        ready = sum_rows(samples[Sample.READY])
        rps = requests / self._interval
        cpu = self._cpu(columns, served, ready)
        for window in np.unique(self._window[columns]):
            if window > self._interval:
                rated = np.flatnonzero(self._window[columns] == window)
                longer = self._rows(columns[rated], int(window))
                rps[rated] = sum_rows(longer[Sample.ARRIVALS]) / window
                cpu[rated] = self._cpu(
                    columns[rated],
                    sum_rows(longer[Sample.SERVED]),
                    sum_rows(longer[Sample.READY]),
                )
        queue = samples[Sample.QUEUE][-1]
        pods = samples[Sample.READY][-1]
        memory = self._memory_base[columns] + (
            self._memory_queued[columns] * queue / np.where(pods > 0.0, pods, np.nan)
        )
        return {
            "rps": rps,
            "latency_p50_ms": latency_ms[0],
            "latency_p95_ms": latency_ms[1],
            "latency_p99_ms": latency_ms[2],
            "slo_violation_ratio": violations,
            "error_ratio": np.minimum(failed * share, 1.0),
            "cpu_utilization": cpu,
            "memory_utilization": memory,
            "queue_requests": queue.copy(),
        }

    def delay_s(self, columns: Integers) -> Floats:
        """Age of the newest samples of some clusters, shape (m,)."""
        return self._delay[columns].astype(np.float64)

    def _cpu(self, columns: Integers, served: Floats, ready: Floats) -> Floats:
        capacity = ready * self._pod_capacity[columns]
        busy = np.minimum(served / np.where(ready > 0.0, capacity, np.nan), 1.0)
        return self._cpu_idle[columns] + self._cpu_full[columns] * busy

    def _rows(self, columns: Integers, ticks: int) -> Floats:
        """Samples of the `ticks` until `delay` ago, shape (samples, ticks, m)."""
        first = self._end - self._delay[columns] - ticks
        rows = first + np.arange(ticks)[:, None]
        return self._samples[:, rows, columns]


def earlier_ticks(scenario: Scenario) -> int:
    """How many ticks before the start the first measurement of a scenario looks back."""
    window = max(round(scenario.metrics.window_s), scenario.interval_s)
    return round(scenario.metrics.delay_s) + window
