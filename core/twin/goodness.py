"""How near the simulator comes to what was measured, on a stretch that the fit never saw."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.traffic.fit_record import FitQuality
from core.traffic.scenario import Scenario
from core.twin.blocks import Stage
from core.twin.recording import Floats

LEAST_POINTS = 8
_BLOCKS_AT_ONCE = 48
_LEAST_VARIATION = 0.01
"""Standard deviation over mean below which there is no variance to explain."""


def judge(
    stage: Stage, scenario: Scenario, wanted: Mapping[str, Floats], begin: int, end: int
) -> dict[str, FitQuality]:
    """Simulate steps `begin` … `end` with the fitted service and compare.

    Args:
        stage: Recorded traffic and pods.
        scenario: With the fitted service.
        wanted: What was measured, shape (steps,), NaN where not to be compared, by the names
            `latency_p50`, `latency_p95`, `latency_p99` (milliseconds) and `cpu` (utilisation).
        begin: First step.
        end: One after the last.
    """
    found = {name: np.full(len(stage.rps), np.nan) for name in wanted}
    starts = stage.blocks(begin, end)
    service = scenario.service
    for first in range(0, len(starts), _BLOCKS_AT_ONCE):
        played, step = stage.play([scenario], starts[first : first + _BLOCKS_AT_ONCE], end)
        here = step >= 0
        for name, values in zip(
            ("latency_p50", "latency_p95", "latency_p99"), played.latency_ms, strict=True
        ):
            if name in found:
                found[name][step[here]] = values[here]
        if "cpu" in found:
            cpu = service.cpu_idle + service.cpu_per_capacity * played.busy
            found["cpu"][step[here]] = cpu[here]
    qualities = {name: _quality(found[name], wanted[name]) for name in wanted}
    return {name: quality for name, quality in qualities.items() if quality is not None}


def _quality(found: Floats, wanted: Floats) -> FitQuality | None:
    both = np.isfinite(found) & np.isfinite(wanted) & (wanted > 0)
    if both.sum() < LEAST_POINTS:
        return None
    simulated, measured = found[both], wanted[both]
    mean = float(measured.mean())
    spread = float(((measured - mean) ** 2).sum())
    explained = None
    if measured.std() > _LEAST_VARIATION * mean:
        explained = 1.0 - float(((simulated - measured) ** 2).sum()) / spread
    return FitQuality(
        median_relative_error=float(np.median(np.abs(simulated - measured) / measured)),
        r_squared=explained,
        points=int(both.sum()),
    )
