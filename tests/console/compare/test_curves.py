from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.compare.curves import both_extremes, common_axis, on_axis
from core.runs.reader import RunReader
from tests.core.runs.factory import write_run


def test_a_straight_line_between_samples_and_nothing_outside() -> None:
    axis = np.array([0.0, 5.0, 10.0, 15.0, 20.0, 25.0])
    found = on_axis(axis, np.array([5.0, 15.0, 20.0]), np.array([1.0, 3.0, 4.0]))
    assert np.isnan(found[[0, 5]]).all()
    assert found[1:5].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_a_stepped_value_holds_until_the_next() -> None:
    axis = np.array([0.0, 5.0, 9.9, 10.0])
    found = on_axis(axis, np.array([0.0, 10.0]), np.array([2.0, 6.0]), stepped=True)
    assert found.tolist() == [2.0, 2.0, 2.0, 6.0]


def test_a_gap_stays_a_gap() -> None:
    axis = np.array([0.0, 1.0, 2.0])
    found = on_axis(axis, axis, np.array([1.0, np.nan, 3.0]))
    assert np.isnan(found[1])
    assert found[[0, 2]].tolist() == [1.0, 3.0]


def test_without_samples_there_is_nothing() -> None:
    empty = np.empty(0)
    assert np.isnan(on_axis(np.array([1.0, 2.0]), empty, empty)).all()


def test_the_axis_has_every_moment_of_both() -> None:
    axis = common_axis(np.array([0.0, 15.0, 30.0]), np.array([15.0, 20.0]))
    assert axis.tolist() == [0.0, 15.0, 20.0, 30.0]


@pytest.mark.parametrize("points", [5000, 100])
def test_reduced_windows_keep_their_extremes(tmp_path: Path, points: int) -> None:
    reader = RunReader(write_run(tmp_path / "run", 1000))
    full = reader.window(0, 999, 5000)
    times, values = both_extremes(reader.window(0, 999, points), "latency_p95_ms")
    assert np.all(np.diff(times) > 0)
    assert np.nanmax(values) == np.nanmax(full.high["latency_p95_ms"])
    assert np.nanmin(values) == np.nanmin(full.low["latency_p95_ms"])
