"""Cost against violations on one workload, as a chart: fronts as curves, policies as letters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from console.charts.model import ChartData, Curve, Floats, LineStyle, Point, Viewport
from console.themes import Series
from core.bench.figures import VIOLATION_FLOOR

if TYPE_CHECKING:
    from core.bench.report import Report

_LEAST_LOG: Final = -4.0
"""Logarithm of the least share of violations on the axis; what is below lies on its edge."""
_SAMPLES: Final = 400
_DEAREST: Final = 1.25
"""How far the axis of costs reaches above the dearest policy: the oracle's calm end is far off."""


def front_chart(
    report: Report, workload: str, letters: Mapping[str, str], selected: str = ""
) -> tuple[ChartData, Viewport] | None:
    """The chart of a workload: pods per needed pod over the share of requests over the SLO.

    Args:
        report: Of the benchmark.
        workload: Which one.
        letters: What stands for each policy.
        selected: The policy that stands out.

    Returns:
        The chart and what of it is shown; None without any traffic.
    """
    rows = [row for row in report.rows if row.workload == workload]
    fronts = next((one for one in report.fronts if one.workload == workload), None)
    needed = rows[0].comparison.needed_pod_hours if rows else 0.0
    if fronts is None or needed <= 0.0:
        return None
    points = tuple(
        Point(
            _logarithm(row.comparison.slo_violation_ratio),
            row.comparison.pod_hours / needed,
            letters[row.policy],
            Series.OPERATOR if row.policy == selected else Series.CURSOR,
        )
        for row in sorted(rows, key=lambda row: row.policy == selected)
    )
    settings = [point[1:] for point in fronts.hpa]
    most = max([point.x for point in points] + [_logarithm(VIOLATION_FLOOR)]) + 0.3
    axis = np.linspace(_LEAST_LOG, min(most, 0.0), _SAMPLES)
    ceiling = _DEAREST * max(point.y for point in points)
    own = next((row.comparison for row in rows if row.policy == selected), rows[0].comparison)
    bound = np.array([_logarithm(max(own.slo_violation_ratio, VIOLATION_FLOOR))])

    def curve(
        label: str, series: Series, front: Sequence[tuple[float, float]], style: LineStyle
    ) -> Curve:
        values = _cost(axis, front, needed, ceiling)
        # The heading says what the selected policy has to beat.
        [rival] = _cost(bound, front, needed, np.inf).tolist()
        return Curve(label, series, values, style, stepped=True, current=rival)

    rules = [point[1:] for point in fronts.rule]
    curves = (
        curve("HPA", Series.RUN_B, settings, LineStyle.SOLID),
        curve("rule", Series.RUN_A, rules, LineStyle.DASHED),
        curve("oracle", Series.BASELINE, fronts.oracle, LineStyle.DOTTED),
    )
    data = ChartData(
        f"front of {workload}",
        "",
        axis,
        curves,
        floor=None,
        ceiling=max(point.y for point in points),
        points=points,
        across="requests over the SLO",
        upward="pods per needed pod",
    )
    return data, Viewport(float(axis[0]), float(axis[-1]), in_time=False, in_shares=True)


def _logarithm(ratio: float) -> float:
    return max(math.log10(ratio), _LEAST_LOG) if ratio > 0.0 else _LEAST_LOG


def _cost(
    axis: Floats, points: Sequence[tuple[float, float]], needed: float, ceiling: float
) -> Floats:
    """Fewest pods per needed pod within each bound; NaN where nothing is, or far too dear."""
    ordered = sorted(points)
    bounds = np.array([_logarithm(ratio) for ratio, _ in ordered])
    least = np.minimum.accumulate([hours / needed for _, hours in ordered])
    place = np.searchsorted(bounds, axis, side="right") - 1
    cost = np.where(place >= 0, least[np.maximum(place, 0)], np.nan)
    return np.where(cost <= ceiling, cost, np.nan)
