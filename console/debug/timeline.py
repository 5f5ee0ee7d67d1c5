"""What the timeline shows: latency, actions and stops over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content

from console.charts.text import short_number
from console.debug.timeline_widget import LABEL
from console.live.actions import act_columns
from console.live.charts import step_axis, traffic_viewport
from console.live.navigation import span_text
from console.live.signs import FAINT, MUTED, Signs
from console.themes import Series, SeriesPalette
from core.times import clock

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from console.charts.model import Viewport
    from console.debug.view import Picture

_LEVELS = "▁▂▃▄▅▆▇█"
_ASCII_LEVELS = ".:-=+*%#"
_STOP, _ASCII_STOP = "●", "*"


@dataclass(frozen=True, slots=True)
class Canvas:
    """How columns and time fit together."""

    viewport: Viewport
    columns: int

    def column(self, time_s: float) -> int:
        """The column of a moment; outside of the canvas if it is not shown."""
        return int(self.places(np.float64(time_s)))

    def places(self, time_s: NDArray[np.float64] | np.float64) -> NDArray[np.int64]:
        """The columns of moments, likewise."""
        share = (time_s - self.viewport.first) / self.viewport.span
        return np.ceil(share * self.columns - 1e-6).astype(np.int64) - 1

    def sample_under(self, column: int, time_s: NDArray[np.float64]) -> int:
        """The place of the sample that a column shows: the last that lies in it or before it.

        Args:
            column: May lie outside of the canvas.
            time_s: Of the samples, ascending; at least one.
        """
        inside = min(max(column, 0), self.columns - 1)
        return max(int(np.searchsorted(self.places(time_s), inside, side="right")) - 1, 0)


def canvas_of(picture: Picture, width: int) -> Canvas:
    """The canvas of a timeline that is `width` cells wide."""
    columns = max(width - LABEL - 1, 1)
    return Canvas(traffic_viewport(picture.snapshot).aligned(columns), columns)


def step_under(picture: Picture, column: int, width: int) -> int | None:
    """The step that a column of a timeline shows; None if there is none yet."""
    window = picture.snapshot.window
    if not len(window):
        return None
    return int(window.step[canvas_of(picture, width).sample_under(column, window.time_s)])


def timeline_lines(
    picture: Picture, signs: Signs, palette: SeriesPalette, width: int
) -> list[Content]:
    """Latency against the SLO, who acted, where breakpoints stop, and the cursor."""
    canvas = canvas_of(picture, width)
    cursor = _cursor(picture, canvas)
    return [
        _latency(picture, canvas, signs, palette, cursor),
        _actions(picture, canvas, signs, palette, cursor),
        _stops(picture, canvas, signs, cursor),
        _axis(picture, canvas, signs, cursor),
    ]


def _cursor(picture: Picture, canvas: Canvas) -> int | None:
    found = picture.explanation
    if found is None:
        return None
    column = canvas.column(found.step.state.time_s)
    # The first moment of a run lies on the left edge.
    return max(column, 0) if column < canvas.columns else None


def _latency(
    picture: Picture, canvas: Canvas, signs: Signs, palette: SeriesPalette, cursor: int | None
) -> Content:
    window, facts = picture.snapshot.window, picture.snapshot.facts
    worst = np.full(canvas.columns, np.nan)
    for time_s, value in zip(
        step_axis(picture.snapshot), window.high["latency_p95_ms"], strict=True
    ):
        column = canvas.column(float(time_s))
        if 0 <= column < canvas.columns and np.isfinite(value):
            worst[column] = np.fmax(worst[column], value)
    slo = facts.slo_ms if facts is not None else None
    top = float(np.nanmax(worst)) if np.isfinite(worst).any() else 1.0
    parts = [Content.styled(f" p95{'/SLO' if slo else '':<4}  "[:LABEL], MUTED)]
    for column, value in enumerate(_held(worst)):
        if not np.isfinite(value):
            sign, style = " ", FAINT
        else:
            over = slo is not None and value > slo
            sign = level_sign(float(value), slo or top, top, signs)
            style = palette.color(Series.SLO if over else Series.LATENCY_P50)
        parts.append(Content.styled(sign, f"{style} reverse" if column == cursor else style))
    return Content("").join(parts)


def level_sign(value: float, slo: float, top: float, signs: Signs) -> str:
    """A latency as a bar one cell high.

    Half of the height is the SLO, and the rest is logarithmic: a spike must not flatten all else.

    Args:
        value: Above 0.
        slo: In the same unit.
        top: The highest there is.
        signs: Characters to write with.
    """
    share = 0.5 * value / slo
    if value > slo:
        span = max(np.log(max(top, slo * 1.01) / slo), 1e-9)
        share = 0.5 + 0.5 * float(np.log(value / slo) / span)
    levels = _ASCII_LEVELS if signs.plain else _LEVELS
    return levels[min(int(share * len(levels)), len(levels) - 1)]


def _held(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Columns between two samples show the one before, so that a short run is no comb."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return values
    place = np.searchsorted(known, np.arange(len(values)), side="right") - 1
    held = np.where(place >= 0, values[known[np.maximum(place, 0)]], np.nan)
    held[known[-1] + 1 :] = np.nan
    return held


def _actions(
    picture: Picture, canvas: Canvas, signs: Signs, palette: SeriesPalette, cursor: int | None
) -> Content:
    parts = [Content.styled(" actions  ", MUTED)]
    for column, act in enumerate(act_columns(picture.snapshot, signs, canvas.columns)):
        style = FAINT if act is None else palette.color(act.series)
        if column == cursor:
            style += " reverse"
        elif act is not None and act.rank > 1 and not act.lasting:
            style += " bold"
        parts.append(Content.styled(" " if act is None else act.sign, style))
    return Content("").join(parts)


def _stops(picture: Picture, canvas: Canvas, signs: Signs, cursor: int | None) -> Content:
    marked = set(canvas.places(_stop_times(picture)).tolist())
    sign = _ASCII_STOP if signs.plain else _STOP
    parts = [Content.styled(" stops    ", MUTED)]
    for column in range(canvas.columns):
        style = "bold $text-error" if column in marked else FAINT
        parts.append(
            Content.styled(
                sign if column in marked else " ", f"{style} reverse" if column == cursor else style
            )
        )
    return Content("").join(parts)


def _stop_times(picture: Picture) -> NDArray[np.float64]:
    """When the stops in the window are, as if steps were one interval apart in each bucket."""
    window = picture.snapshot.window
    if not len(window):
        return np.zeros(0)
    stops = picture.stops[picture.stops >= window.step[0]]
    place = np.searchsorted(window.step, stops, side="right") - 1
    behind = stops - window.step[place]
    inside = behind < window.bucket_steps
    begin, interval_s = window.time_s[place[inside]], picture.snapshot.info.interval_s
    times: NDArray[np.float64] = begin + behind[inside] * interval_s
    return times


def _axis(picture: Picture, canvas: Canvas, signs: Signs, cursor: int | None) -> Content:
    line = [" "] * canvas.columns
    first, last = canvas.viewport.first, canvas.viewport.last
    ends = ((0, clock(max(first, 0.0))), (canvas.columns - len(clock(last)), clock(last)))
    for begin, text in ends:
        if begin >= 0:
            line[begin : begin + len(text)] = text
    label = Content.styled(f" {span_text(picture.view.navigation.span_s):<{LABEL - 1}}", MUTED)
    found = picture.explanation
    if cursor is None or found is None:
        return Content.assemble(label, ("".join(line), MUTED))
    p95 = short_number(found.step.state.latency_p95_ms)
    text = f"{signs.cursor}{clock(found.step.state.time_s)} {p95} ms"
    begin = min(cursor, max(canvas.columns - len(text), 0))
    # What the cursor says goes over what stands at the ends, with a gap on either side.
    for place in range(max(begin - 1, 0), min(begin + len(text) + 1, canvas.columns)):
        line[place] = " "
    before, after = "".join(line[:begin]), "".join(line[begin + len(text) :])
    return Content.assemble(label, (before, MUTED), (text, "bold"), (after, MUTED))
