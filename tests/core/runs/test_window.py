"""Many steps at once: reduced windows keep every extreme and do not flicker."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.runs.reader import RunReader
from core.runs.schema import SERIES
from tests.core.runs.factory import write_run


def test_a_short_window_is_not_reduced(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 300))
    window = reader.window(100, 199, max_points=100)
    steps = reader.steps_after(99, 100)
    assert window.bucket_steps == 1
    np.testing.assert_array_equal(window.low["rps"], steps.rps)
    np.testing.assert_array_equal(window.high["rps"], steps.rps)
    assert window.actors == tuple(frozenset({actor}) for actor in steps.actor)


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("long") / "run", 5000)


@pytest.mark.parametrize(
    ("first", "last", "max_points"),
    [(0, 4999, 100), (0, 4999, 2000), (777, 4321, 80), (3000, 99_999, 10), (4990, 4999, 4)],
)
def test_a_reduced_window_keeps_every_extreme(
    long_run: Path, first: int, last: int, max_points: int
) -> None:
    reader = RunReader(long_run)
    window = reader.window(first, last, max_points)
    last = min(last, 4999)
    size = window.bucket_steps
    assert len(window) <= max_points // 2 + 1
    assert window.step[0] == first - first % size
    every = reader.steps_after(int(window.step[0]) - 1, 5000)
    inside = every.step <= last
    for name in SERIES:
        values = getattr(every, name)[inside]
        starts = window.step - window.step[0]
        np.testing.assert_array_equal(window.low[name], np.fmin.reduceat(values, starts))
        np.testing.assert_array_equal(window.high[name], np.fmax.reduceat(values, starts))
    ups = (every.target > every.replicas_desired)[inside]
    np.testing.assert_array_equal(window.ups, np.add.reduceat(ups.astype(int), starts))
    position = len(window) // 2
    begin = int(starts[position])
    end = int(starts[position + 1]) if position + 1 < len(window) else None
    assert window.actors[position] == frozenset(every.actor[begin:end])
    assert window.modes[position] == frozenset(every.mode[begin:end])


def test_windows_do_not_flicker_while_they_follow_the_tail(long_run: Path) -> None:
    reader = RunReader(long_run)
    early, late = reader.window(0, 1800, 200), reader.window(7, 1807, 200)
    common = np.intersect1d(early.step, late.step)
    assert len(common) >= len(early) - 2


def test_a_window_names_series(tmp_path: Path) -> None:
    window = RunReader(write_run(tmp_path / "run", 400)).window(0, 399, 40)
    series = window.series("latency_p95_ms")
    assert (series.low <= series.high).all()
    assert series.time_s.tolist() == (series.step * 15.0).tolist()
