"""Sends a schedule over HTTP with Locust's client and statistics, in an open loop.

Locust's own users wait for an answer before they ask again, so that a slow service would see less
traffic: a closed loop. Here a scheduler in a greenlet of its own lets every request leave when it
is due, in a greenlet of its own, whatever became of those before it; Locust sends it, times it and
counts it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from core.errors import InputError
from core.extras import install_command
from core.load.schedule import Schedule
from core.load.tally import LoadReport, Tally

# Its HTTP client speaks gevent by itself; patching the standard library would change this whole
# process, with threads that are running already.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
try:
    import gevent
    from gevent.pool import Pool
    from locust.contrib.fasthttp import FastHttpSession
    from locust.env import Environment
except ImportError as missing:
    raise InputError(
        f"expected the extra `load` to send traffic, found no {missing.name}.",
        f"Install it: {install_command('load')}",
    ) from missing

LATEST_S: Final = 1.0
"""A request that is later than this is not sent any more: it belongs to another moment."""
MOST_IN_FLIGHT: Final = 5_000
"""Requests that may wait for their answers at once."""
_LOOK_S: Final = 0.1
"""How often it is looked whether to stop."""
_TELL_S: Final = 0.5
_NAME: Final = "request"


class LoadGenerator:
    """Sends a schedule to one URL.

    Args:
        schedule: What to send.
        url: Where to send it, by GET.
        timeout_s: How long an answer may take altogether.
        interval_s: Length of the intervals of the report.
        keep_alive: Use connections again. Without it every request comes over a connection of its
            own, as from a caller of its own, so that new pods behind a plain Service get their
            share at once.
        most_in_flight: Requests that may wait for their answers at once.
    """

    def __init__(
        self,
        schedule: Schedule,
        url: str,
        *,
        timeout_s: float = 30.0,
        interval_s: float = 10.0,
        keep_alive: bool = False,
        most_in_flight: int = MOST_IN_FLIGHT,
    ) -> None:
        self._schedule = schedule
        self._url = url
        self._timeout_s = timeout_s
        self._headers = {} if keep_alive else {"Connection": "close"}
        self._tally = Tally(schedule, interval_s)
        self._flying = Pool(most_in_flight)
        self._environment = Environment()
        # What fills the statistics; it has no users, since nobody waits for answers here.
        self._runner = self._environment.create_local_runner()
        self._session = FastHttpSession(
            url,
            self._environment.events.request,
            None,
            insecure=False,
            concurrency=most_in_flight,
            max_retries=0,
            connection_timeout=timeout_s,
            network_timeout=timeout_s,
            headers={"User-Agent": "rlscale-console"},
        )
        # An arrival is one request by somebody new: no cookie that binds all of them to one pod,
        # and no second request after a redirect.
        client: Any = self._session.client
        client.cookiejar = None
        client.redirect_response_codes = frozenset()
        self._began = 0.0

    def run(
        self,
        rng: np.random.Generator,
        stopped: Callable[[], object],
        on_progress: Callable[[float, Tally], None] = lambda _elapsed_s, _tally: None,
    ) -> LoadReport:
        """Send all of it; returns what became of it.

        Args:
            rng: Draws the arrivals.
            stopped: Asked some times per second whether to end early; requests on their way are
                then dropped, and count neither as answered nor as failed.
            on_progress: Told some times per second how many seconds have passed, and the counts.
        """
        self._began = time.perf_counter()
        told_s = -_TELL_S
        for due_s in self._schedule.due_times_s(rng):
            while not stopped() and (left_s := due_s - self._elapsed_s) > 0.0:
                gevent.sleep(min(left_s, _LOOK_S))
            if stopped():
                break
            self._launch(due_s)
            # Lets others run even if we are behind.
            gevent.sleep(0)
            if self._elapsed_s - told_s >= _TELL_S:
                told_s = self._elapsed_s
                on_progress(told_s, self._tally)
        while not stopped() and self._elapsed_s < self._schedule.duration_s:
            gevent.sleep(min(_LOOK_S, self._schedule.duration_s - self._elapsed_s))
        ended_s = min(self._elapsed_s, self._schedule.duration_s)
        while not stopped() and len(self._flying):
            gevent.sleep(_LOOK_S)
        self._flying.kill()
        self._runner.quit()
        return self._tally.report(ended_s, self._percentiles_ms())

    @property
    def _elapsed_s(self) -> float:
        return time.perf_counter() - self._began

    def _launch(self, due_s: float) -> None:
        self._tally.due += 1
        if self._elapsed_s - due_s > LATEST_S or self._flying.full():
            self._tally.missed += 1
            return
        self._tally.sent(due_s)
        self._flying.spawn(self._send, due_s)

    def _send(self, due_s: float) -> None:
        timeout = gevent.Timeout(self._timeout_s)
        timeout.start()
        try:
            with self._session.request(
                "GET", self._url, name=_NAME, headers=self._headers, catch_response=True
            ) as answer:
                # Seen from the caller, who began to wait when the request was due.
                answer.request_meta["response_time"] = 1000.0 * (self._elapsed_s - due_s)
                if answer.request_meta["exception"] or not 0 < answer.status_code < 400:
                    self._tally.failed(due_s)
        finally:
            timeout.close()

    def _percentiles_ms(self) -> tuple[float | None, ...]:
        total: Any = self._environment.stats.total
        if not total.num_requests:
            return (None, None, None)
        return tuple(float(total.get_response_time_percentile(p)) for p in (0.5, 0.95, 0.99))
