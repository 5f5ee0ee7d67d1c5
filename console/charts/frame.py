"""A chart with everything around the canvas: heading with values, ticks, times, cursor."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from console.charts.model import ChartData, Curve, LineStyle, Viewport
from console.charts.raster import ASCII_MARKERS, EMPTY, THRESHOLD, draw
from console.charts.scale import Scale, fit_scale, short_number, ticks
from console.themes import Series

GUTTER = 5
"""Cells for tick labels, the same on all charts so that their time axes line up."""

_LEGEND_SIGNS = {LineStyle.SOLID: "─", LineStyle.DASHED: "╌", LineStyle.DOTTED: "┈"}


@dataclass(frozen=True, slots=True)
class Span:
    """Characters that look alike."""

    text: str
    series: Series | None = None
    """Colour of a series; None is the colour of text."""
    bold: bool = False
    inspected: bool = False
    """Whether the cursor stands here."""


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FrameOptions:
    """How a chart is drawn, apart from what is in it."""

    width: int
    height: int
    ascii_only: bool = False
    logarithmic: bool = False
    selected: bool = False


def canvas_size(width: int, height: int) -> tuple[int, int]:
    """Columns and rows left for curves inside a frame of `width` by `height`."""
    return max(width - GUTTER - 3, 1), max(height - 2, 1)


def compose_chart(data: ChartData, viewport: Viewport, options: FrameOptions) -> tuple[Line, ...]:
    """All lines of a chart, each exactly `options.width` cells wide."""
    columns, rows = canvas_size(options.width, options.height)
    shown = viewport.aligned(columns)
    scale = fit_scale(data, shown, logarithmic=options.logarithmic)
    cells = draw(data, shown, scale, columns, rows, ascii_only=options.ascii_only)
    labels = _tick_labels(data, scale, rows)
    at = _cursor_column(shown, columns)
    side = "|" if options.ascii_only else "│"
    edge = "+" if options.ascii_only else "┤"
    lines = [_heading(data, shown, options)]
    for row in range(rows):
        text, series = labels.get(row, ("", Series.AXIS))
        lines.append(
            (
                Span(side, _border(options)),
                Span(f"{text:>{GUTTER}}", series),
                Span(edge if text else side, Series.AXIS),
                *_canvas_row(data, cells.rows[row], cells.owners[row], at),
                Span(side, _border(options)),
            )
        )
    lines.append(_footing(shown, at, options))
    return tuple(lines)


def _border(options: FrameOptions) -> Series | None:
    return None if options.selected else Series.AXIS


def _tick_labels(data: ChartData, scale: Scale, rows: int) -> dict[int, tuple[str, Series]]:
    labels = {
        scale.row(value, rows): (short_number(value), Series.AXIS)
        for value in ticks(scale, rows, whole=data.whole)
    }
    threshold = data.threshold
    if threshold is not None and 0 <= scale.share(threshold.value) <= 1:
        row = scale.row(threshold.value, rows)
        # A round tick next to the threshold would be read as the threshold.
        labels.pop(row - 1, None)
        labels.pop(row + 1, None)
        labels[row] = (short_number(threshold.value), threshold.series)
    return labels


def _canvas_row(data: ChartData, text: str, owners: tuple[int, ...], at: int | None) -> list[Span]:
    spans: list[Span] = []
    position = 0
    keyed = [(owner, column == at) for column, owner in enumerate(owners)]
    for (owner, inspected), group in groupby(keyed):
        size = sum(1 for _ in group)
        spans.append(
            Span(text[position : position + size], _series_of(data, owner), inspected=inspected)
        )
        position += size
    return spans


def _series_of(data: ChartData, owner: int) -> Series | None:
    if owner == THRESHOLD and data.threshold is not None:
        return data.threshold.series
    if owner in (EMPTY, THRESHOLD) or not 0 <= owner < len(data.curves):
        return None
    return data.curves[owner].series


def _cursor_column(viewport: Viewport, columns: int) -> int | None:
    if viewport.cursor is None or not viewport.first <= viewport.cursor <= viewport.last:
        return None
    share = (viewport.cursor - viewport.first) / viewport.span
    return min(int(share * columns), columns - 1)


def value_at(data: ChartData, curve: Curve, moment: float | None) -> float | None:
    """The curve's value at the sample nearest to `moment`, or its last; None if not measured."""
    if not len(data.times):
        return None
    index = len(data.times) - 1
    if moment is not None:
        index = int(np.argmin(np.abs(data.times - moment)))
    value = float(curve.values[index])
    return None if np.isnan(value) else value


def _heading(data: ChartData, viewport: Viewport, options: FrameOptions) -> Line:
    rule = "-" if options.ascii_only else "─"
    left, right = ("+", "+") if options.ascii_only else ("╭", "╮")
    pointer = (">" if options.ascii_only else "▸") if options.selected else rule
    border = _border(options)
    title, legend = _fitting(data, viewport, options, options.width - 6)
    fill = options.width - 6 - len(title) - _size(legend)
    return (
        Span(left + pointer, border),
        Span(title, None, bold=True),
        Span(f" {rule * fill}{' ' if legend else rule}", border),
        *legend,
        Span(f"{' ' if legend else rule}{right}", border),
    )


def _fitting(
    data: ChartData, viewport: Viewport, options: FrameOptions, room: int
) -> tuple[str, list[Span]]:
    # What does not fit goes: first the unit, then the signs, then the curves named first.
    scale = " log" if options.logarithmic else ""
    full, short = f"{data.title} {data.unit}".strip() + scale, data.title + scale
    curves = [(index, curve) for index, curve in enumerate(data.curves) if curve.in_legend]
    for title, with_signs in ((full, True), (short, True), (full, False), (short, False)):
        legend = _legend(data, curves, viewport, options, with_signs)
        if _size(legend) + len(title) <= room:
            return title, legend
    while curves and _size(legend) + len(short) > room:
        curves = curves[1:]
        legend = _legend(data, curves, viewport, options, with_signs=False)
    return short[: max(room, 0)], legend


def _legend(
    data: ChartData,
    curves: list[tuple[int, Curve]],
    viewport: Viewport,
    options: FrameOptions,
    with_signs: bool,
) -> list[Span]:
    spans: list[Span] = []
    for position, (index, curve) in enumerate(curves):
        sign = ""
        if with_signs or options.ascii_only:
            sign = (
                ASCII_MARKERS[index % len(ASCII_MARKERS)]
                if options.ascii_only
                else _LEGEND_SIGNS[curve.style]
            )
        value = short_number(value_at(data, curve, viewport.cursor))
        gap = " " if position else ""
        spans.append(Span(f"{gap}{sign}{curve.label} ", curve.series))
        spans.append(Span(value, curve.series, bold=True))
    return spans


def _size(spans: list[Span]) -> int:
    return sum(len(span.text) for span in spans)


def _footing(viewport: Viewport, at: int | None, options: FrameOptions) -> Line:
    # Start and end of what is shown; the cursor's own moment where it stands.
    rule = "-" if options.ascii_only else "─"
    left, right = ("+", "+") if options.ascii_only else ("╰", "╯")
    border = _border(options)
    width = options.width - 2
    write = clock if viewport.in_time else short_number
    line = [rule] * width
    _put(line, GUTTER + 1, write(max(viewport.first, 0.0)))
    last = write(viewport.last)
    _put(line, width - len(last), last)
    if at is None or viewport.cursor is None:
        return (Span(left, border), *_ruled(line, rule, border), Span(right, border))
    text = f"{'^' if options.ascii_only else '▴'}{write(viewport.cursor)}"
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


def _put(line: list[str], position: int, text: str) -> None:
    for offset, character in enumerate(text):
        if 0 <= position + offset < len(line):
            line[position + offset] = character


def _ruled(line: list[str], rule: str, border: Series | None) -> list[Span]:
    return [
        Span("".join(group), border if is_rule else Series.AXIS)
        for is_rule, group in groupby(line, key=lambda character: character == rule)
    ]


def clock(seconds: float) -> str:
    """Time since the start of the run as hours, minutes and seconds; days before if any."""
    whole = round(seconds)
    days, rest = divmod(whole, 86_400)
    text = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
    return f"{days}d {text}" if days else text
