"""From a snapshot to the data of each chart of the Live screen."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from console.charts.model import ChartData, Curve, Floats, LineStyle, Mark, Threshold, Viewport
from console.live.snapshot import Snapshot
from console.themes import Series
from core.runs.columns import Window
from core.runs.records import EvaluationRow, RunKind


@dataclass(frozen=True, slots=True)
class _Line:
    """Which column of the window becomes which curve."""

    label: str
    column: str
    series: Series
    style: LineStyle = LineStyle.SOLID
    stepped: bool = False
    short: str = ""
    leading: bool = False


@dataclass(frozen=True, slots=True)
class _Chart:
    title: str
    unit: str
    lines: tuple[_Line, ...]
    floor: float | None = 0.0
    ceiling: float | None = None
    whole: bool = False


_CHARTS = {
    "latency": _Chart(
        "latency",
        "ms",
        (
            _Line("p50", "latency_p50_ms", Series.LATENCY_P50, LineStyle.DOTTED),
            _Line("p95", "latency_p95_ms", Series.LATENCY_P95),
            _Line("p99", "latency_p99_ms", Series.LATENCY_P99, LineStyle.DASHED),
        ),
    ),
    "replicas": _Chart(
        "replicas",
        "",
        (
            _Line(
                "starting",
                "replicas_starting",
                Series.REPLICAS_STARTING,
                LineStyle.DOTTED,
                stepped=True,
                short="start",
            ),
            _Line(
                "desired",
                "target",
                Series.REPLICAS_DESIRED,
                LineStyle.DASHED,
                stepped=True,
                short="want",
            ),
            _Line("ready", "replicas_ready", Series.REPLICAS_READY, stepped=True),
        ),
        whole=True,
    ),
    "traffic": _Chart(
        "traffic",
        "rps",
        (
            _Line("capacity", "capacity_rps", Series.CAPACITY, LineStyle.DASHED, stepped=True),
            _Line("traffic", "rps", Series.TRAFFIC),
        ),
    ),
    "reward": _Chart(
        "reward",
        "",
        (
            _Line("churn", "reward_churn", Series.REWARD_CHURN, LineStyle.DOTTED),
            _Line("cost", "reward_cost", Series.REWARD_COST, LineStyle.DASHED),
            _Line("slo", "reward_slo", Series.REWARD_SLO, LineStyle.DOTTED),
            _Line("sum", "reward", Series.REWARD, leading=True),
        ),
        ceiling=0.0,
        floor=None,
    ),
    "utilization": _Chart(
        "utilisation",
        "of request",
        (
            _Line("memory", "memory_utilization", Series.REWARD_CHURN, LineStyle.DASHED),
            _Line("cpu", "cpu_utilization", Series.TRAFFIC),
        ),
    ),
    "queue": _Chart(
        "queue",
        "requests",
        (_Line("waiting", "queue_requests", Series.LATENCY_P99),),
    ),
}


def traffic_chart(name: str, snapshot: Snapshot) -> ChartData:
    """One of the charts of traffic (see `scene`); a new object at every call."""
    chart = _CHARTS[name]
    window = snapshot.window
    times = step_axis(snapshot)
    reduced = window.bucket_steps > 1
    if reduced and len(times):
        times = _twice(times, _bucket_length(times))
    curves = tuple(
        Curve(
            line.label,
            line.series,
            _extremes(window, line.column) if reduced else window.low[line.column],
            line.style,
            line.stepped,
            _current(snapshot, line.column),
            line.short,
            line.leading,
        )
        for line in chart.lines
    )
    threshold = None
    if name == "latency" and snapshot.facts is not None:
        threshold = Threshold("SLO", snapshot.facts.slo_ms)
    return ChartData(
        chart.title,
        chart.unit,
        times,
        curves,
        threshold,
        floor=chart.floor,
        ceiling=chart.ceiling,
        whole=chart.whole,
    )


def step_axis(snapshot: Snapshot) -> Floats:
    """Where each sample of the window lies on the axis: time, or in a training the step.

    The rows of a training are samples of many episodes, each of which begins at time 0.
    """
    if snapshot.info.kind is RunKind.TRAINING:
        return snapshot.window.step.astype(np.float64)
    return snapshot.window.time_s


def traffic_viewport(snapshot: Snapshot) -> Viewport:
    """The stretch that the traffic charts show."""
    axis = step_axis(snapshot)
    navigation = snapshot.view.navigation
    in_time = snapshot.info.kind is not RunKind.TRAINING
    cursor: float | None = None
    if snapshot.inspected is not None:
        inspected = snapshot.inspected
        cursor = inspected.state.time_s if in_time else float(inspected.index)
    if not len(axis):
        return Viewport(0.0, navigation.span_s or 600.0, cursor, in_time)
    interval = snapshot.info.interval_s if in_time else 1.0
    if navigation.span_s is None:
        first = float(axis[0])
        span = max(float(axis[-1]) - first, 10 * interval)
        # Rounded up to an eighth, or a growing run would move at every step.
        eighth = 2.0 ** math.floor(math.log2(span)) / 8
        return Viewport(first, first + math.ceil(span / eighth) * eighth, cursor, in_time)
    span = navigation.span_s / snapshot.info.interval_s * interval
    # A run younger than the span fills the chart from the left and does not scroll yet.
    first = max(float(axis[-1]) - span, 0.0)
    return Viewport(first, first + span, cursor, in_time)


def _bucket_length(times: Floats) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else 1.0


def _twice(times: Floats, length: float) -> Floats:
    both = np.repeat(times, 2)
    both[1::2] += length / 2
    return both


def _extremes(window: Window, column: str) -> Floats:
    both = np.empty(2 * len(window), dtype=np.float64)
    both[0::2], both[1::2] = window.low[column], window.high[column]
    return both


def _current(snapshot: Snapshot, column: str) -> float | None:
    step = snapshot.shown_step
    if step is None:
        return None
    if column == "target":
        return float(step.target)
    if column == "reward":
        return step.reward.total
    if column.startswith("reward_"):
        return float(getattr(step.reward, column.removeprefix("reward_")))
    if column == "capacity_rps":
        facts = snapshot.facts
        if facts is not None:
            return step.state.replicas_ready * facts.pod_capacity_rps
        # Every episode of a training has a service of its own; the rows say what it carries.
        carried = snapshot.window.high[column]
        return float(carried[-1]) if len(carried) and np.isfinite(carried[-1]) else None
    value = getattr(step.state, column)
    return None if value is None else float(value)


def training_chart(name: str, snapshot: Snapshot) -> ChartData:
    """One of the charts of a training (see `scene`); a new object at every call."""
    if name == "score":
        return _score_chart(snapshot.evaluations)
    rows = snapshot.training
    times = np.array([row.timesteps for row in rows], dtype=np.float64)

    def column(attribute: str) -> Floats:
        values = [getattr(row, attribute) for row in rows]
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def curve(label: str, attribute: str, series: Series, style: LineStyle) -> Curve | None:
        values = column(attribute)
        if not np.isfinite(values).any():
            return None
        last = values[np.isfinite(values)][-1]
        return Curve(label, series, values, style, current=float(last))

    wanted = {
        "episode": [("reward", "episode_reward", Series.EPISODE_REWARD, LineStyle.SOLID)],
        "losses": [
            ("value", "value_loss", Series.VALUE_LOSS, LineStyle.DASHED),
            ("policy", "policy_loss", Series.LOSS, LineStyle.SOLID),
            ("Q", "q_loss", Series.LOSS, LineStyle.SOLID),
        ],
        "exploration": [
            ("entropy", "entropy", Series.EXPLORATION, LineStyle.SOLID),
            ("random", "exploration", Series.EXPLORATION, LineStyle.SOLID),
        ],
    }[name]
    curves = tuple(made for line in wanted if (made := curve(*line)) is not None)
    titles = {"episode": "episode", "losses": "loss", "exploration": "exploration"}
    return ChartData(titles[name], "", times, curves, floor=None)


def _score_chart(rows: tuple[EvaluationRow, ...]) -> ChartData:
    times = np.array([row.timesteps for row in rows], dtype=np.float64)
    scores = np.array([row.score for row in rows], dtype=np.float64)
    curve = Curve("score", Series.EPISODE_REWARD, scores, current=rows[-1].score if rows else None)
    passed = passed_baseline(rows)
    return ChartData(
        "score",
        "(low is good)",
        times,
        (curve,),
        Threshold("calibrated hpa", rows[-1].baseline_score, Series.BASELINE) if rows else None,
        marks=(Mark(passed.timesteps, "beats calibrated hpa", Series.EPISODE_REWARD),)
        if passed
        else (),
        floor=None,
    )


def passed_baseline(rows: tuple[EvaluationRow, ...]) -> EvaluationRow | None:
    """The first evaluation that was better than the baseline; None if none was yet."""
    return next((row for row in rows if row.score < row.baseline_score), None)


def training_viewport(snapshot: Snapshot) -> Viewport:
    """All timesteps up to the end of the training, so that progress is seen as distance."""
    training = snapshot.status.training
    total = float(training.total_timesteps) if training is not None else 1.0
    return Viewport(0.0, max(total, 1.0), None, in_time=False)
