"""The strip of actions over time: who acted when, one sign per column."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from textual.content import Content

from console.charts.model import Floats, Viewport
from console.live.charts import step_axis, traffic_viewport
from console.live.signs import ACTOR_SERIES, FAINT, MUTED, Signs
from console.live.snapshot import Snapshot
from console.themes import Series, SeriesPalette
from core.state import Actor

_LABEL = " actions  "
_LARGE_CHANGE = 0.25
"""Share of the replicas from which a step up counts as large."""


@dataclass(frozen=True, slots=True)
class Act:
    """The most notable thing in one column."""

    rank: int
    """Higher is more notable."""
    sign: str
    series: Series
    lasting: bool = False
    """Whether it holds until the next decision, as an operator's pin does."""


def actions_strip(snapshot: Snapshot, signs: Signs, palette: SeriesPalette, width: int) -> Content:
    """One line: the signs over the same stretch of time as the charts, and what they mean."""
    legend = _legend(signs, width)
    columns = max(width - len(_LABEL) - len(legend) - 1, 1)
    acts = act_columns(snapshot, signs, columns)
    viewport = traffic_viewport(snapshot).aligned(columns)
    cursor = None
    if viewport.cursor is not None and viewport.first <= viewport.cursor <= viewport.last:
        cursor = min(int((viewport.cursor - viewport.first) / viewport.span * columns), columns - 1)
    parts = [Content.styled(_LABEL, MUTED)]
    for column, act in enumerate(acts):
        style = palette.color(act.series) if act is not None else FAINT
        sign = act.sign if act is not None else " "
        if column == cursor:
            style += " reverse"
        elif act is not None and act.rank > 1 and not act.lasting:
            style += " bold"
        parts.append(Content.styled(sign, style))
    parts.append(Content.styled(legend, MUTED))
    return Content("").join(parts)


def _legend(signs: Signs, width: int) -> str:
    full = (
        f"  {signs.up}{signs.up_little} up {signs.down} down {signs.hold} hold "
        f"{signs.operator} manual {signs.guardrail} guardrail"
    )
    short = f"  {signs.up} up {signs.down} down {signs.operator} man {signs.guardrail} guard"
    return full if width >= 120 else short if width >= 72 else ""


def act_columns(snapshot: Snapshot, signs: Signs, columns: int) -> list[Act | None]:
    """The most notable act of each column; None where no decision falls."""
    window = snapshot.window
    viewport = traffic_viewport(snapshot).aligned(columns)
    found: list[Act | None] = [None] * columns
    if not len(window):
        return found
    places = _places(step_axis(snapshot), viewport, columns)
    target, desired = window.high["target"], window.low["replicas_desired"]
    for index, column in enumerate(places.tolist()):
        if not 0 <= column < columns:
            continue
        act = _act(
            window.actors[index],
            bool(window.ups[index]),
            bool(window.downs[index]),
            float(target[index] - desired[index]) / max(float(desired[index]), 1.0),
            signs,
        )
        present = found[column]
        if present is None or act.rank > present.rank:
            found[column] = act
    _fill_between(found, signs)
    return found


def _places(
    axis: Floats, viewport: Viewport, columns: int
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    # A sample at the very end belongs to the last column, not to one behind it.
    share = (axis - viewport.first) / viewport.span * columns
    return np.ceil(share - 1e-6).astype(np.int64) - 1


def _fill_between(found: list[Act | None], signs: Signs) -> None:
    # Between two decisions nothing changed: the strip stays a line where they are sparse.
    quiet = Act(0, signs.hold, Series.AXIS)
    known = [index for index, act in enumerate(found) if act is not None]
    for left, right in pairwise(known):
        before, after = found[left], found[right]
        held = before is not None and after is not None and before.sign == after.sign
        filler = before if held and before is not None and before.lasting else quiet
        for index in range(left + 1, right):
            found[index] = Act(0, filler.sign, filler.series)


def _act(actors: frozenset[Actor], up: bool, down: bool, growth: float, signs: Signs) -> Act:
    if Actor.OPERATOR in actors:
        return Act(6, signs.operator, Series.OPERATOR, lasting=True)
    if Actor.GUARDRAIL in actors:
        return Act(5, signs.guardrail, Series.GUARDRAIL)
    if Actor.FALLBACK in actors:
        return Act(4, signs.fallback, Series.GUARDRAIL)
    if Actor.EXTERNAL in actors:
        return Act(3, signs.external, Series.EXTERNAL)
    if Actor.POLICY in actors and up:
        sign = signs.up if growth >= _LARGE_CHANGE else signs.up_little
        return Act(3, sign, ACTOR_SERIES[Actor.POLICY])
    if Actor.POLICY in actors and down:
        return Act(2, signs.down, ACTOR_SERIES[Actor.POLICY])
    if Actor.POLICY in actors:
        return Act(1, signs.hold, Series.AXIS)
    return Act(1, signs.advice, Series.AXIS, lasting=True)
