"""The timeline of a replay: latency over the whole run on one line, and where the play head is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content

from console.debug.timeline import level_sign
from console.debug.timeline_widget import LABEL
from console.live.signs import FAINT, MUTED, Signs
from console.themes import Series, SeriesPalette

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from console.live.snapshot import Snapshot


def strip_columns(width: int) -> int:
    """Cells of the canvas on a timeline that is `width` cells wide."""
    return max(width - LABEL - 1, 1)


def step_under(snapshot: Snapshot, column: int, width: int) -> int:
    """The step that a column of the canvas stands for; the nearest one outside of it."""
    columns = strip_columns(width)
    share = (min(max(column, 0), columns - 1) + 0.5) / columns
    return min(int(share * (snapshot.length + 1)), max(snapshot.length, 0))


def replay_strip(
    snapshot: Snapshot, signs: Signs, palette: SeriesPalette, width: int
) -> list[Content]:
    """What was played in colour, what is to come without, the play head reversed."""
    columns = strip_columns(width)
    worst = _worst(snapshot, columns)
    head = _column(snapshot.newest, snapshot.length, columns)
    facts = snapshot.facts
    slo = facts.slo_ms if facts is not None else None
    top = float(np.nanmax(worst)) if np.isfinite(worst).any() else 1.0
    parts = [Content.styled(" replay".ljust(LABEL), MUTED)]
    for column, value in enumerate(worst):
        sign, style = signs.hold, FAINT
        if np.isfinite(value):
            over = slo is not None and value > slo
            sign = level_sign(float(value), slo or top, top, signs)
            played = palette.color(Series.SLO if over else Series.LATENCY_P50)
            style = played if column <= head else MUTED
        parts.append(Content.styled(sign, f"{style} reverse" if column == head else style))
    return [Content("").join(parts)]


def _worst(snapshot: Snapshot, columns: int) -> NDArray[np.float64]:
    """The highest p95 of every column; between two samples the one before."""
    worst = np.full(columns, np.nan)
    whole = snapshot.whole
    if whole is None or not len(whole):
        return worst
    for step, value in zip(whole.step, whole.high["latency_p95_ms"], strict=True):
        column = _column(int(step), snapshot.length, columns)
        worst[column] = np.fmax(worst[column], value)
    for column in range(1, columns):
        if np.isnan(worst[column]):
            worst[column] = worst[column - 1]
    return worst


def _column(step: int, length: int, columns: int) -> int:
    return min(max(step, 0) * columns // (max(length, 0) + 1), columns - 1)
