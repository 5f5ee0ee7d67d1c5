"""Open-loop HTTP traffic: requests leave when they are due, answered or not."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from types import TracebackType

import aiohttp
import numpy as np

from tests.stack.loop import LoopThread

_MOST_IN_FLIGHT = 4000
_TIMEOUT_S = 20.0
_LOOK_AGAIN_S = 0.25


class Load:
    """Poisson arrivals at a rate that may change; a context manager."""

    def __init__(
        self,
        loop: LoopThread,
        url: str,
        rate: Callable[[float], float],
        *,
        seed: int = 0,
        longest_s: float = 900.0,
    ) -> None:
        """Send to `url`, but no longer than `longest_s`.

        `rate` gives requests per second at so many seconds after the start.
        """
        self._loop = loop
        self._url = url
        self._rate = rate
        self._longest_s = longest_s
        self._rng = np.random.default_rng(seed)
        self._task: asyncio.Task[None] | None = None
        self.counts: Counter[int] = Counter()
        """Answers by HTTP status; 0: none."""
        self.latencies_s: list[float] = []

    @property
    def sending(self) -> bool:
        """Whether it has begun and not yet come to its end."""
        return self._task is not None and not self._task.done()

    def set_rate(self, rps: float) -> None:
        """Send `rps` requests per second from now on."""
        self._rate = lambda _: rps

    def follow(self, rate: Callable[[float], float]) -> None:
        """Send at this rate from now on, a function of the seconds since the start."""
        self._rate = rate

    def start(self) -> Load:
        """Begin to send."""

        async def begin() -> None:
            self._task = asyncio.ensure_future(self._run())

        self._loop.call(begin())
        return self

    def stop(self) -> None:
        """Send no more; requests on their way are dropped."""

        async def end() -> None:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait({self._task})

        self._loop.call(end())

    def __enter__(self) -> Load:
        """Begin to send."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Send no more."""
        self.stop()

    async def _run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        began = due = time.monotonic()
        flying: set[asyncio.Task[None]] = set()
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            try:
                while due - began < self._longest_s:
                    rps = self._rate(due - began)
                    gap_s = float(self._rng.exponential(1.0 / rps)) if rps > 0.0 else _LOOK_AGAIN_S
                    # Arrivals have no memory: none for a while is no reason to wait for the one
                    # that was drawn, and the rate may have changed.
                    due += min(gap_s, _LOOK_AGAIN_S)
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
                    if gap_s < _LOOK_AGAIN_S and len(flying) < _MOST_IN_FLIGHT:
                        task = asyncio.ensure_future(self._send(session))
                        flying.add(task)
                        task.add_done_callback(flying.discard)
            finally:
                for task in flying:
                    task.cancel()

    async def _send(self, session: aiohttp.ClientSession) -> None:
        began = time.monotonic()
        try:
            async with session.get(self._url) as reply:
                await reply.read()
                self.counts[reply.status] += 1
        except (aiohttp.ClientError, OSError, TimeoutError):
            self.counts[0] += 1
        self.latencies_s.append(time.monotonic() - began)
