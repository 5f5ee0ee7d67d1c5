"""The figures of a report, worked out by hand for made-up results."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from core.agents.calibration import SETTINGS, RivalKind
from core.agents.grid import GridFigures
from core.bench.csv_file import write_csv
from core.bench.report import Report, Row, build_report
from core.bench.results import cell_record, front_record, grid_record
from core.errors import RunError
from core.summary import score
from tests.core.bench.factory import (
    CALM,
    HPA_BEST,
    NEEDED,
    OURS,
    RULE_BEST,
    SEEDS,
    WILD,
    made_up_request,
    made_up_results,
    make_summary,
    remember_calibrations,
    run_bench,
    small_request,
)
from tests.core.disk import no_room_beyond


@pytest.fixture(scope="module")
def report() -> Report:
    return build_report(made_up_request(), made_up_results())


def row_of(report: Report, policy: str, workload: str) -> Row:
    return next(one for one in report.rows if (one.policy, one.workload) == (policy, workload))


def test_scores_are_divided_by_those_of_the_rivals_on_the_same_traffic(report: Report) -> None:
    ours = score(4.0, NEEDED, 0.02)
    found = row_of(report, OURS, WILD).comparison
    assert ours is not None
    assert found.score == pytest.approx(ours)
    assert found.score_ratio_hpa == pytest.approx(ours / (5.0 / 2 + 30 * 0.08))
    assert found.score_ratio_calibrated == pytest.approx(ours / (6.0 / 2 + 30 * 0.04))
    assert found.score_ratio_rule == pytest.approx(ours / (4.0 / 2 + 30 * 0.05))
    assert found.churn_ratio == pytest.approx(0.5)


def test_hindsight_takes_the_cheapest_setting_that_violates_no_more(report: Report) -> None:
    calm = row_of(report, OURS, CALM).comparison
    assert calm.hindsight_setting == "hpa:0.7:300"
    assert calm.hindsight_reached
    assert calm.cost_ratio_hindsight == pytest.approx(3.5 / 4.0)
    # Nobody violates as little as 2 %: the calmest HPA has 4 %.
    wild = row_of(report, OURS, WILD).comparison
    assert wild.hindsight_setting == HPA_BEST
    assert not wild.hindsight_reached
    assert wild.cost_ratio_hindsight == pytest.approx(4.0 / 6.0)


def test_the_gap_is_closed_as_far_as_the_pod_hours_say(report: Report) -> None:
    assert row_of(report, OURS, CALM).comparison.gap_closed == pytest.approx((4 - 3.5) / (4 - 3))
    assert row_of(report, OURS, WILD).comparison.gap_closed == pytest.approx((6 - 4) / (6 - 2.5))


def test_a_summary_has_geometric_means_medians_and_worst_cases(report: Report) -> None:
    [summary] = [one for one in report.summaries if one.policy == OURS]
    ratios = [
        row_of(report, OURS, name).comparison.cost_ratio_hindsight or 0.0 for name in (CALM, WILD)
    ]
    hindsight = summary.ratios["cost_ratio_hindsight"]
    assert hindsight.mean == pytest.approx(math.sqrt(ratios[0] * ratios[1]))
    assert hindsight.worst == pytest.approx(ratios[0])
    assert hindsight.worst_workload == CALM
    assert summary.gap_closed == pytest.approx((0.5 + 2 / 3.5) / 2)
    assert summary.hindsight_unreached == (WILD,)
    assert summary.slo_violation_ratio == pytest.approx(0.01)
    assert summary.worst_slo_violation_ratio_scenario == WILD
    assert (summary.workloads, summary.cells) == (2, 4)
    assert hindsight.interval is not None
    assert hindsight.mean is not None
    assert hindsight.interval.low < hindsight.mean < hindsight.interval.high
    calibrated = next(one for one in report.summaries if one.policy == "hpa calibrated")
    assert calibrated.ratios["score_ratio_calibrated"].mean == pytest.approx(1.0)


def test_a_cell_is_compared_on_its_own_seed(report: Report) -> None:
    cells = [one for one in report.cells if (one.policy, one.workload) == (OURS, CALM)]
    assert [one.seeds for one in cells] == [(0,), (1,)]
    assert [one.comparison.cost_ratio_hindsight for one in cells] == pytest.approx([1.0, 0.75])
    assert [one.comparison.pod_hours for one in cells] == pytest.approx([4.0, 3.0])


def test_a_workload_has_an_interval_over_its_seeds(report: Report) -> None:
    row = row_of(report, OURS, CALM)
    assert row.score_interval is not None
    # Of two seeds a resample has the better, the worse, or both.
    assert row.score_interval.low == pytest.approx(1.5)
    assert row.score_interval.high == pytest.approx(2.0)
    assert report.cells[0].score_interval is None
    assert row.as_dict()["score_interval"] == {"low": 1.5, "high": 2.0}


def test_json_has_the_keys_that_others_rely_on(report: Report) -> None:
    content = json.loads(json.dumps(report.as_dict()))
    assert content.keys() == {"cells", "workloads", "summary", "rivals", "seeds"}
    [cell, *_] = content["cells"]
    assert {
        *("policy", "spec", "scenario", "seed", "steps", "requests", "slo_violation_ratio"),
        *("error_ratio", "pod_hours", "churn", "latency_p50_ms", "latency_p95_ms"),
        *("latency_p99_ms", "reward", "needed_pod_hours", "score", "score_ratio_hpa"),
        *("score_ratio_calibrated", "score_ratio_rule", "cost_ratio_hindsight", "gap_closed"),
        *("hindsight_setting", "hindsight_reached", "churn_ratio"),
    } == cell.keys()
    assert {*content["summary"]} == {OURS, "hpa calibrated", "rule calibrated"}
    ours = content["summary"][OURS]
    for name in ("score_ratio_calibrated", "score_ratio_rule", "cost_ratio_hindsight"):
        assert {name, f"{name}_interval", f"worst_{name}", f"worst_{name}_scenario"} <= ours.keys()
    assert {"score", "score_interval", "gap_closed", "churn_ratio", "churn"} <= ours.keys()
    assert content["rivals"]["hpa calibrated"] == {"spec": HPA_BEST, "training_score": 2.0}


def test_without_traffic_ratios_are_undefined_and_left_out() -> None:
    found = made_up_results((CALM,))
    for kind in RivalKind:
        nothing = np.zeros((len(SETTINGS[kind]), SEEDS))
        silent = GridFigures(SETTINGS[kind], nothing, nothing, nothing + 1.0, nothing, nothing)
        found.add(grid_record(kind, "silent", silent))
    for policy in (OURS, HPA_BEST, RULE_BEST):
        for seed in range(SEEDS):
            found.add(cell_record(policy, "silent", seed, make_summary(1.0, needed=0.0)))
    found.add(front_record("silent", 0, [(0.0, 1.0)]))
    report = build_report(made_up_request((CALM, "silent")), found)
    row = row_of(report, OURS, "silent").comparison
    assert (row.score, row.score_ratio_rule, row.churn_ratio) == (None, None, None)
    ratio = report.summaries[0].ratios["score_ratio_calibrated"]
    assert ratio.worst_workload == CALM
    assert ratio.interval is not None
    assert report.summaries[0].score == pytest.approx(1.75)
    json.dumps(report.as_dict(), allow_nan=False)


def test_a_missing_job_is_no_report() -> None:
    with pytest.raises(KeyError):
        build_report(made_up_request((CALM, "missing")), made_up_results((CALM,)))


def test_the_fronts_have_all_settings_and_the_oracle(report: Report) -> None:
    calm = report.fronts[0]
    assert calm.workload == CALM
    assert len(calm.hpa) == 42
    assert ("hpa:0.95:0", 0.01, 3.0) in calm.hpa
    assert calm.oracle[0] == (0.0, 3.0)
    assert list(calm.oracle[-1]) == pytest.approx([0.02, 2.5])
    assert len(calm.oracle) == 3


def test_the_csv_file_has_a_line_per_cell(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    write_csv(path, report)
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert len(lines) == len(report.cells) == 12
    assert lines[0]["policy"] == OURS
    assert float(lines[0]["cost_ratio_hindsight"]) == pytest.approx(1.0)
    with pytest.raises(RunError, match="cannot write"):
        write_csv(tmp_path / "missing" / "cells.csv", report)
    whole = path.read_bytes()
    with no_room_beyond(len(whole) // 2), pytest.raises(RunError, match="cannot write"):
        write_csv(path, report)
    assert path.read_bytes() == whole


def test_the_page_needs_no_network_and_shows_every_row(report: Report, tmp_path: Path) -> None:
    pytest.importorskip("altair")
    from core.bench.page import page, undominated

    text = page(report)
    assert text.count("<tr><td>") == 3 + 6
    assert "hpa:0.95:0" in text
    assert "No HPA setting violates that little" in text
    assert "<script src" not in text
    assert '<link rel="stylesheet"' not in text
    assert undominated([(0.2, 1.0), (0.0, 3.0), (0.1, 3.0), (0.1, 2.0)]) == [
        (0.0, 3.0),
        (0.1, 2.0),
        (0.2, 1.0),
    ]


def test_one_seed_changes_no_shape(tmp_path: Path) -> None:
    remember_calibrations()
    [row, *_] = run_bench(small_request(tmp_path, "hpa", seeds=1)).as_dict()["workloads"]
    assert row["seeds"] == 1
    assert "seed" not in row
