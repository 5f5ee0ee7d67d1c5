"""What the panels are written with: headings, signed numbers, columns."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from console.live.decision import Drawing
from console.live.signs import FAINT, MUTED, Signs
from console.themes import Series


def heading(text: str, note: str = "") -> Content:
    """The title of a part, and something beside it."""
    return Content.assemble((text, "bold $primary"), (f"  {note}" if note else "", MUTED))


def signed(value: float | None, signs: Signs, digits: int = 2, *, plus: bool = True) -> str:
    """A number with its sign; a dash if there is none."""
    if value is None:
        return "-"
    # Adding zero keeps what rounds to nothing from showing a sign.
    text = f"{round(value, digits) + 0.0:{'+' if plus else ''}.{digits}f}"
    return text.replace("-", signs.minus)


def seesaw(value: float, largest: float, width: int, drawing: Drawing) -> Content:
    """A bar from the middle: to the right for what speaks for, to the left for what against."""
    half = max(width // 2, 1)
    size = min(max(round(abs(value) / largest * half), 0), half) if largest > 0 else 0
    heavy, light = drawing.signs.line_heavy, drawing.signs.line_light
    color = drawing.palette.color(Series.TRAFFIC if value >= 0 else Series.LATENCY_P95)
    if value >= 0:
        parts = [(light * half, FAINT), (heavy * size, color), (light * (half - size), FAINT)]
    else:
        parts = [(light * (half - size), FAINT), (heavy * size, color), (light * half, FAINT)]
    return Content.assemble(*parts)


def beside(left: Sequence[Content], right: Sequence[Content], width: int) -> list[Content]:
    """Two columns of lines, the left one `width` cells wide."""
    empty = Content("")
    rows = []
    for row in range(max(len(left), len(right))):
        one = left[row] if row < len(left) else empty
        gap = " " * max(width - one.cell_length, 0)
        rows.append(Content.assemble(one, gap, right[row] if row < len(right) else empty))
    return rows


def picked(line: Content, width: int, *, chosen: bool, focused: bool) -> Content:
    """A line of a list, marked if it is the selected one of the panel that keys act on."""
    if not chosen:
        return line
    whole = line.pad_right(max(width - line.cell_length, 0))
    return whole.stylize("reverse" if focused else "underline")


def window(rows: Sequence[Content], selected: int, height: int) -> list[Content]:
    """At most `height` of the rows, the selected one among them."""
    if len(rows) <= height or height < 1:
        return list(rows[: max(height, 0)])
    first = min(max(selected - height // 2, 0), len(rows) - height)
    return list(rows[first : first + height])
