"""A service whose capacity follows its Ready pods: one queue, ready × workers servers."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_NO_POD = ""


@dataclass(frozen=True, slots=True)
class ServiceShape:
    """What one service is like."""

    workers: int = 2
    """Requests that one pod serves at once."""
    service_time_s: float = 0.1
    """Mean seconds of work per request; a pod carries workers / service_time_s requests per s."""
    exponential: bool = True
    """Exponential service times; False: always the mean."""
    slo_s: float = 0.5
    """Latency objective; a histogram bucket ends there."""
    timeout_s: float = 5.0
    """Requests that wait longer than this for a server fail."""
    cpu_request_cores: float = 1.0
    memory_request_bytes: int = 256 * 2**20
    cpu_s_per_request: float = 0.05
    metrics: tuple[str, ...] = ("http",)
    """How request metrics are named: "http", "nginx", "istio", any of them or none."""


@dataclass(slots=True)
class Tally:
    """Requests of one pod with one status code."""

    buckets: list[int]
    count: int = 0
    sum_s: float = 0.0


@dataclass(slots=True)
class PodUse:
    """What one pod has done and holds."""

    created_s: float
    ready_s: float
    busy: int = 0
    cpu_s: float = 0.0
    tallies: dict[str, Tally] = field(default_factory=dict)


class Service:
    """The queue in front of the Ready pods of one Deployment. Lives in the stack's loop."""

    def __init__(self, namespace: str, name: str, shape: ServiceShape, seed: int = 0) -> None:
        """Begin without pods."""
        self.namespace = namespace
        self.name = name
        self.shape = shape
        self.bounds_s = tuple(sorted({*BUCKETS_S, shape.slo_s}))
        self.pods: dict[str, PodUse] = {}
        self.extra_latency_s = 0.0
        """Added to every request's work: a dependency that has become slow."""
        self._rng = np.random.default_rng(seed)
        self._waiting: deque[asyncio.Future[str]] = deque()
        self.unserved = PodUse(time.time(), time.time())
        """Requests that no pod took."""
        self.gateway: dict[str, Tally] = {}
        """By status code, over all pods there have been: a gateway outlives them."""

    @property
    def queue_requests(self) -> int:
        """Requests that wait for a server."""
        return sum(1 for waiter in self._waiting if not waiter.done())

    def set_pods(self, ready: Sequence[tuple[str, float, float]]) -> None:
        """Serve with these pods: (name, created, ready since), times since the epoch."""
        now = {name for name, _, _ in ready}
        for name in [name for name in self.pods if name not in now]:
            del self.pods[name]
        for name, created_s, ready_s in ready:
            if name not in self.pods:
                self.pods[name] = PodUse(created_s, ready_s)
                self._tally(self.pods[name].tallies, "200")
        self._hand_out()

    async def serve(self) -> int:
        """Take one request through queue and server; the HTTP status."""
        began = time.monotonic()
        if not self.pods:
            return self._count(_NO_POD, 503, 0.0)
        waiter: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        self._hand_out()
        try:
            pod = await asyncio.wait_for(waiter, self.shape.timeout_s)
        except TimeoutError:
            return self._count(_NO_POD, 504, time.monotonic() - began)
        try:
            work_s = self._work_s() + self.extra_latency_s
            await asyncio.sleep(work_s)
        finally:
            self._release(pod)
        return self._count(pod, 200, time.monotonic() - began)

    def _work_s(self) -> float:
        mean = self.shape.service_time_s
        return float(self._rng.exponential(mean)) if self.shape.exponential else mean

    def _hand_out(self) -> None:
        """Give free servers to those who have waited longest."""
        while self._waiting:
            free = [name for name, use in self.pods.items() if use.busy < self.shape.workers]
            if not free:
                return
            waiter = self._waiting.popleft()
            if waiter.done():
                continue
            name = min(free, key=lambda pod: self.pods[pod].busy)
            self.pods[name].busy += 1
            waiter.set_result(name)

    def _release(self, pod: str) -> None:
        if pod in self.pods:
            self.pods[pod].busy -= 1
        self._hand_out()

    def _tally(self, tallies: dict[str, Tally], code: str) -> Tally:
        return tallies.setdefault(code, Tally([0] * (len(self.bounds_s) + 1)))

    def _count(self, pod: str, status: int, latency_s: float) -> int:
        use = self.pods.get(pod)
        if use is None:  # no pod, or one that was deleted meanwhile
            use = self.unserved
        else:
            use.cpu_s += self.shape.cpu_s_per_request
        for tallies in (use.tallies, self.gateway):
            tally = self._tally(tallies, str(status))
            tally.buckets[bisect_left(self.bounds_s, latency_s)] += 1
            tally.count += 1
            tally.sum_s += latency_s
        return status
