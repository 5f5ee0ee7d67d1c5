"""What two runs have in common to be compared: curves, and totals up to the same moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from console.charts.model import ChartData, Curve, Floats, LineStyle, Threshold
from console.compare.curves import both_extremes, common_axis, on_axis
from console.themes import Series
from console.words import duration
from core.errors import RunError
from core.runs.reader import RunReader
from core.runs.records import EvaluationRow, RunInfo, RunKind, RunTotals, TrainingRow
from core.state import ControlMode

_POINTS = 2_000


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: the figure of both runs, and what their difference means."""

    name: str
    first: float | None
    second: float | None
    pattern: str = "{:,.1f}"
    """How the figure is written."""
    lower_is_better: bool | None = None
    """None where neither is better."""

    @property
    def better(self) -> int | None:
        """0 if the first is better, 1 if the second; None if neither."""
        if self.first is None or self.second is None or self.lower_is_better is None:
            return None
        if self.first == self.second:
            return None
        return int((self.second < self.first) == self.lower_is_better)

    @property
    def change(self) -> float | None:
        """The second minus the first as a share of the first; None if that says nothing."""
        if self.first is None or self.second is None or self.first == 0:
            return None
        return (self.second - self.first) / abs(self.first)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two runs on one axis."""

    first: RunInfo
    second: RunInfo
    charts: tuple[ChartData, ...]
    """Each with one curve per run."""
    figures: tuple[Figure, ...]
    until: str
    """Up to when both are compared, in words."""
    end: float
    """Where the axis ends, in simulated seconds or training steps."""
    in_time: bool
    """Whether the axis is time."""
    remark: str
    """What to be careful about; empty if nothing."""


def chart_at(data: ChartData, moment: float | None) -> ChartData:
    """The chart with each run's value at `moment` in its heading; None means the end."""
    if not len(data.times):
        return data
    curves = []
    for curve in data.curves:
        measured = np.flatnonzero(np.isfinite(curve.values))
        current = None
        if moment is not None:
            nearest = int(np.argmin(np.abs(data.times - moment)))
            current = float(curve.values[nearest])
        elif len(measured):
            current = float(curve.values[measured[-1]])
        curves.append(replace(curve, current=current))
    return replace(data, curves=tuple(curves))


def compare_runs(first: Path, second: Path) -> Comparison:
    """Read two runs and put them side by side; takes a moment, so use a worker.

    Raises:
        RunError: A run cannot be read, or they are of different kinds.
    """
    one, other = RunReader(first), RunReader(second)
    try:
        a, b = one.info(), other.info()
        if a.kind is not b.kind:
            raise RunError(f"expected two runs of one kind, found {a.kind} and {b.kind}.")
        if a.kind is RunKind.TRAINING:
            return _trainings(one, other, a, b)
        return _inferences(one, other, a, b)
    finally:
        one.close()
        other.close()


def _inferences(one: RunReader, other: RunReader, a: RunInfo, b: RunInfo) -> Comparison:
    windows = tuple(reader.window(0, reader.last_step(), _POINTS) for reader in (one, other))
    if not all(len(window) for window in windows):
        raise RunError("expected decisions in both runs, found a run without any yet.")

    def chart(
        title: str,
        unit: str,
        column: str,
        *,
        stepped: bool = False,
        threshold: Threshold | None = None,
        floor: float | None = 0.0,
        ceiling: float | None = None,
    ) -> ChartData:
        samples = [both_extremes(window, column) for window in windows]
        axis = common_axis(samples[0][0], samples[1][0])
        values = [on_axis(axis, times, found, stepped=stepped) for times, found in samples]
        return ChartData(
            title,
            unit,
            axis,
            _pair(values[0], values[1], stepped=stepped),
            threshold,
            floor=floor,
            ceiling=ceiling,
            whole=stepped,
        )

    slo = None if a.facts is None else Threshold("SLO", a.facts.slo_ms)
    charts = (
        chart("latency p95", "ms", "latency_p95_ms", threshold=slo),
        chart("replicas ready", "", "replicas_ready", stepped=True),
        chart("reward", "", "reward", floor=None, ceiling=0.0),
        chart("traffic", "rps", "rps"),
    )
    last = [reader.last_step() for reader in (one, other)]
    ends = [reader.step(step).state.time_s for reader, step in zip((one, other), last, strict=True)]
    until_s = min(ends)
    totals = [reader.totals(reader.step_at(until_s)) for reader in (one, other)]
    return Comparison(
        first=a,
        second=b,
        charts=charts,
        figures=_figures(totals[0], totals[1], charts[0], until_s),
        until=f"first {duration(until_s)}",
        end=max(max(ends), 1.0),
        in_time=True,
        remark=_advised(one, other) + _remark(a, b, ends),
    )


def _figures(
    first: RunTotals, second: RunTotals, latency: ChartData, until_s: float
) -> tuple[Figure, ...]:
    shown = latency.times <= until_s
    p95 = [curve.values[shown] for curve in latency.curves]
    worst = [float(np.nanmax(values)) if np.isfinite(values).any() else None for values in p95]
    return (
        Figure(
            "SLO violations %",
            _percent(first.slo_violation_ratio),
            _percent(second.slo_violation_ratio),
            "{:.3f}",
            lower_is_better=True,
        ),
        Figure(
            "errors %",
            _percent(first.error_ratio),
            _percent(second.error_ratio),
            "{:.3f}",
            lower_is_better=True,
        ),
        Figure("worst p95 ms", worst[0], worst[1], "{:,.0f}", lower_is_better=True),
        Figure("pod-hours", first.pod_hours, second.pod_hours, "{:,.2f}", lower_is_better=True),
        Figure("churn", first.churn, second.churn, "{:,.0f}", lower_is_better=True),
        Figure("reward", first.reward, second.reward, "{:,.1f}", lower_is_better=False),
    )


def _percent(ratio: float | None) -> float | None:
    return None if ratio is None else 100 * ratio


def _pair(first: Floats, second: Floats, *, stepped: bool = False) -> tuple[Curve, Curve]:
    return (
        Curve("A", Series.RUN_A, first, LineStyle.SOLID, stepped=stepped),
        Curve("B", Series.RUN_B, second, LineStyle.DASHED, stepped=stepped),
    )


def _advised(one: RunReader, other: RunReader) -> str:
    """Whose policy did not act at the end, so that its figures are not that policy's."""
    words = [
        f"{letter} in {status.mode}: its policy only advised. "
        for letter, status in (("A", one.status()), ("B", other.status()))
        if status.mode is not ControlMode.AUTO
    ]
    return "".join(words)


def _remark(a: RunInfo, b: RunInfo, ends: list[float]) -> str:
    if a.scenario != b.scenario:
        return f"Different scenarios, {a.scenario} and {b.scenario}: totals are not comparable."
    if a.seed != b.seed:
        return f"Different seeds, {a.seed} and {b.seed}: part of the difference is chance."
    if abs(ends[0] - ends[1]) > max(a.interval_s, b.interval_s):
        return "One run is longer; totals end with the shorter one."
    return "Same scenario and seed: both met the same traffic."


def _trainings(one: RunReader, other: RunReader, a: RunInfo, b: RunInfo) -> Comparison:
    rows = [reader.training_after(0) for reader in (one, other)]
    scores = [reader.evaluations_after(0) for reader in (one, other)]
    status = [reader.status().training for reader in (one, other)]
    best = [None if item is None else item.best_score for item in status]
    walls = [found[-1].wall_s if found else None for found in rows]
    speeds = [None if item is None else item.steps_per_s for item in status]
    taken = [0 if item is None else item.timesteps for item in status]
    return Comparison(
        first=a,
        second=b,
        charts=(_score_chart(scores), *_progress_charts(rows)),
        figures=(
            Figure("best score", best[0], best[1], "{:.3f}", lower_is_better=True),
            Figure("steps", taken[0], taken[1], "{:,.0f}"),
            Figure("wall time s", walls[0], walls[1], "{:,.0f}", lower_is_better=True),
            Figure("steps/s", speeds[0], speeds[1], "{:,.0f}", lower_is_better=False),
        ),
        until="so far",
        end=float(max(*taken, 1)),
        in_time=False,
        remark="Scores are means over the same validation traffic; lower is better.",
    )


def _score_chart(scores: list[list[EvaluationRow]]) -> ChartData:
    samples = [
        (
            np.array([row.timesteps for row in found], dtype=np.float64),
            np.array([row.score for row in found], dtype=np.float64),
        )
        for found in scores
    ]
    axis = common_axis(samples[0][0], samples[1][0])
    baselines = [row.baseline_score for found in scores for row in found]
    return ChartData(
        "score",
        "lower is better",
        axis,
        _pair(*(on_axis(axis, times, values) for times, values in samples)),
        Threshold("calibrated hpa", baselines[-1], Series.BASELINE) if baselines else None,
        floor=None,
    )


def _progress_charts(rows: list[list[TrainingRow]]) -> tuple[ChartData, ...]:
    def chart(title: str, unit: str, name: str) -> ChartData:
        samples = []
        for found in rows:
            measured = [row for row in found if getattr(row, name) is not None]
            samples.append(
                (
                    np.array([row.timesteps for row in measured], dtype=np.float64),
                    np.array([getattr(row, name) for row in measured], dtype=np.float64),
                )
            )
        axis = common_axis(samples[0][0], samples[1][0])
        curves = _pair(*(on_axis(axis, times, values) for times, values in samples))
        return ChartData(title, unit, axis, curves, floor=None)

    return (
        chart("episode reward", "", "episode_reward"),
        chart("steps/s", "", "steps_per_s"),
        chart("learning rate", "", "learning_rate"),
    )
