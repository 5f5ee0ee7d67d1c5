"""Erlang's probability of having to wait, exact and from a table.

Source: Erlang B by the recursion B_k = a·B_(k-1) / (k + a·B_(k-1)), B_0 = 1, and
C = B_c / (1 − ρ·(1 − B_c)) with offered load a = λ/μ and ρ = a/c < 1.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LARGEST_SERVERS: Final = 1024
"""More servers are looked up as this many at the same distance (c − a)/√c from saturation."""

_STEP: Final = 1.0 / 32.0
"""Grid of the square root of the offered load; in between C is interpolated linearly."""


def erlang_c(servers: int, offered_load: float) -> float:
    """Probability that an arrival has to wait in a stationary M/M/c queue.

    Args:
        servers: c, at least 1.
        offered_load: a = λ/μ, in [0, c); at or above c the answer is 1.
    """
    if offered_load >= servers:
        return 1.0
    blocking = 1.0
    for k in range(1, servers + 1):
        blocking = offered_load * blocking / (k + offered_load * blocking)
    return blocking / (1.0 - offered_load / servers * (1.0 - blocking))


class ErlangTable:
    """Erlang C for arrays, by interpolation; grows with the largest number of servers asked for.

    The error is below 0.001 (absolute; 0.002 beyond `LARGEST_SERVERS`), and the values decrease in
    the servers and increase in the load as the exact ones do. What is looked up does not depend
    on how far the table has grown.
    """

    def __init__(self) -> None:
        self._servers = 0
        self._width = 0
        self._table: Floats = np.empty(0)

    def waiting_probability(self, servers: Floats, offered_load: Floats) -> Floats:
        """Erlang C, elementwise.

        Args:
            servers: Whole numbers, at least 1, any shape.
            offered_load: In [0, servers], same shape.
        """
        largest = int(servers.max(initial=1.0))
        if largest > LARGEST_SERVERS:
            servers, offered_load = _within_table(servers, offered_load)
            largest = LARGEST_SERVERS
        if largest > self._servers:
            self._grow(largest)
        position = np.sqrt(offered_load)
        position *= 1.0 / _STEP
        left = np.floor(position)
        position -= left
        row = servers * self._width
        row += left
        cell = row.astype(np.int64)
        low = self._table.take(cell)
        cell += 1
        high = self._table.take(cell)
        high -= low
        high *= position
        high += low
        np.minimum(high, 1.0, out=high)
        return high

    def _grow(self, servers: int) -> None:
        size = 64
        while size < servers:
            size *= 2
        width = int(np.ceil(np.sqrt(size) / _STEP)) + 2
        load = (np.arange(width) * _STEP) ** 2
        table = np.ones((size + 1, width))
        blocking = np.ones(width)
        for k in range(1, size + 1):
            blocking *= load
            blocking /= k + blocking
            # One node beyond saturation serves to interpolate up to it; the others are not used.
            used = int(np.searchsorted(load, k)) + 1
            part = blocking[:used]
            table[k, :used] = part / (1.0 - load[:used] / k * (1.0 - part))
        self._servers, self._width, self._table = size, width, table.ravel()


def _within_table(servers: Floats, offered_load: Floats) -> tuple[Floats, Floats]:
    """Map systems that are too large to the largest one at the same distance from saturation."""
    distance = (servers - offered_load) / np.sqrt(servers)
    scaled = LARGEST_SERVERS - distance * np.sqrt(LARGEST_SERVERS)
    large = servers > LARGEST_SERVERS
    return (
        np.where(large, float(LARGEST_SERVERS), servers),
        np.where(large, np.maximum(scaled, 0.0), offered_load),
    )
