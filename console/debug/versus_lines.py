"""What is written about two runs side by side: heading, timeline, table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from textual.content import Content

from console.charts.model import ChartData, Curve, LineStyle, Threshold, Viewport
from console.debug.timeline import level_sign
from console.debug.timeline_widget import LABEL
from console.debug.versus_view import VersusPicture
from console.live.decision import Drawing
from console.live.navigation import span_text
from console.live.signs import FAINT, MUTED, Signs
from console.themes import Series
from core.debug.pair import Difference
from core.state import Step
from core.times import clock

if TYPE_CHECKING:
    from console.debug.timeline import Canvas
    from core.runs.records import RunTotals

_NAME = 19
_ALL_ROWS = 18
"""Lines of the whole table; where there are fewer, some rows are left out."""
_LEFT_OUT = ("waiting", "CPU %")
_SIDES = (("A", Series.RUN_A), ("B", Series.RUN_B))

_ROWS: tuple[tuple[str, str, float, str], ...] = (
    # Name, field of the state, factor, format.
    ("traffic rps", "rps", 1.0, "{:.0f}"),
    ("latency p95 ms", "latency_p95_ms", 1.0, "{:.0f}"),
    ("over SLO %", "slo_violation_ratio", 100.0, "{:.2f}"),
    ("waiting", "queue_requests", 1.0, "{:.0f}"),
    ("desired", "replicas_desired", 1.0, "{:.0f}"),
    ("ready", "replicas_ready", 1.0, "{:.0f}"),
    ("CPU %", "cpu_utilization", 100.0, "{:.0f}"),
)
_TOTALS: tuple[tuple[str, Callable[[RunTotals], float | None], str], ...] = (
    ("over SLO % so far", lambda totals: _percent(totals.slo_violation_ratio), "{:.3f}"),
    ("pod-hours so far", lambda totals: totals.pod_hours, "{:.2f}"),
    ("churn so far", lambda totals: totals.churn, "{:.0f}"),
    ("return so far", lambda totals: totals.reward, "{:.2f}"),
)


def _percent(ratio: float | None) -> float | None:
    return None if ratio is None else 100.0 * ratio


def heading_lines(picture: VersusPicture, drawing: Drawing, width: int) -> list[Content]:
    """Who is A and who is B, and which decision is shown."""
    one, two = picture.infos
    beside = picture.beside
    time_s = 0.0 if beside is None else beside.first.state.time_s
    parts: list[Content | tuple[str, str]] = [(" side by side  ", "bold")]
    for (letter, series), info in zip(_SIDES, picture.infos, strict=True):
        parts += [
            (f"{letter} ", f"bold {drawing.palette.color(series)}"),
            (f"{drawing.signs.words(info.policy.removesuffix(' (shipped)'))}  ", ""),
        ]
    parts.append((f"on {drawing.signs.words(one.scenario)}, seed {two.seed}", MUTED))
    left = Content.assemble(*parts)
    right = Content.assemble(
        ("GROWING  " if picture.growing else "", "$text-warning"),
        ("decision ", MUTED),
        (str(picture.index), "bold"),
        (f" of {picture.last}  ", MUTED),
        (clock(time_s), "bold"),
    )
    left = drawing.signs.cut(left, max(width - right.cell_length - 2, 8))
    gap = max(width - left.cell_length - right.cell_length - 1, 1)
    return [Content.assemble(left, " " * gap, right)]


def timeline_lines(picture: VersusPicture, drawing: Drawing, width: int) -> list[Content]:
    """Latency and actions of both, where they differ, and the cursor."""
    canvas = picture.canvas(max(width - LABEL - 1, 1))
    cursor = None
    if picture.beside is not None:
        column = canvas.column(picture.beside.first.state.time_s)
        cursor = max(column, 0) if column < canvas.columns else None
    columns = canvas.places(picture.time_s)
    lines = []
    for side in range(2):
        lines.append(_latency(picture, drawing, canvas, columns, cursor, side))
        lines.append(_actions(picture, drawing, canvas, columns, cursor, side))
    marked = {int(columns[step]) for step in picture.stops}
    sign = "*" if drawing.signs.plain else "●"
    lines.append(
        Content("").join(
            [
                Content.styled(" differ   ", MUTED),
                *(
                    Content.styled(
                        sign if column in marked else " ",
                        ("bold $text-warning" if column in marked else FAINT)
                        + (" reverse" if column == cursor else ""),
                    )
                    for column in range(canvas.columns)
                ),
            ]
        )
    )
    lines.append(_axis(picture, canvas))
    return lines


def _latency(
    picture: VersusPicture,
    drawing: Drawing,
    canvas: Canvas,
    columns: NDArray[np.int64],
    cursor: int | None,
    side: int,
) -> Content:
    values = picture.latency_p95_ms[side]
    slo = None if picture.infos[0].facts is None else picture.infos[0].facts.slo_ms
    known = np.concatenate([curve[np.isfinite(curve)] for curve in picture.latency_p95_ms])
    top = float(known.max()) if len(known) else 1.0
    letter, series = _SIDES[side]
    parts = [Content.styled(f" {letter} p95    ", drawing.palette.color(series))]
    worst: dict[int, float] = {}
    for column, value in zip(columns.tolist(), values.tolist(), strict=True):
        if np.isfinite(value):
            worst[column] = max(worst.get(column, 0.0), value)
    held = None
    last = max(worst, default=-1)
    for column in range(canvas.columns):
        held = worst.get(column, held) if column <= last else None
        style = FAINT
        sign = " "
        if held is not None:
            sign = level_sign(held, slo or top, top, drawing.signs)
            over = slo is not None and held > slo
            style = drawing.palette.color(Series.SLO if over else Series.LATENCY_P50)
        parts.append(Content.styled(sign, f"{style} reverse" if column == cursor else style))
    return Content("").join(parts)


def _actions(
    picture: VersusPicture,
    drawing: Drawing,
    canvas: Canvas,
    columns: NDArray[np.int64],
    cursor: int | None,
    side: int,
) -> Content:
    signs, palette = drawing.signs, drawing.palette
    change = picture.target[side] - picture.desired[side]
    acts: dict[int, str] = {}
    for column, by in zip(columns.tolist(), change.tolist(), strict=True):
        sign = signs.up if by > 0 else signs.down if by < 0 else signs.hold
        if acts.get(column, signs.hold) == signs.hold:
            acts[column] = sign
    parts = [Content.styled(" actions  ", MUTED)]
    last = max(acts, default=-1)
    for column in range(canvas.columns):
        sign = acts.get(column, signs.hold if column <= last else " ")
        style = FAINT if sign == signs.hold else f"bold {palette.color(Series.POLICY)}"
        parts.append(Content.styled(sign, f"{style} reverse" if column == cursor else style))
    return Content("").join(parts)


def _axis(picture: VersusPicture, canvas: Canvas) -> Content:
    line = [" "] * canvas.columns
    last = clock(canvas.viewport.last)
    for begin, text in ((0, clock(canvas.viewport.first)), (canvas.columns - len(last), last)):
        if begin >= 0:
            line[begin : begin + len(text)] = text
    label = f" {span_text(picture.view.navigation.span_s):<{LABEL - 1}}"
    return Content.styled(label + "".join(line), MUTED)


def table_lines(picture: VersusPicture, drawing: Drawing, width: int, height: int) -> list[Content]:
    """Decision, state and totals of both, and the difference; at most `height` lines."""
    beside, signs = picture.beside, drawing.signs
    if beside is None:
        return [Content.styled("No decision in both yet.", MUTED)]
    cell = max((width - _NAME - 2) // 3, 9)
    steps, totals = (beside.first, beside.second), (beside.first_totals, beside.second_totals)
    colors = [f"bold {drawing.palette.color(series)}" for _, series in _SIDES]
    what = {Difference.ACTION: "action", Difference.TARGET: "replicas", Difference.SLO: "SLO"}
    differs = beside.first.index in set(picture.stops.tolist())
    verdict = f"{'differ' if differs else 'agree'} in {what[picture.view.kind]}"
    lines = [
        Content.assemble(
            (f"{verdict:<{_NAME}}", "bold $text-warning" if differs else MUTED),
            (f"{'A':>{cell}}", colors[0]),
            (f"{'B':>{cell}}", colors[1]),
            (f"{'B - A':>{cell}}".replace("-", signs.minus), MUTED),
        ),
        _words("wants", [_wish(step, signs) for step in steps], cell),
        _words("asked", [f"{step.target} by {step.actor.value}" for step in steps], cell),
    ]
    for (letter, series), step in zip(_SIDES, steps, strict=True):
        words = signs.words(step.guardrail or step.decision.reason)
        lines.append(Content.assemble((f"{letter} ", drawing.palette.color(series)), words))
    rows = _ROWS if height >= _ALL_ROWS else [row for row in _ROWS if row[0] not in _LEFT_OUT]
    for name, field, factor, pattern in rows:
        values = [_scaled(getattr(step.state, field), factor) for step in steps]
        lines.append(_numbers(name, values, pattern, cell, signs))
    rewards: list[float | None] = [step.reward.total for step in steps]
    lines.append(_numbers("reward", rewards, "{:.3f}", cell, signs))
    for name, read, pattern in _TOTALS:
        both = [read(one) for one in totals]
        lines.append(_numbers(name, both, pattern, cell, signs))
    return [signs.cut(line, width) for line in lines[:height]]


def _wish(step: Step, signs: Signs) -> str:
    return f"{step.state.replicas_desired}{signs.arrow}{step.decision.target}"


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else float(value) * factor


def _words(name: str, values: list[str], cell: int) -> Content:
    one, two = values
    style = "bold" if one != two else ""
    return Content.assemble(
        (f"{name:<{_NAME}}", MUTED), (f"{one[:cell]:>{cell}}", ""), (f"{two[:cell]:>{cell}}", style)
    )


def _numbers(
    name: str, values: list[float | None], pattern: str, cell: int, signs: Signs
) -> Content:
    one, two = values
    written = ["-" if value is None else pattern.format(value) for value in values]
    change = ""
    if one is not None and two is not None and written[0] != written[1]:
        plus = "+" if two > one else ""
        change = plus + pattern.format(two - one)
    cells = [text.replace("-", signs.minus) if text != "-" else text for text in (*written, change)]
    return Content.assemble(
        (f"{name:<{_NAME}}", MUTED),
        (f"{cells[0]:>{cell}}", ""),
        (f"{cells[1]:>{cell}}", "bold" if change else ""),
        (f"{cells[2]:>{cell}}", "bold" if change else MUTED),
    )


def charts(picture: VersusPicture) -> tuple[tuple[ChartData, ChartData], Viewport]:
    """Latency and replicas of both over the time of the timeline."""
    times, index = picture.time_s, picture.index

    def pair(
        curves: tuple[NDArray[np.float64], NDArray[np.float64]], *, stepped: bool
    ) -> tuple[Curve, ...]:
        return tuple(
            Curve(
                letter,
                series,
                curve,
                style,
                stepped,
                current=float(curve[index]) if 0 <= index < len(curve) else None,
            )
            for (letter, series), curve, style in zip(
                _SIDES, curves, (LineStyle.SOLID, LineStyle.DASHED), strict=True
            )
        )

    facts = picture.infos[0].facts
    slo = None if facts is None else Threshold("SLO", facts.slo_ms)
    shown = picture.canvas(100).viewport
    viewport = Viewport(shown.first, shown.last, None if index < 0 else float(times[index]))
    return (
        ChartData("latency p95", "ms", times, pair(picture.latency_p95_ms, stepped=False), slo),
        ChartData("replicas asked", "", times, pair(picture.target, stepped=True), whole=True),
    ), viewport
