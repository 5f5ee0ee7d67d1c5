"""No spike may vanish, however many samples fall into a column."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.charts.reduce import reduce_to_extremes


@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300),
    columns=st.integers(1, 40),
)
def test_keeps_the_extremes_of_every_column(values: list[float], columns: int) -> None:
    times = np.arange(len(values), dtype=np.float64)
    last = float(len(values))
    kept_times, kept = reduce_to_extremes(times, np.array(values), 0.0, last, columns)
    assert np.all(np.diff(kept_times) > 0)
    column = np.floor(times * columns / last)
    kept_column = np.floor(kept_times * columns / last)
    for one in np.unique(column):
        inside = np.array(values)[column == one]
        remaining = kept[kept_column == one]
        assert remaining.min() == inside.min()
        assert remaining.max() == inside.max()


def test_at_most_two_points_per_column() -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    times, kept = reduce_to_extremes(np.arange(10_000.0), values, 0.0, 10_000.0, 50)
    assert len(times) == len(kept) <= 2 * 50


def test_a_column_without_measurements_stays_a_gap() -> None:
    values = np.ones(1_000)
    values[400:600] = np.nan
    times, kept = reduce_to_extremes(np.arange(1_000.0), values, 0.0, 1_000.0, 10)
    gap = (times >= 400) & (times < 600)
    assert gap.any()
    assert np.isnan(kept[gap]).all()
    assert not np.isnan(kept[~gap]).any()


def test_a_measurement_among_gaps_is_kept() -> None:
    values = np.full(1_000, np.nan)
    values[437] = 9.0
    _, kept = reduce_to_extremes(np.arange(1_000.0), values, 0.0, 1_000.0, 10)
    assert np.nanmax(kept) == pytest.approx(9.0)


def test_neighbours_outside_come_along() -> None:
    times, _ = reduce_to_extremes(np.arange(100.0), np.arange(100.0), 40.0, 60.0, 30)
    assert times[0] == 39.0
    assert times[-1] == 61.0
