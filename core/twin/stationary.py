"""Latency of a service at a steady load, for many services and loads at once.

The formulas are those of the simulator (`core.cluster.response`): M/M/c after Erlang, with the
correction of Allen and Cunneen for less variable service times.
"""

from __future__ import annotations

import numpy as np

from core.cluster.erlang import ErlangTable
from core.cluster.queueing import GROWTH, MEMORY_S
from core.cluster.response import response_time, survival
from core.twin.recording import Floats

_ENDLESS_S = 1e6


def slower_shares(
    rps: Floats,
    ready: Floats,
    workers: Floats,
    service_s: Floats,
    variation: Floats,
    bounds_s: Floats,
    table: ErlangTable,
) -> Floats:
    """Share of requests slower than each bound.

    Args:
        rps: Requests per second at each load, shape (m,).
        ready: Ready pods there, shape (m,).
        workers: Per pod, of each candidate, shape (n,).
        service_s: Mean service time of each candidate, shape (n,).
        variation: Standard deviation over mean of its service time, shape (n,).
        bounds_s: Shape (b,).
        table: Where Erlang C is looked up.

    Returns:
        Shape (m, n, b). At loads that a candidate cannot carry the backlog of a window of
        `MEMORY_S` is assumed.
    """
    servers = ready[:, None] * workers[None, :]
    load = rps[:, None] * service_s
    gap = np.maximum(servers - load, 0.0)
    growth = GROWTH / service_s
    decay = np.maximum(growth * gap * gap / np.maximum(servers, 1.0), 1.0 / MEMORY_S)
    spread_s = service_s * variation
    law = response_time(
        np.zeros((len(rps) + 1, len(workers))),
        growth / decay,
        servers,
        service_s,
        spread_s,
        np.full(len(workers), _ENDLESS_S),
        table,
    )
    fixed_s = service_s - spread_s
    result = np.empty((len(rps), len(workers), len(bounds_s)))
    for index, bound in enumerate(bounds_s):
        left_s = bound - fixed_s
        shares = survival(law, np.maximum(left_s, 0.0) / spread_s)
        result[:, :, index] = np.where(left_s > 0.0, shares, 1.0)
    overloaded = load > servers
    result[overloaded] = 1.0
    return result
