"""What happened in a run, in two small charts and a few lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from console.charts.model import ChartData, Curve, Floats, LineStyle, Threshold, Viewport
from console.compare.curves import both_extremes
from console.runs.row import RunRow
from console.themes import Series
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunKind
from core.times import clock

_POINTS = 400
_EVENTS = 200
_WORTH_SAYING = frozenset(
    {EventKind.ENGINE, EventKind.OVERRIDE, EventKind.MODE, EventKind.FAULT, EventKind.EVALUATION}
)


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """The pictures and words of one run."""

    row: RunRow
    charts: tuple[tuple[ChartData, Viewport], ...]
    """None, or two."""
    events: tuple[str, ...]
    """The newest things worth saying, newest last."""


def read_glance(row: RunRow, events: int) -> Glance:
    """Read what the list does not say about a run; reads its file, so use a worker.

    Args:
        row: The run.
        events: How many events are wanted.

    Raises:
        RunError: The file cannot be read.
    """
    reader = RunReader(row.directory)
    try:
        told = [
            f"{clock(event.time_s)}  {event.message}"
            for event in reader.last_events(_EVENTS)
            if event.kind in _WORTH_SAYING
        ]
        charts = _training(reader) if row.kind is RunKind.TRAINING else _inference(reader)
        return Glance(row, charts, tuple(told[-events:]))
    finally:
        reader.close()


def _inference(reader: RunReader) -> tuple[tuple[ChartData, Viewport], ...]:
    window = reader.window(0, reader.last_step(), _POINTS)
    if not len(window):
        return ()
    facts = reader.info().facts
    times, p95 = both_extremes(window, "latency_p95_ms")
    latency = ChartData(
        "latency p95",
        "ms",
        times,
        (Curve("worst", Series.LATENCY_P95, p95, current=_largest(p95)),),
        None if facts is None else Threshold("SLO", facts.slo_ms),
    )
    replicas = ChartData(
        "replicas",
        "",
        times,
        (
            Curve(
                "desired",
                Series.REPLICAS_DESIRED,
                both_extremes(window, "target")[1],
                LineStyle.DASHED,
                stepped=True,
                current=float(window.high["target"][-1]),
            ),
            Curve(
                "ready",
                Series.REPLICAS_READY,
                both_extremes(window, "replicas_ready")[1],
                stepped=True,
                current=float(window.high["replicas_ready"][-1]),
            ),
        ),
        whole=True,
    )
    viewport = Viewport(float(times[0]), max(float(times[-1]), float(times[0]) + 60.0))
    return (latency, viewport), (replicas, viewport)


def _training(reader: RunReader) -> tuple[tuple[ChartData, Viewport], ...]:
    rows, evaluations = reader.training_after(0), reader.evaluations_after(0)
    training = reader.status().training
    if training is None or not rows:
        return ()
    viewport = Viewport(0.0, float(max(training.total_timesteps, 1)), in_time=False)
    reward = ChartData(
        "episode reward",
        "",
        np.array([row.timesteps for row in rows], dtype=np.float64),
        (
            Curve(
                "reward",
                Series.EPISODE_REWARD,
                np.array(
                    [np.nan if row.episode_reward is None else row.episode_reward for row in rows]
                ),
                current=rows[-1].episode_reward,
            ),
        ),
        floor=None,
    )
    score = ChartData(
        "score",
        "lower is better",
        np.array([row.timesteps for row in evaluations], dtype=np.float64),
        (
            Curve(
                "score",
                Series.EPISODE_REWARD,
                np.array([row.score for row in evaluations], dtype=np.float64),
                current=evaluations[-1].score if evaluations else None,
            ),
        ),
        Threshold("calibrated hpa", evaluations[-1].baseline_score, Series.BASELINE)
        if evaluations
        else None,
        floor=None,
    )
    return (reward, viewport), (score, viewport)


def _largest(values: Floats) -> float | None:
    return float(np.nanmax(values)) if np.isfinite(values).any() else None
