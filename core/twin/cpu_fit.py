"""What a request costs in CPU, and what an idle pod uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.twin.recording import Floats

_LEAST_STEPS = 8
_ROUNDS = 6
_LEAST_SPREAD = 1.5
"""Loads per pod must differ by this factor to tell idle use from use per request."""


@dataclass(frozen=True, slots=True)
class CpuFit:
    """CPU utilisation of the request as idle + per_rps × (requests per second and pod)."""

    idle: float
    per_rps: float
    told_apart: bool
    """Whether the load varied enough to tell the two apart."""


def fit_cpu(load: Floats, utilization: Floats, usable: NDArray[np.bool_]) -> CpuFit | None:
    """Fit a line, with less weight on outliers (iterated least squares).

    Args:
        load: Requests per second and ready pod, shape (n,), over the window of the CPU.
        utilization: Used of requested, shape (n,).
        usable: Steps that count, shape (n,).

    Returns:
        None if there is no CPU, or it does not rise with the load.
    """
    usable = usable & np.isfinite(load) & np.isfinite(utilization)
    if usable.sum() < _LEAST_STEPS:
        return None
    x, y = load[usable], utilization[usable]
    low, high = np.quantile(x, [0.02, 0.98])
    if high < _LEAST_SPREAD * max(low, 1e-12):
        share = float(np.median(y / np.maximum(x, 1e-12)))
        return CpuFit(0.0, share, False) if share > 0 else None
    weight = np.ones_like(x)
    idle, slope = 0.0, 0.0
    for _ in range(_ROUNDS):
        root = np.sqrt(weight)
        design = np.column_stack([np.ones_like(x), x]) * root[:, None]
        (idle, slope), *_ = np.linalg.lstsq(design, y * root, rcond=None)
        off = np.abs(y - idle - slope * x)
        scale = max(1.4826 * float(np.median(off)), 1e-9)
        weight = 1.0 / np.maximum(1.0, off / (2.0 * scale))
    if slope <= 0:
        return None
    if idle < 0:
        idle, slope = 0.0, float((weight * x * y).sum() / (weight * x * x).sum())
    return CpuFit(float(idle), float(slope), True)
