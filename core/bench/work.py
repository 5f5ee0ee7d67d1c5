"""Doing a job: the one function that processes and Ray tasks run alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from core.agents.calibration import RivalKind, suite_cases
from core.agents.evaluation import Case, evaluate_policies
from core.agents.grid import GridFigures, Setting, evaluate_grid
from core.agents.hpa.setting import HpaSetting
from core.agents.oracle import oracle_front
from core.agents.registry import load_policy
from core.bench.jobs import Job, JobKind
from core.bench.results import (
    SETTING_BY_SPEC,
    Record,
    calibration_record,
    cell_record,
    front_record,
    grid_record,
)
from core.traffic.suites import TRAINING

_TOLD_PER_JOB: Final = 200

Tell = Callable[[float], None]
"""Takes the share of a job that was done since it was last called."""


def do_job(job: Job, tell: Tell = lambda share: None) -> list[Record]:
    """Do a job.

    Args:
        job: What to do.
        tell: Hears how the job gets on; the shares add up to 1.

    Returns:
        What it found, as lines for the benchmark's file.

    Raises:
        InputError: A policy or a workload cannot be loaded.
    """
    if job.kind is JobKind.CALIBRATION:
        return _calibration(job, tell)
    if job.kind is JobKind.GRID:
        return _grid(job, tell)
    if job.kind is JobKind.POLICIES:
        return _policies(job, tell)
    return _oracle(job, tell)


class _Share:
    """Turns steps into shares of a job, and tells them now and then.

    Args:
        total: Steps of the whole job.
        tell: Who hears of it.
    """

    def __init__(self, total: int, tell: Tell) -> None:
        self._total, self._tell = max(total, 1), tell
        self._done = self._told = 0

    def add(self, steps: int) -> None:
        """So many steps were done."""
        self._done = min(self._done + steps, self._total)
        if self._done - self._told >= self._total / _TOLD_PER_JOB:
            self._tell((self._done - self._told) / self._total)
            self._told = self._done

    def end(self) -> None:
        """All is done."""
        self._tell((self._total - self._told) / self._total)
        self._told = self._total


def _cases(job: Job) -> list[Case]:
    assert job.workload is not None
    scenario = job.workload.load()
    return [Case(scenario, seed) for seed in job.seeds]


def _steps(cases: list[Case]) -> int:
    return sum(case.scenario.duration_s // case.scenario.interval_s for case in cases)


def _calibration(job: Job, tell: Tell) -> list[Record]:
    assert job.rival is not None
    cases = suite_cases(TRAINING)
    settings = [SETTING_BY_SPEC[spec] for spec in job.specs]
    share = _Share(_steps(cases) * len(settings), tell)
    scores = evaluate_grid(settings, cases, share.add).mean_scores.tolist()
    share.end()
    return [calibration_record(job.rival, dict(zip(job.specs, scores, strict=True)))]


def _grid(job: Job, tell: Tell) -> list[Record]:
    assert job.workload is not None
    cases = _cases(job)
    settings = [SETTING_BY_SPEC[spec] for spec in job.specs]
    share = _Share(_steps(cases) * len(settings), tell)
    figures = evaluate_grid(settings, cases, share.add)
    share.end()
    return [
        grid_record(kind, job.workload.name, part)
        for kind in RivalKind
        if (part := _only(figures, kind)).settings
    ]


def _only(figures: GridFigures, kind: RivalKind) -> GridFigures:
    rows = [row for row, one in enumerate(figures.settings) if _kind_of(one) is kind]
    return GridFigures(
        tuple(figures.settings[row] for row in rows),
        figures.requests[rows],
        figures.violations[rows],
        figures.pod_hours[rows],
        figures.needed_pod_hours[rows],
        figures.churn[rows],
    )


def _kind_of(setting: Setting) -> RivalKind:
    return RivalKind.HPA if isinstance(setting, HpaSetting) else RivalKind.RULE


def _policies(job: Job, tell: Tell) -> list[Record]:
    assert job.workload is not None
    cases = _cases(job)
    share = _Share(_steps(cases) * len(job.specs), tell)
    results = evaluate_policies([load_policy(spec) for spec in job.specs], cases, share.add)
    share.end()
    return [
        cell_record(spec, job.workload.name, one.seed, one.summary)
        for spec, row in zip(job.specs, results, strict=True)
        for one in row
    ]


def _oracle(job: Job, tell: Tell) -> list[Record]:
    assert job.workload is not None
    [case] = _cases(job)
    name = job.workload.name
    records = [front_record(name, case.seed, oracle_front(case.scenario, case.seed))]
    for spec in job.specs:
        [[result]] = evaluate_policies([load_policy(spec)], [case])
        records.append(cell_record(spec, name, case.seed, result.summary))
    tell(1.0)
    return records
