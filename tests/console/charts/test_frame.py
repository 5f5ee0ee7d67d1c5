"""Charts as text: every line as wide as asked, gaps as gaps, names besides colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from console.charts.frame import FrameOptions, Line, canvas_size, compose_chart
from console.charts.model import (
    ChartData,
    Curve,
    Floats,
    LineStyle,
    Mark,
    Point,
    Threshold,
    Viewport,
)
from console.charts.raster import EMPTY, THRESHOLD, draw
from console.charts.scale import fit_scale
from console.themes import Series
from core.times import clock

_TIMES: Floats = np.arange(0, 600, 15, dtype=np.float64)
_VIEW = Viewport(0.0, 600.0)


def _latency(values: Floats | None = None) -> ChartData:
    base = np.full(40, 100.0) if values is None else values
    return ChartData(
        "latency",
        "ms",
        _TIMES,
        (
            Curve("p50", Series.LATENCY_P50, base * 0.4, LineStyle.DOTTED, current=40.0),
            Curve("p95", Series.LATENCY_P95, base, current=100.0),
            Curve("p99", Series.LATENCY_P99, base * 1.6, LineStyle.DASHED, current=160.0),
        ),
        Threshold("SLO", 250.0),
    )


def _text(lines: tuple[Line, ...]) -> list[str]:
    return ["".join(span.text for span in line) for line in lines]


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("size", [(12, 4), (40, 9), (53, 17), (100, 30)])
def test_every_line_is_as_wide_as_asked(
    size: tuple[int, int], logarithmic: bool, ascii_only: bool
) -> None:
    options = FrameOptions(*size, ascii_only=ascii_only, logarithmic=logarithmic)
    lines = _text(compose_chart(_latency(), _VIEW, options))
    assert len(lines) == size[1]
    assert {cell_len(line) for line in lines} == {size[0]}


def test_ascii_is_ascii() -> None:
    options = FrameOptions(40, 9, ascii_only=True, selected=True)
    viewport = Viewport(0.0, 600.0, cursor=300.0)
    assert all(line.isascii() for line in _text(compose_chart(_latency(), viewport, options)))


def test_heading_names_curves_with_values_and_the_threshold() -> None:
    lines = _text(compose_chart(_latency(), _VIEW, FrameOptions(60, 9)))
    assert "latency ms" in lines[0]
    for part in ("p50 40", "p95 100", "p99 160"):
        assert part in lines[0]
    assert any("250" in line and "SLO" in line for line in lines)


def test_narrow_heading_keeps_the_last_curve_and_the_title() -> None:
    heading = _text(compose_chart(_latency(), _VIEW, FrameOptions(24, 6)))[0]
    assert "latency" in heading
    assert "p99 160" in heading


def test_footing_tells_the_stretch_and_the_cursor() -> None:
    lines = _text(compose_chart(_latency(), Viewport(0, 600, cursor=300.0), FrameOptions(60, 9)))
    assert "00:00:00" in lines[-1]
    assert "00:10:00" in lines[-1]
    assert "▴00:05:00" in lines[-1]


def test_cursor_line_stands_at_its_moment() -> None:
    columns, _ = canvas_size(60, 9)
    lines = compose_chart(_latency(), Viewport(0, 600, cursor=300.0), FrameOptions(60, 9))
    marked = [
        sum(len(span.text) for span in line[: line.index(cursor)])
        for line in lines[1:-1]
        for cursor in line
        if cursor.series is Series.CURSOR
    ]
    assert marked
    assert set(marked) == {7 + columns // 2}


def test_curves_are_told_apart_without_colour() -> None:
    cells = draw(_latency(), _VIEW, fit_scale(_latency(), _VIEW), 40, 12)
    filled = {index: sum(row.count(index) for row in cells.owners) for index in range(3)}
    # Solid covers every column; dashes leave some out, dots even more.
    dots = {
        index: sum(
            bin(ord(character) - 0x2800).count("1")
            for row, owners in zip(cells.rows, cells.owners, strict=True)
            for character, owner in zip(row, owners, strict=True)
            if owner == index and character >= "⠀"
        )
        for index in range(3)
    }
    assert filled[1] >= 39
    assert dots[0] < dots[2] < dots[1]


def test_gaps_are_not_drawn_as_zero() -> None:
    values = np.full(40, 100.0)
    values[10:30] = np.nan
    data = ChartData("x", "", _TIMES, (Curve("a", Series.TRAFFIC, values),))
    cells = draw(data, _VIEW, fit_scale(data, _VIEW), 40, 6)
    middle = [owners[12:28] for owners in cells.owners]
    assert all(owner == EMPTY for row in middle for owner in row)
    assert any(0 in owners[:9] for owners in cells.owners)


def test_threshold_is_a_line_across() -> None:
    data = _latency()
    cells = draw(data, _VIEW, fit_scale(data, _VIEW), 40, 12)
    assert any(all(owner == THRESHOLD for owner in owners) for owners in cells.owners)


def test_steps_are_vertical() -> None:
    values = np.where(_TIMES < 300, 4.0, 12.0)
    data = ChartData(
        "replicas", "", _TIMES, (Curve("r", Series.REPLICAS_READY, values, stepped=True),)
    )
    cells = draw(data, _VIEW, fit_scale(data, _VIEW), 40, 8)
    at_step = [
        column for owners in cells.owners for column, owner in enumerate(owners) if owner == 0
    ]
    crossed = [row for row, owners in enumerate(cells.owners) if owners[19] == 0 or owners[20] == 0]
    assert len(crossed) >= 5
    assert min(at_step) == 0
    assert max(at_step) >= 38


def test_a_run_far_longer_than_the_view_costs_little() -> None:
    times: Floats = np.arange(0, 1_500_000, 15, dtype=np.float64)
    values = np.random.default_rng(1).random(100_000)
    data = ChartData("x", "", times, (Curve("a", Series.TRAFFIC, values),))
    cells = draw(data, Viewport(0.0, 10.0), fit_scale(data, Viewport(0.0, 10.0)), 20, 5)
    assert len(cells.rows) == 5


def test_marks_are_named() -> None:
    data = ChartData(
        "score",
        "",
        _TIMES,
        (Curve("s", Series.LOSS, np.linspace(4, 2, 40)),),
        marks=(Mark(300.0, "beats hpa", Series.EPISODE_REWARD),),
        floor=None,
    )
    assert any(
        "beats hpa" in line for line in _text(compose_chart(data, _VIEW, FrameOptions(60, 9)))
    )


def test_points_are_letters_and_those_in_one_place_stand_side_by_side() -> None:
    points = tuple(
        Point(x, y, letter, Series.OPERATOR if letter == "C" else Series.CURSOR)
        for letter, x, y in (("A", 0.0, 160.0), ("B", 300.0, 100.0), ("C", 300.0, 100.0))
    )
    data = replace(_latency(), points=points)
    lines = compose_chart(data, _VIEW, FrameOptions(60, 9))
    text = _text(lines)
    assert {cell_len(line) for line in text} == {60}
    [row] = [line for line in text if "BC" in line]
    assert row.index("B") == pytest.approx(60 / 2, abs=5)
    [first] = [line for line in text[1:-1] if "A" in line]
    assert text.index(first) < text.index(row)
    [span] = [span for line in lines[1:] for span in line if span.text == "C"]
    assert span.series is Series.OPERATOR


def test_an_axis_of_shares_is_written_as_percent() -> None:
    data = replace(_latency(), times=np.linspace(-4.0, -1.0, 40))
    shares = Viewport(-4.0, -1.0, in_time=False, in_shares=True)
    footing = _text(compose_chart(data, shares, FrameOptions(60, 9)))[-1]
    assert "0.01 %" in footing
    assert "10 %" in footing


def test_the_grid_of_columns_stands_still_while_time_goes_on() -> None:
    first = Viewport(1_000.0, 1_600.0).aligned(50)
    later = Viewport(1_003.0, 1_603.0).aligned(50)
    width = 600.0 / 50
    assert (later.first - first.first) / width == pytest.approx(
        round((later.first - first.first) / width)
    )
    assert first.last >= 1_600.0


def test_a_picture_that_jumps_shows_the_beginning_until_something_has_left_it() -> None:
    young = Viewport(0.0, 600.0)
    assert young.drawn(50, jumps=True) == young.drawn(50, jumps=False) == young
    data = _latency()
    still, jumping = (
        _text(compose_chart(data, young, FrameOptions(60, 9, jumps=jumps)))
        for jumps in (False, True)
    )
    assert still == jumping


def test_a_picture_that_jumps_stands_still_in_between_and_is_labelled_as_it_is() -> None:
    views = [Viewport(float(first), first + 600.0) for first in range(1, 1201, 5)]
    drawn = [view.drawn(48, jumps=True) for view in views]
    assert len({round(view.first) for view in drawn}) == 8
    for view, shown in zip(views, drawn, strict=True):
        assert 0 <= shown.last - view.last <= 600 / 4
        assert shown.span == pytest.approx(600)
    options = FrameOptions(60, 9, jumps=True)
    footing = _text(compose_chart(_latency(), Viewport(70.0, 670.0), options))[-1]
    columns, _ = canvas_size(60, 9)
    last = Viewport(70.0, 670.0).drawn(columns, jumps=True).last
    assert clock(last) in footing
    assert clock(last - 600) in footing


@given(
    values=st.lists(
        st.one_of(st.floats(-1e12, 1e12), st.just(float("nan")), st.just(0.0)), max_size=60
    ),
    span=st.floats(1e-2, 1e7),
    size=st.tuples(st.integers(12, 90), st.integers(4, 25)),
    logarithmic=st.booleans(),
    stepped=st.booleans(),
    style=st.sampled_from(LineStyle),
)
def test_whatever_is_measured_fits_its_frame(
    values: list[float],
    span: float,
    size: tuple[int, int],
    logarithmic: bool,
    stepped: bool,
    style: LineStyle,
) -> None:
    times = np.linspace(0.0, span, len(values), dtype=np.float64)
    curve = Curve("a", Series.TRAFFIC, np.array(values, dtype=np.float64), style, stepped)
    data = ChartData("x", "ms", times, (curve,), Threshold("SLO", 250.0), floor=None)
    options = FrameOptions(*size, logarithmic=logarithmic)
    lines = _text(compose_chart(data, Viewport(0.0, span, cursor=span / 2), options))
    assert len(lines) == size[1]
    assert {cell_len(line) for line in lines} == {size[0]}
