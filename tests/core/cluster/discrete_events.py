"""An independent simulation of the same service, request by request, in SimPy."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Journal:
    """Every request that arrived, in order of arrival."""

    arrived_s: Floats
    response_s: Floats
    """The timeout for those that failed."""
    failed: NDArray[np.bool_]

    def quantiles_ms(self, start_s: float, end_s: float) -> Floats:
        """p50, p95 and p99 of the requests that arrived in [start, end)."""
        inside = (self.arrived_s >= start_s) & (self.arrived_s < end_s)
        return np.quantile(self.response_s[inside], [0.5, 0.95, 0.99]) * 1000.0

    def violation_ratio(self, start_s: float, end_s: float, slo_s: float) -> float:
        """Share of the requests that arrived in [start, end) and were slow or failed."""
        inside = (self.arrived_s >= start_s) & (self.arrived_s < end_s)
        return float(np.mean((self.response_s[inside] > slo_s) | self.failed[inside]))


def serve_first_come_first_served(
    rates_rps: Floats,
    servers: NDArray[np.int64],
    draw_service_s: Callable[[np.random.Generator, int], Floats],
    timeout_s: float,
    rng: np.random.Generator,
) -> Journal:
    """Simulate Poisson arrivals at servers that share one queue.

    Args:
        rates_rps: Arrival rate in every second.
        servers: Servers in every second; one that leaves finishes what it serves.
        draw_service_s: Draws that many service times.
        timeout_s: A request that has waited this long fails.
        rng: Source of all randomness.
    """
    env = simpy.Environment()
    counts = rng.poisson(rates_rps)
    starts = np.repeat(np.arange(len(rates_rps)), counts)
    arrived = np.sort(starts + rng.random(len(starts)))
    service = draw_service_s(rng, len(arrived)).tolist()
    response = np.full(len(arrived), timeout_s)
    failed = np.zeros(len(arrived), dtype=np.bool_)
    times = arrived.tolist()
    waiting: deque[int] = deque()
    busy, allowed = 0, int(servers[0])

    def start_next() -> None:
        nonlocal busy
        while waiting and busy < allowed:
            request = waiting.popleft()
            if env.now - times[request] > timeout_s:
                failed[request] = True
                continue
            busy += 1
            response[request] = env.now - times[request] + service[request]
            env.timeout(service[request]).callbacks.append(finish)

    def finish(_: simpy.Event) -> None:
        nonlocal busy
        busy -= 1
        start_next()

    def arrive() -> simpy.events.ProcessGenerator:
        for request, moment in enumerate(times):
            yield env.timeout(moment - env.now)
            waiting.append(request)
            start_next()

    def resize() -> simpy.events.ProcessGenerator:
        nonlocal allowed
        for count in servers.tolist():
            allowed = count
            start_next()
            yield env.timeout(1.0)

    env.process(resize())
    env.process(arrive())
    env.run()
    return Journal(arrived, response, failed)
