"""What the pods of n simulated Deployments do with the requests that arrive."""

from __future__ import annotations

from typing import Final

import numpy as np

from core.cluster.columns import Columns, Floats
from core.cluster.erlang import ErlangTable
from core.cluster.queueing import congest, flow, stationary_congestion
from core.cluster.response import response_time, survival
from core.cluster.telemetry import Sample
from core.traffic.scenario import Scenario

_TINY: Final = 1e-9

_ERLANG: Final = ErlangTable()
"""One for all: it holds nothing but a function, and growing it takes time."""


class Services(Columns):
    """Service models of n clusters and the requests that wait for them.

    Args:
        size: Number of clusters.
    """

    def __init__(self, size: int) -> None:
        self.queue: Floats = np.zeros(size)
        """Requests waiting now, shape (n,)."""
        self._workers: Floats = np.ones(size)
        self._service_s: Floats = np.ones(size)
        self._spread_s: Floats = np.ones(size)
        """Mean of the exponential part of the service time; the rest is fixed."""
        self._timeout_s: Floats = np.ones(size)
        self._slo_s: Floats = np.ones(size)
        self._slow: Floats = np.zeros(size)
        """Share of the newest requests that were counted as slower than the SLO."""
        self._congestion: Floats = np.ones(size)

    def load(self, index: int, scenario: Scenario, rate_rps: float, ready: float) -> None:
        """Start one cluster over, without a backlog, settled at a rate and some ready pods."""
        service = scenario.service
        mean_s = service.service_time_ms / 1000.0
        self.queue[index] = 0.0
        self._workers[index] = service.workers
        self._service_s[index] = mean_s
        self._spread_s[index] = mean_s * service.service_time_cv
        self._timeout_s[index] = service.timeout_s
        self._slo_s[index] = scenario.slo.latency_ms / 1000.0
        self._slow[index] = 0.0
        self._congestion[index] = stationary_congestion(rate_rps, ready * service.workers, mean_s)

    def serve(
        self,
        rates: Floats,
        arrivals: Floats,
        patient: Floats,
        ready: Floats,
        died: Floats | None,
        added_s: Floats | None,
        samples: Floats,
    ) -> None:
        """Let some ticks of one second pass.

        Args:
            rates: Expected requests per second, shape (ticks, n).
            arrivals: Requests, same shape.
            patient: Expected requests that arrived within the timeout, same shape.
            ready: Ready pods, same shape.
            died: Ready pods that died at the start of each tick, same shape.
            added_s: Added to the service time by a dependency, same shape.
            samples: Shape (samples, ticks, n), filled in here.
        """
        service_s = self._service_s if added_s is None else self._service_s + added_s
        servers = ready * self._workers
        capacity = servers / service_s
        flowing = flow(self.queue, rates, arrivals, capacity, patient)
        served, failed = flowing.served, flowing.failed
        refused = arrivals * (capacity <= 0.0)
        if died is not None:
            # What a pod was serving dies with it.
            dead = died * self._workers
            bearable = np.maximum(capacity + dead / service_s, _TINY)
            lost = np.minimum(dead * np.minimum(rates / bearable, 1.0), served)
            served = served - lost
            failed = failed + lost
            refused = np.minimum(refused + lost, arrivals)
        congestion = congest(self._congestion, rates, servers, service_s)
        law = response_time(
            flowing.queue,
            congestion.mean,
            servers,
            service_s,
            self._spread_s,
            self._timeout_s,
            _ERLANG,
        )
        fixed = service_s / self._spread_s - 1.0
        limit = self._slo_s / self._spread_s - fixed
        slow = survival(law, limit)
        before = np.concatenate([self._slow[None, :], slow[:-1]])
        self._slow = slow[-1].copy()
        answered = arrivals - refused
        # Who gives up was counted on arrival, if a long wait was to be expected even then.
        violations = (failed - refused) * (1.0 - before)
        violations += refused
        slow *= answered
        violations += slow
        self.queue = flowing.queue[-1].copy()
        self._congestion = congestion.last
        samples[Sample.ARRIVALS] = arrivals
        samples[Sample.ANSWERED] = answered
        samples[Sample.FAILED] = failed
        samples[Sample.VIOLATIONS] = violations
        samples[Sample.SERVED] = served
        samples[Sample.READY] = ready
        samples[Sample.QUEUE] = flowing.queue[1:]
        samples[Sample.FIRST] = law.first
        samples[Sample.LAST] = law.last
        samples[Sample.RATE] = law.rate
        samples[Sample.WEIGHT] = law.weight
        samples[Sample.FIXED] = fixed
