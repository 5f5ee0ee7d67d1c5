from __future__ import annotations

import numpy as np
import pytest

from console.bench.front import front_chart
from console.bench.view import (
    Level,
    columns_of,
    legend,
    letters_of,
    policy_lines,
    policy_note,
    row_note,
    seed_lines,
    workload_lines,
)
from console.charts.frame import FrameOptions, compose_chart
from console.words import short_name
from core.bench.report import Report, build_report
from tests.core.bench.factory import CALM, HPA_BEST, OURS, WILD, made_up_request, made_up_results


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(made_up_request(), made_up_results())


def test_a_policy_has_its_means_and_its_worst(report: Report) -> None:
    ours, hpa, rule = policy_lines(report)
    assert [one.key for one in (ours, hpa, rule)] == [OURS, "hpa calibrated", "rule calibrated"]
    assert ours.cells["mark"] == "A"
    assert ours.cells["hindsight"] == "0.76/0.88"
    assert ours.cells["gap"] == "54 %"
    assert ours.cells["slo"] == "1.00 %"
    assert ours.cells["churn"] == "0.50"
    assert ours.better == {"calibrated", "rule", "hindsight"}
    assert hpa.cells["calibrated"] == "1.00/1.00"
    assert "calibrated" not in hpa.better


def test_a_workload_says_what_it_is_compared_with(report: Report) -> None:
    calm, wild = workload_lines(report, OURS)
    assert (calm.key, wild.key) == (CALM, WILD)
    assert calm.cells["hindsight"] == "0.88"
    # Every HPA violates more there.
    assert wild.cells["hindsight"] == "0.67*"
    assert row_note(report, OURS, CALM) == "hindsight: hpa:0.7:300"
    assert row_note(report, OURS, WILD) == f"*every HPA violates more, {HPA_BEST} least"
    assert row_note(report, OURS, "none") == ""
    worst = f"{OURS} worst to HPA on {CALM}, rule on {CALM}, hindsight on {CALM}"
    assert policy_note(report, OURS) == worst


def test_a_seed_is_a_cell(report: Report) -> None:
    first, second = seed_lines(report, OURS, CALM)
    assert (first.key, second.key) == ("0", "1")
    assert (first.cells["pod_hours"], second.cells["pod_hours"]) == ("4.0", "3.0")
    assert first.cells["hindsight"] == "1.00"
    assert "hindsight" in second.better


@pytest.mark.parametrize("level", list(Level))
def test_columns_fit_the_width(level: Level) -> None:
    for width in (60, 80, 96, 160):
        assert sum(column.width for column in columns_of(level, max(width, 80))) <= max(width, 80)
    assert len(columns_of(level, 160)) > len(columns_of(level, 80))


def test_names_are_short_and_the_legend_fits(report: Report) -> None:
    assert short_name("/home/me/policies/mine") == "mine"
    assert short_name("hpa:0.6:60") == "hpa:0.6:60"
    letters = letters_of(report)
    assert legend(letters, 80) == f"A {OURS}  B hpa calibrated  C rule calibrated"
    assert legend(letters, 30) == f"A {OURS}  …"


def test_a_front_falls_from_calm_and_dear_to_wild_and_cheap(report: Report) -> None:
    found = front_chart(report, WILD, letters_of(report), OURS)
    assert found is not None
    data, viewport = found
    assert viewport.in_shares
    assert [curve.label for curve in data.curves] == ["HPA", "rule", "oracle"]
    for curve in data.curves:
        drawn = curve.values[~np.isnan(curve.values)]
        assert (np.diff(drawn) <= 0.0).all()
    # With at most 2 % nobody but the oracle: it needs 2.5 pods where 2 would suffice at full use.
    hpa, _, oracle = (curve.current for curve in data.curves)
    assert hpa is not None
    assert np.isnan(hpa)
    assert oracle == pytest.approx(1.25)
    ours = data.points[-1]
    assert ours.letter == "A"
    assert ours.y == pytest.approx(2.0)
    assert ours.x == pytest.approx(np.log10(0.02))
    assert [point.letter for point in data.points] == ["B", "C", "A"]
    calm = front_chart(report, CALM, letters_of(report), "hpa calibrated")
    assert calm is not None
    assert calm[0].points[-1].letter == "B"
    assert front_chart(report, "none", letters_of(report)) is None


@pytest.mark.parametrize("size", [(64, 12), (100, 30)])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_axes_of_a_front_have_names(
    report: Report, size: tuple[int, int], ascii_only: bool
) -> None:
    found = front_chart(report, WILD, letters_of(report))
    assert found is not None
    lines = compose_chart(*found, FrameOptions(*size, ascii_only=ascii_only))
    texts = ["".join(span.text for span in line) for line in lines]
    assert {len(text) for text in texts} == {size[0]}
    assert any(" pods per needed pod " in text for text in texts[1:-1])
    assert " requests over the SLO " in texts[-1]
