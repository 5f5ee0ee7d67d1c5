"""Latencies as a histogram shows them: what Prometheus makes of a distribution."""

from __future__ import annotations

import numpy as np

from core.cluster.mixture import QUANTILES
from core.twin.recording import Floats

_FINE_BOUNDS = 48
_FINE_FROM = 0.1
_FINE_TO = 60.0


def usable_bounds_s(bounds_ms: Floats, typical_ms: float) -> Floats:
    """Bounds at which distributions are evaluated, in seconds, shape (b,).

    Args:
        bounds_ms: Those of the measured histogram; empty if quantiles are exact.
        typical_ms: A latency that was measured, to place bounds around where there are none.
    """
    if len(bounds_ms):
        return bounds_ms / 1000.0
    first = _FINE_FROM * typical_ms / 1000.0
    return np.geomspace(first, _FINE_TO * typical_ms / 1000.0, _FINE_BOUNDS)


def seen_quantiles_ms(slower: Floats, bounds_s: Floats) -> Floats:
    """The p50, p95 and p99 that `histogram_quantile` makes of a distribution.

    Within a bucket requests count as evenly spread; beyond the last finite bound nothing is
    known, and that bound is the answer.

    Args:
        slower: Share of requests slower than each bound, shape (…, b), not increasing.
        bounds_s: Shape (b,), ascending.

    Returns:
        Shape (3, …), milliseconds.
    """
    within = 1.0 - slower
    edges = np.concatenate([[0.0], bounds_s])
    shares = np.concatenate([np.zeros((*within.shape[:-1], 1)), within], axis=-1)
    found = np.empty((len(QUANTILES), *within.shape[:-1]))
    for row, share in zip(found, QUANTILES, strict=True):
        # The first bound within which enough requests are.
        index = (within < share).sum(axis=-1)
        inside = np.minimum(index, len(bounds_s) - 1)
        low = np.take_along_axis(shares, inside[..., None], axis=-1)[..., 0]
        high = np.take_along_axis(shares, inside[..., None] + 1, axis=-1)[..., 0]
        part = (share - low) / np.maximum(high - low, 1e-12)
        start, end = edges[inside], edges[inside + 1]
        row[...] = np.where(
            index >= len(bounds_s), bounds_s[-1], start + np.clip(part, 0.0, 1.0) * (end - start)
        )
    return found * 1000.0
