from __future__ import annotations

import numpy as np
import pytest

from core.bench.grid import Task, cells_of, summarise_policies, tasks_of
from core.summary import Summary, score


def _summary(pod_hours: float, needed_pod_hours: float = 1.0) -> Summary:
    return Summary(
        steps=240,
        requests=36_000.0 * needed_pod_hours,
        slo_violation_ratio=0.0,
        error_ratio=0.0,
        pod_hours=pod_hours,
        churn=4.0,
        latency_p50_ms=10.0,
        latency_p95_ms=20.0,
        latency_p99_ms=30.0,
        reward=-1.0,
        needed_pod_hours=needed_pod_hours,
        score=score(pod_hours, needed_pod_hours, 0.0),
    )


def test_the_baseline_runs_even_if_nobody_asked_for_it() -> None:
    tasks = tasks_of(("ppo",), [("steady", None), ("t.csv", 300.0)], range(2))
    assert len(tasks) == len(set(tasks)) == 8
    assert Task("hpa", "t.csv", 1, 300.0) in tasks


def test_the_baseline_runs_once_if_it_was_asked_for() -> None:
    assert len(tasks_of(("hpa", "ppo"), [("steady", None)], range(3))) == 6


def test_each_cell_is_compared_on_its_own_traffic() -> None:
    tasks = tasks_of(("ppo",), [("steady", None), ("bursty", None)], range(2))
    pods = {"hpa": {"steady": 2.0, "bursty": 4.0}, "ppo": {"steady": 1.0}}
    summaries = {
        task: _summary(pods[task.policy].get(task.scenario, 2.0 * (1 + task.seed)))
        for task in tasks
    }
    cells = cells_of(("ppo",), summaries)
    ratios = {(cell.task.scenario, cell.task.seed): cell.score_ratio_hpa for cell in cells}
    assert ratios == pytest.approx(
        {("steady", 0): 0.5, ("steady", 1): 0.5, ("bursty", 0): 0.5, ("bursty", 1): 1.0}
    )
    [row] = summarise_policies(("ppo",), cells, np.random.default_rng(0))
    assert row.cells == 4
    assert row.score_ratio_hpa == pytest.approx(0.5**0.75)
    assert row.worst_score_ratio_hpa == pytest.approx(1.0)
    assert row.worst_scenario == "bursty"
    assert row.score == pytest.approx(np.mean([1.0, 2.0, 1.0, 4.0]))
    assert row.score_interval is not None
    assert row.score_interval.low >= 1.5
    assert row.score_interval.high <= 2.5


def test_without_traffic_there_is_no_score_and_no_ratio() -> None:
    tasks = tasks_of(("ppo",), [("idle", None)], range(1))
    cells = cells_of(("ppo",), {task: _summary(1.0, needed_pod_hours=0.0) for task in tasks})
    [row] = summarise_policies(("ppo",), cells, np.random.default_rng(0))
    assert cells[0].score_ratio_hpa is None
    assert (row.score, row.score_interval, row.score_ratio_hpa, row.worst_scenario) == (None,) * 4


def test_a_cell_has_the_keys_of_a_run_and_the_ratio() -> None:
    task = Task("hpa", "steady", 3)
    [cell] = cells_of(("hpa",), {task: _summary(1.0)})
    content = cell.as_dict()
    assert content["policy"] == "hpa"
    assert content["seed"] == 3
    assert content["score_ratio_hpa"] == 1.0
    assert {"requests", "pod_hours", "needed_pod_hours", "score", "churn"} <= content.keys()
