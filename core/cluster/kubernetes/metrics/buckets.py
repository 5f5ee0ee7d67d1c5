"""Which buckets of a latency histogram tell how many requests met the SLO."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SloBuckets:
    """How the share of requests within the SLO is put together from cumulative buckets."""

    weights: dict[str, float] = field(default_factory=dict)
    """Part of each bucket, by its `le` as written; they add up to 1."""
    notice: str = ""
    """Why the share is not exact; empty if it is."""


def slo_buckets(bounds: Iterable[str], slo: float) -> SloBuckets:
    """Choose the bucket that ends at the SLO, or interpolate between the two around it.

    Interpolation is linear, as `histogram_quantile` does it. Above the largest finite bound
    nothing is known: then that bound stands in for the SLO, and more counts as violated than was.

    Args:
        bounds: The `le` values that exist.
        slo: In the unit of the bounds.

    Returns:
        No weights if there are no finite bounds.
    """
    known: dict[float, str] = {}
    for text in bounds:
        try:
            value = float(text)
        except ValueError:
            continue
        if math.isfinite(value):
            known[value] = text
    if not known:
        return SloBuckets()
    finite = sorted(known)
    for bound in finite:
        if math.isclose(bound, slo, rel_tol=1e-9):
            return SloBuckets({known[bound]: 1.0})
    if slo > finite[-1]:
        return SloBuckets(
            {known[finite[-1]]: 1.0},
            f"the largest latency bucket ends at {finite[-1]:g}, below the SLO of {slo:g}: "
            "slower requests all count as violations",
        )
    upper = next(bound for bound in finite if bound > slo)
    lower = max((bound for bound in finite if bound < slo), default=0.0)
    share = (slo - lower) / (upper - lower)
    notice = (
        f"no latency bucket ends at the SLO of {slo:g}: "
        f"interpolated between {lower:g} and {upper:g}"
    )
    weights = {known[upper]: share}
    if lower in known:
        weights = {known[lower]: 1.0 - share, **weights}
    return SloBuckets(weights, notice)
