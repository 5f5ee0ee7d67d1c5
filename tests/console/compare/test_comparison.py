from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.compare.comparison import Figure, chart_at, compare_runs
from console.compare.table import figures_table
from console.themes import palette_for
from core.errors import RunError
from core.runs.reader import RunReader
from core.runs.records import RunKind
from core.state import ControlMode
from tests.core.runs.factory import write_run
from tests.core.runs.uneven import paused


def test_totals_end_where_the_shorter_run_ends(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", 400)
    second = write_run(tmp_path / "b", 100, policy="hpa")
    comparison = compare_runs(first, second)
    reader = RunReader(first)
    figures = {figure.name: figure for figure in comparison.figures}
    assert figures["pod-hours"].first == pytest.approx(reader.totals(99).pod_hours)
    assert figures["churn"].first == reader.totals(99).churn
    assert comparison.end == 399 * 15
    assert comparison.until == "first 25 min"
    assert "longer" in comparison.remark


def test_a_long_run_is_cut_at_the_very_step(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", 30_000)
    second = write_run(tmp_path / "b", 7_777)
    comparison = compare_runs(first, second)
    churn = next(figure for figure in comparison.figures if figure.name == "churn")
    reader = RunReader(first)
    assert churn.first == reader.totals(7_776).churn


def test_a_long_run_is_cut_before_a_pause(tmp_path: Path) -> None:
    first = paused(write_run(tmp_path / "a", 10_000), 7_773)
    comparison = compare_runs(first, write_run(tmp_path / "b", 7_777))
    found = next(figure for figure in comparison.figures if figure.name == "pod-hours")
    assert found.first == RunReader(first).totals(7_772).pod_hours


def test_a_policy_that_only_advised_is_not_taken_for_one_that_acted(tmp_path: Path) -> None:
    acted, advised = (
        write_run(tmp_path / mode, 50, mode=mode) for mode in (ControlMode.AUTO, ControlMode.SHADOW)
    )
    assert "B in SHADOW: its policy only advised." in compare_runs(acted, advised).remark
    assert "advised" not in compare_runs(acted, acted).remark


def test_both_runs_are_drawn_on_one_axis(tmp_path: Path) -> None:
    comparison = compare_runs(write_run(tmp_path / "a", 50), write_run(tmp_path / "b", 80, seed=1))
    assert [chart.title for chart in comparison.charts] == [
        "latency p95",
        "replicas ready",
        "reward",
        "traffic",
    ]
    for chart in comparison.charts:
        first, second = chart.curves
        assert len(first.values) == len(second.values) == len(chart.times) == 80
        assert np.isnan(first.values[50:]).all()
        assert first.style is not second.style
    assert comparison.charts[0].threshold is not None
    assert "Different seeds, 0 and 1" in comparison.remark


def test_the_same_run_differs_in_nothing(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "a", 50)
    comparison = compare_runs(directory, directory)
    assert all(figure.better is None for figure in comparison.figures)
    assert "Same scenario and seed" in comparison.remark


def test_other_scenarios_are_called_out(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", 20)
    comparison = compare_runs(first, write_run(tmp_path / "b", 20, scenario="bursty"))
    assert "not comparable" in comparison.remark


def test_trainings_are_compared_by_score(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", 300, kind=RunKind.TRAINING)
    second = write_run(tmp_path / "b", 500, kind=RunKind.TRAINING, policy="dqn")
    comparison = compare_runs(first, second)
    assert not comparison.in_time
    assert [chart.title for chart in comparison.charts][:2] == ["score", "episode reward"]
    assert comparison.end == 500 * 128
    assert comparison.figures[0].name == "best score"


def test_a_training_and_a_run_are_not_compared(tmp_path: Path) -> None:
    first = write_run(tmp_path / "a", 20)
    second = write_run(tmp_path / "b", 20, kind=RunKind.TRAINING)
    with pytest.raises(RunError, match="one kind"):
        compare_runs(first, second)


def test_a_run_without_decisions_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="without any yet"):
        compare_runs(write_run(tmp_path / "a", 20), write_run(tmp_path / "b", 0))


def test_the_better_one_and_by_how_much() -> None:
    assert Figure("x", 2.0, 1.0, lower_is_better=True).better == 1
    assert Figure("x", 2.0, 1.0, lower_is_better=False).better == 0
    assert Figure("x", 2.0, 2.0, lower_is_better=True).better is None
    assert Figure("x", None, 2.0, lower_is_better=True).better is None
    assert Figure("x", 2.0, 1.0).better is None
    assert Figure("x", 2.0, 1.0).change == pytest.approx(-0.5)
    assert Figure("x", -2.0, -1.0).change == pytest.approx(0.5)
    assert Figure("x", 0.0, 1.0).change is None


def test_the_table_names_the_better_run_in_words(tmp_path: Path) -> None:
    comparison = compare_runs(write_run(tmp_path / "a", 50), write_run(tmp_path / "b", 50, seed=4))
    lines = figures_table(comparison, palette_for("dark")).plain.splitlines()
    assert lines[0].split() == ["first", "12", "min", "A", "B", "A", "to", "B", "better"]
    for figure, line in zip(comparison.figures, lines[1:], strict=False):
        if figure.better is not None:
            assert line.rstrip().endswith("AB"[figure.better])


def test_headings_follow_the_cursor(tmp_path: Path) -> None:
    comparison = compare_runs(write_run(tmp_path / "a", 50), write_run(tmp_path / "b", 80))
    traffic = comparison.charts[3]
    at_end = chart_at(traffic, None)
    assert at_end.curves[0].current == traffic.curves[0].values[49]
    assert at_end.curves[1].current == traffic.curves[1].values[79]
    inspected = chart_at(traffic, 16.0)
    assert inspected.curves[0].current == traffic.curves[0].values[1]
