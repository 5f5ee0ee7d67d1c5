"""Latency quantiles of a whole run out of the quantiles of its intervals."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

_FLOOR_MS: Final = 0.1
_CEILING_MS: Final = 1e6
_POINTS: Final = 256
_GRID_MS: Final[NDArray[np.float64]] = np.concatenate(
    ([0.0], np.geomspace(_FLOOR_MS, _CEILING_MS, _POINTS))
)
_LOG_SURVIVAL: Final = np.log([1.0, 0.5, 0.05, 0.01])
_CHUNK_ROWS: Final = 2048


class LatencyMixture:
    """Request-weighted mixture of interval latency distributions, in constant memory.

    An interval tells its p50, p95 and p99. Between them the logarithm of the share of slower
    requests is taken as linear in latency: through (0, 1), (p50, 0.5), (p95, 0.05), (p99, 0.01),
    and on with the last slope. That is exact for exponential service and close for M/M/c, whose
    tails are exponential. The shares are added up, weighted by requests, on a fixed grid of
    latencies (6.5 % apart), and a quantile of the run is read off with the same interpolation.

    Args:
        size: Number of independent mixtures.
    """

    def __init__(self, size: int = 1) -> None:
        self._slower = np.zeros((size, len(_GRID_MS)))
        self._weight = np.zeros(size)

    def add(
        self,
        requests: NDArray[np.float64],
        p50_ms: NDArray[np.float64],
        p95_ms: NDArray[np.float64],
        p99_ms: NDArray[np.float64],
    ) -> None:
        """Add one interval to each mixture.

        Args:
            requests: Shape (size,); an interval without requests adds nothing.
            p50_ms: Shape (size,); NaN where unmeasured, which leaves the interval out.
            p95_ms: Likewise.
            p99_ms: Likewise.
        """
        weight, slower = _weighted_survival(requests, p50_ms, p95_ms, p99_ms)
        self._weight += weight
        self._slower += slower

    def add_rows(
        self,
        requests: NDArray[np.float64],
        p50_ms: NDArray[np.float64],
        p95_ms: NDArray[np.float64],
        p99_ms: NDArray[np.float64],
    ) -> None:
        """Add many intervals, shape (rows,) each, to a mixture of size one."""
        for start in range(0, len(requests), _CHUNK_ROWS):
            rows = slice(start, start + _CHUNK_ROWS)
            weight, slower = _weighted_survival(
                requests[rows], p50_ms[rows], p95_ms[rows], p99_ms[rows]
            )
            self._weight[0] += weight.sum()
            self._slower[0] += slower.sum(axis=0)

    def row(self, index: int) -> LatencyMixture:
        """Mixture `index` alone."""
        alone = LatencyMixture(1)
        alone._slower[0], alone._weight[0] = self._slower[index], self._weight[index]
        return alone

    @classmethod
    def pooled(cls, mixtures: Iterable[LatencyMixture]) -> LatencyMixture:
        """One mixture of all requests in the given ones."""
        together = cls(1)
        for mixture in mixtures:
            together._slower[0] += mixture._slower.sum(axis=0)
            together._weight[0] += mixture._weight.sum()
        return together

    def quantile_ms(self, share: float, index: int = 0) -> float:
        """Latency that `share` of the requests of mixture `index` stay below.

        Args:
            share: In (0, 1), such as 0.95.
            index: Which mixture.

        Returns:
            Milliseconds, NaN where nothing was measured.
        """
        weight = self._weight[index]
        if weight <= 0:
            return float("nan")
        log_slower = np.log(np.maximum(self._slower[index] / weight, 1e-300))
        return float(np.interp(-np.log(1.0 - share), -log_slower, _GRID_MS))


def _weighted_survival(
    requests: NDArray[np.float64],
    p50_ms: NDArray[np.float64],
    p95_ms: NDArray[np.float64],
    p99_ms: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights (n,) and weight * share of slower requests (n, grid)."""
    measured = np.isfinite(requests) & np.isfinite(p50_ms)
    measured &= np.isfinite(p95_ms) & np.isfinite(p99_ms)
    weight = np.where(measured, requests, 0.0)
    first = np.maximum(np.where(measured, p50_ms, 1.0), 1e-3)
    # Equal quantiles (a constant latency) still need an increasing function.
    second = np.maximum(np.where(measured, p95_ms, 2.0), first * (1 + 1e-9))
    third = np.maximum(np.where(measured, p99_ms, 3.0), second * (1 + 1e-9))
    log_survival = np.zeros((len(weight), len(_GRID_MS)))
    left = np.zeros_like(first)
    for right, low, high in zip(
        (first, second, third), _LOG_SURVIVAL[:-1], _LOG_SURVIVAL[1:], strict=True
    ):
        slope = (high - low) / (right - left)
        last = right is third
        beyond = _GRID_MS[None, :] - left[:, None]
        reach = np.maximum(beyond, 0.0)
        if not last:
            reach = np.minimum(reach, (right - left)[:, None])
        log_survival += slope[:, None] * reach
        left = right
    np.exp(log_survival, out=log_survival)
    log_survival *= weight[:, None]
    return weight, log_survival
