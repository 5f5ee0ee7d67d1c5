"""A chart with everything around the canvas: heading with values, ticks, times, cursor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from console.charts.model import ChartData, Curve, LineStyle, Viewport
from console.charts.raster import (
    ASCII_MARKERS,
    AXIS_NAME,
    EMPTY,
    FIRST_POINT,
    MARK,
    THRESHOLD,
    Cells,
    draw,
)
from console.charts.scale import LABEL_WIDTH, Scale, fit_scale, labelled_ticks
from console.charts.text import short_number
from console.themes import Series
from core.times import clock

GUTTER = LABEL_WIDTH
"""Cells for tick labels, the same on all charts so that their time axes line up."""

CURSOR_LINE = "│"
"""Where the cursor crosses nothing."""

_CROSSED = (" ", "⠀", "┄", "-")

_LEGEND_SIGNS = {LineStyle.SOLID: "─", LineStyle.DASHED: "╌", LineStyle.DOTTED: "┈"}


@dataclass(frozen=True, slots=True)
class Span:
    """Characters that look alike."""

    text: str
    series: Series | None = None
    """Colour of a series; None is the colour of text."""
    bold: bool = False


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FrameOptions:
    """How a chart is drawn, apart from what is in it."""

    width: int
    height: int
    ascii_only: bool = False
    logarithmic: bool = False
    selected: bool = False
    jumps: bool = False
    """Whether the picture moves by a quarter at once instead of column by column."""


def canvas_size(width: int, height: int) -> tuple[int, int]:
    """Columns and rows left for curves inside a frame of `width` by `height`."""
    return max(width - GUTTER - 3, 1), max(height - 2, 1)


def compose_chart(data: ChartData, viewport: Viewport, options: FrameOptions) -> tuple[Line, ...]:
    """All lines of a chart, each exactly `options.width` cells wide."""
    columns, rows = canvas_size(options.width, options.height)
    shown = viewport.drawn(columns, jumps=options.jumps)
    scale = fit_scale(data, shown, logarithmic=options.logarithmic)
    cells = draw(data, shown, scale, columns, rows, ascii_only=options.ascii_only)
    cells = _annotated(cells, data, shown, scale, options.ascii_only)
    labels = _tick_labels(data, scale, rows)
    at = _cursor_column(shown, columns)
    side = "|" if options.ascii_only else "│"
    edge = "+" if options.ascii_only else "┤"
    lines = [_heading(data, options)]
    for row in range(rows):
        text, series = labels.get(row, ("", Series.AXIS))
        lines.append(
            (
                Span(side, _border(options)),
                Span(f"{text:>{GUTTER}}", series),
                Span(edge if text else side, Series.AXIS),
                *_canvas_row(data, cells.rows[row], cells.owners[row], at, options.ascii_only),
                Span(side, _border(options)),
            )
        )
    # A jump shows times that are still to come; the labels then are those of the picture.
    lines.append(_footing(shown if options.jumps else viewport, at, options, data.across))
    return tuple(lines)


def _border(options: FrameOptions) -> Series | None:
    return None if options.selected else Series.AXIS


def _tick_labels(data: ChartData, scale: Scale, rows: int) -> dict[int, tuple[str, Series]]:
    labels = {
        scale.row(value, rows): (text, Series.AXIS)
        for value, text in labelled_ticks(scale, rows, whole=data.whole)
    }
    threshold = data.threshold
    if threshold is not None and 0 <= scale.share(threshold.value) <= 1:
        row = scale.row(threshold.value, rows)
        # A round tick next to the threshold would be read as the threshold.
        labels.pop(row - 1, None)
        labels.pop(row + 1, None)
        labels[row] = (short_number(threshold.value), threshold.series)
    return labels


def _annotated(
    cells: Cells, data: ChartData, viewport: Viewport, scale: Scale, ascii_only: bool
) -> Cells:
    # Names on the threshold and at marks, where no curve is in the way.
    rows = [list(row) for row in cells.rows]
    owners = [list(row) for row in cells.owners]
    columns = len(rows[0])

    def write(row: int, column: int, text: str, owner: int, over: tuple[int, ...]) -> bool:
        place = owners[row][column : column + len(text)]
        fits = len(place) == len(text) and all(cell in over for cell in place)
        if fits:
            rows[row][column : column + len(text)] = text
            owners[row][column : column + len(text)] = [owner] * len(text)
        return fits

    threshold = data.threshold
    if threshold is not None and 0 <= scale.share(threshold.value) <= 1:
        text = f" {threshold.label} "
        row = scale.row(threshold.value, len(rows))
        write(row, columns - len(text) - 1, text, THRESHOLD, (THRESHOLD,))
    for mark in data.marks:
        column = int((mark.time_s - viewport.first) / viewport.span * columns)
        if 0 <= column < columns:
            for row in range(len(rows)):
                write(row, column, "|" if ascii_only else "│", MARK, (EMPTY,))
            text = f" {mark.label} "
            begin = column + 1 if column + 1 + len(text) <= columns else column - len(text)
            write(0, max(begin, 0), text, MARK, (EMPTY,))
    for number, point in enumerate(data.points):
        column = min(max(int((point.x - viewport.first) / viewport.span * columns), 0), columns - 1)
        row = scale.row(point.y, len(rows))
        # Points in one cell stand side by side, as far as there is room.
        while column + 1 < columns and owners[row][column] <= FIRST_POINT:
            column += 1
        rows[row][column], owners[row][column] = point.letter, FIRST_POINT - number
    if data.upward:
        # Beside the axis that it names, as high as there is room.
        text = f" {data.upward} "
        any(write(row, 0, text, AXIS_NAME, (EMPTY,)) for row in range(len(rows)))
    if not data.measured:
        text = " nothing yet "
        write(len(rows) // 2, max((columns - len(text)) // 2, 0), text, EMPTY, (EMPTY,))
    return Cells(tuple("".join(row) for row in rows), tuple(tuple(belongs) for belongs in owners))


def _canvas_row(
    data: ChartData, text: str, owners: tuple[int, ...], at: int | None, plain: bool
) -> list[Span]:
    spans: list[Span] = []
    position = 0
    keyed = [(owner, column == at) for column, owner in enumerate(_carried(text, owners))]
    for (owner, inspected), group in groupby(keyed):
        size = sum(1 for _ in group)
        piece, series = text[position : position + size], _series_of(data, owner)
        if inspected and piece in _CROSSED:
            piece, series = ("|" if plain else CURSOR_LINE), Series.CURSOR
        spans.append(Span(piece, series, bold=inspected))
        position += size
    return spans


def _carried(text: str, owners: tuple[int, ...]) -> list[int]:
    # A blank has no colour to show, so it takes that before it: fewer changes of colour are fewer
    # bytes to the terminal.
    carried: list[int] = []
    for character, owner in zip(text, owners, strict=True):
        blank = owner == EMPTY and character == " "
        carried.append(carried[-1] if blank and carried else owner)
    return carried


def _series_of(data: ChartData, owner: int) -> Series | None:
    if owner == THRESHOLD and data.threshold is not None:
        return data.threshold.series
    if owner == MARK and data.marks:
        return data.marks[0].series
    if owner == AXIS_NAME:
        return Series.AXIS
    if owner <= FIRST_POINT:
        return data.points[FIRST_POINT - owner].series
    if owner in (EMPTY, THRESHOLD) or not 0 <= owner < len(data.curves):
        return None
    return data.curves[owner].series


def _cursor_column(viewport: Viewport, columns: int) -> int | None:
    if viewport.cursor is None or not viewport.first <= viewport.cursor <= viewport.last:
        return None
    share = (viewport.cursor - viewport.first) / viewport.span
    return min(int(share * columns), columns - 1)


def _heading(data: ChartData, options: FrameOptions) -> Line:
    rule = "-" if options.ascii_only else "─"
    left, right = ("+", "+") if options.ascii_only else ("╭", "╮")
    pointer = (">" if options.ascii_only else "▸") if options.selected else rule
    border = _border(options)
    room = options.width - 5
    title, legend = _fitting(data, options, room)
    fill = max(room - _size(title) - _size(legend), 0)
    filler = f" {rule * (fill - 1)}" if fill > 3 else " " * fill
    return (
        Span(left + pointer, border),
        *title,
        Span(f"{filler}{' ' if legend else rule}", border),
        *legend,
        Span(f"{' ' if legend else rule}{right}", border),
    )


def _fitting(data: ChartData, options: FrameOptions, room: int) -> tuple[list[Span], list[Span]]:
    # What does not fit goes: first the unit, then long names, then the signs, then curves.
    scale = " log" if options.logarithmic else ""
    named = [(index, curve) for index, curve in enumerate(data.curves) if not curve.leading]
    lead = [
        Span(f" {short_number(curve.current)}", curve.series, bold=True)
        for curve in data.curves
        if curve.leading
    ]
    full, short = f"{data.title} {data.unit}".strip(), data.title
    for title, brief, with_signs in (
        (full, False, True),
        (short, False, True),
        (short, True, True),
        (short, True, False),
    ):
        heading = [Span(title + scale, None, bold=True), *lead]
        legend = _legend(named, options, brief, with_signs)
        if _size(legend) + _size(heading) <= room:
            return heading, legend
    heading = [Span(short + scale, None, bold=True), *lead]
    while named and _size(legend) + _size(heading) > room:
        named = named[1:]
        legend = _legend(named, options, brief=True, with_signs=False)
    if _size(heading) > room:
        heading = [Span(short[: max(room, 0)], None, bold=True)]
    return heading, legend


def _legend(
    curves: list[tuple[int, Curve]], options: FrameOptions, brief: bool, with_signs: bool
) -> list[Span]:
    spans: list[Span] = []
    for position, (index, curve) in enumerate(curves):
        sign = ""
        if options.ascii_only:
            sign = ASCII_MARKERS[index % len(ASCII_MARKERS)]
        elif with_signs:
            sign = _LEGEND_SIGNS[curve.style]
        label = curve.short if brief and curve.short else curve.label
        gap = " " if position else ""
        spans.append(Span(f"{gap}{sign}{label} ", curve.series))
        spans.append(Span(short_number(curve.current), curve.series, bold=True))
    return spans


def _size(spans: list[Span]) -> int:
    return sum(len(span.text) for span in spans)


def _footing(viewport: Viewport, at: int | None, options: FrameOptions, across: str) -> Line:
    # Start and end of what is shown, between them what the axis is; the cursor's own moment where
    # it stands.
    rule = "-" if options.ascii_only else "─"
    left, right = ("+", "+") if options.ascii_only else ("╰", "╯")
    border = _border(options)
    width = options.width - 2
    write = _share if viewport.in_shares else clock if viewport.in_time else _count
    line = [rule] * width
    first = viewport.first if viewport.in_shares else max(viewport.first, 0.0)
    earliest, last = write(first), write(viewport.last)
    _put(line, GUTTER + 1, earliest)
    _put(line, width - len(last), last)
    room = width - len(last) - (GUTTER + 1 + len(earliest))
    if across and len(across) + 4 <= room:
        name = f" {across} "
        _put(line, GUTTER + 1 + len(earliest) + (room - len(name)) // 2, name)
    plain = (Span(left, border), *_ruled(line, rule, border), Span(right, border))
    if at is None or viewport.cursor is None:
        return plain
    text = f"{'^' if options.ascii_only else '▴'}{write(viewport.cursor)}"
    if len(text) > width:
        return plain
    begin = min(GUTTER + 1 + at, width - len(text))
    for position in range(max(begin - 1, 0), min(begin + len(text) + 1, width)):
        line[position] = " "
    before, after = line[:begin], line[begin + len(text) :]
    return (
        Span(left, border),
        *_ruled(before, rule, border),
        Span(text, Series.CURSOR, bold=True),
        *_ruled(after, rule, border),
        Span(right, border),
    )


def _share(logarithm: float) -> str:
    return f"{100 * 10.0**logarithm:.2g} %"


def _count(value: float) -> str:
    return f"{value:.0f}" if abs(value) < 100_000 else short_number(value)


def _put(line: list[str], position: int, text: str) -> None:
    for offset, character in enumerate(text):
        if 0 <= position + offset < len(line):
            line[position + offset] = character


def _ruled(line: list[str], rule: str, border: Series | None) -> list[Span]:
    return [
        Span("".join(group), border if is_rule else Series.AXIS)
        for is_rule, group in groupby(line, key=lambda character: character == rule)
    ]
