"""Round ranges that hold everything, and ticks on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.charts.model import ChartData, Curve, Threshold, Viewport
from console.charts.scale import Scale, fit_scale, labelled_ticks, ticks
from console.charts.text import short_number
from console.themes import Series
from core.times import clock

_VIEW = Viewport(0.0, 100.0)


def _data(
    values: list[float],
    *,
    threshold: float | None = None,
    floor: float | None = 0.0,
    ceiling: float | None = None,
) -> ChartData:
    times = np.linspace(0.0, 100.0, len(values))
    return ChartData(
        "x",
        "",
        times,
        (Curve("a", Series.TRAFFIC, np.array(values)),),
        None if threshold is None else Threshold("SLO", threshold),
        floor=floor,
        ceiling=ceiling,
    )


@given(st.lists(st.floats(-1e5, 1e5), min_size=1, max_size=20))
def test_everything_measured_lies_inside(values: list[float]) -> None:
    scale = fit_scale(_data(values, floor=None), _VIEW)
    assert scale.high > scale.low
    for value in values:
        assert -1e-6 <= scale.share(value) <= 1 + 1e-6


def test_floor_and_threshold_are_in_range() -> None:
    scale = fit_scale(_data([90.0, 95.0], threshold=250.0), _VIEW)
    assert scale.low == 0.0
    assert scale.high > 250.0


def test_nothing_measured_still_gives_a_range() -> None:
    scale = fit_scale(_data([float("nan")], floor=None), _VIEW)
    assert scale.high > scale.low


def test_negative_values_end_at_zero() -> None:
    scale = fit_scale(_data([-0.2, -0.31], floor=None, ceiling=0.0), _VIEW)
    assert scale.high == 0.0
    assert scale.low <= -0.31


def test_what_lies_outside_the_viewport_does_not_count() -> None:
    scale = fit_scale(_data([1e6, 5.0, 5.0, 5.0, 5.0]), Viewport(20.0, 100.0))
    assert scale.high < 10.0


def test_logarithmic_range_covers_decades() -> None:
    scale = fit_scale(_data([3.0, 4_000.0]), _VIEW, logarithmic=True)
    assert scale.low == pytest.approx(1.0)
    assert scale.high >= 4_000.0
    assert scale.row(1.0, 10) == 9


@pytest.mark.parametrize("rows", [2, 4, 7, 12, 30])
@pytest.mark.parametrize(
    "scale", [Scale(0, 12), Scale(0, 500), Scale(-0.31, 0), Scale(1, 5_000, logarithmic=True)]
)
def test_ticks_are_inside_and_ascending(scale: Scale, rows: int) -> None:
    found = ticks(scale, rows)
    assert len(found) >= 2
    assert all(scale.low <= tick <= scale.high + 1e-9 for tick in found)
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("scale", "rows", "labels"),
    [
        (Scale(-0.5, 1.5), 7, ["-0.5", "0.5", "1.5"]),
        (Scale(1.5, 4.0), 7, ["1.5", "4.0"]),
        (Scale(-2.0, 0.0), 15, ["-2.0", "-1.6", "-1.2", "-0.8", "-0.4", "0"]),
        (Scale(0, 10_000), 15, ["0", "2k", "4k", "6k", "8k", "10k"]),
        (Scale(0, 500), 7, ["0", "250", "500"]),
    ],
)
def test_labels_have_the_decimals_that_tell_them_apart(
    scale: Scale, rows: int, labels: list[str]
) -> None:
    assert [text for _, text in labelled_ticks(scale, rows)] == labels


@given(st.floats(-1e6, 1e6), st.floats(0.001, 1e6), st.integers(2, 30))
def test_labels_fit_the_gutter(low: float, span: float, rows: int) -> None:
    values = [low, low + span]
    scale = fit_scale(_data(values, floor=None), _VIEW)
    assert all(len(text) <= 5 for _, text in labelled_ticks(scale, rows))


def test_ticks_of_counts_are_whole() -> None:
    assert all(tick == round(tick) for tick in ticks(Scale(0, 5), 12, whole=True))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (float("nan"), "-"),
        (0.0, "0"),
        (0.0001, "0"),
        (-0.0009, "-.001"),
        (0.31, "0.31"),
        (-0.31, "-0.31"),
        (12.34, "12.3"),
        (250.0, "250"),
        (1234.0, "1.2k"),
        (13_400.0, "13k"),
        (2_500_000.0, "2.5M"),
    ],
)
def test_short_numbers(value: float | None, text: str) -> None:
    assert short_number(value) == text


@given(st.floats(-9e8, 9e8))
def test_short_numbers_fit_the_gutter(value: float) -> None:
    assert len(short_number(value)) <= 5


def test_clock() -> None:
    assert clock(0) == "00:00:00"
    assert clock(3_661.4) == "01:01:01"
    assert clock(90_061) == "1d 01:01:01"
