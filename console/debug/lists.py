"""The panels that are lists: breakpoints, and the nearest past decisions."""

from __future__ import annotations

from textual.content import Content

from console.charts.text import short_number
from console.debug.pieces import heading, picked, signed, window
from console.debug.view import Picture
from console.live.decision import Drawing
from console.live.signs import MUTED
from core.debug.breakpoints import BreakpointCount, When
from core.times import clock

_NO_STOPS = (
    "None yet. p adds one, such as",
    "  p95 > slo",
    "  action != hold and margin < 0.05",
    "  policy_action != hpa_action",
)


def stop_count(picture: Picture | None) -> int:
    """How many breakpoints can be selected."""
    return 0 if picture is None else len(picture.counts)


def stops_lines(
    picture: Picture, drawing: Drawing, width: int, height: int, row: int, focused: bool
) -> list[Content]:
    """All lines of the list of breakpoints."""
    counts = picture.counts
    if not counts:
        return [Content.styled(line, MUTED) for line in _NO_STOPS[:height]]
    note = "space on or off, s each or start, x remove" if focused else ""
    stops = len(picture.stops)
    lines = [heading(f"{stops:,} {'stop' if stops == 1 else 'stops'}", note)]
    rows = [
        picked(
            _stop(one, picture, drawing, width),
            width,
            chosen=place == row and focused,
            focused=focused,
        )
        for place, one in enumerate(counts)
    ]
    lines += window(rows, row, max(height - 1, 1))
    return [drawing.signs.cut(line, width) for line in lines[:height]]


def _stop(one: BreakpointCount, picture: Picture, drawing: Drawing, width: int) -> Content:
    point, signs = one.breakpoint, drawing.signs
    here = point in picture.here
    if one.problem:
        return Content.assemble(
            ("! ", "$text-error"), signs.words(point.text), (f"  {one.problem}", "$text-error")
        )
    times = f"{one.hits:,}{signs.times}"
    where = "" if point.when is When.EACH else " starts"
    room = max(width - 6 - len(times) - len(where), 8)
    text = signs.words(point.text)
    style = "bold" if here else "" if point.enabled else MUTED
    return Content.assemble(
        ("[x] " if point.enabled else "[ ] ", "bold $accent" if point.enabled else MUTED),
        (f"{text[:room]:<{room}}", style),
        (f" {times}{where}", MUTED),
    )


def alike_count(picture: Picture | None) -> int:
    """How many past decisions can be selected."""
    found = None if picture is None else picture.explanation
    return 0 if found is None else len(found.neighbours)


def alike_step(picture: Picture | None, row: int) -> int | None:
    """The step of the selected past decision."""
    found = None if picture is None else picture.explanation
    if found is None or not 0 <= row < len(found.neighbours):
        return None
    return found.neighbours[row].step


def alike_lines(
    picture: Picture, drawing: Drawing, width: int, height: int, row: int, focused: bool
) -> list[Content]:
    """All lines of the list of the nearest past decisions."""
    found = picture.explanation
    if found is None or not found.neighbours:
        return [Content.styled("No earlier decision for the same action.", MUTED)]
    signs = drawing.signs
    lines = [heading("Same action before", "enter goes there" if focused else "")]
    slo = None if picture.snapshot.facts is None else picture.snapshot.facts.slo_ms
    for place, one in enumerate(found.neighbours):
        worst = one.worst_latency_p95_ms
        over = slo is not None and worst is not None and worst > slo
        line = Content.assemble(
            (clock(one.time_s), "bold"),
            (f"  {one.step:>5}", MUTED),
            ("  apart ", MUTED),
            signed(one.distance, signs, 2, plus=False),
            ("  asked ", MUTED),
            str(one.target),
            ("  then p95 ", MUTED),
            (f"{short_number(worst)} ms", "$text-error" if over else ""),
        )
        lines.append(picked(line, width, chosen=place == row and focused, focused=focused))
        lines.append(Content.styled(f"  {signs.words(one.reason)}", MUTED))
    return [signs.cut(line, width) for line in lines[:height]]
