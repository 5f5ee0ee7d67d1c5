"""Whole benchmarks, small ones: from request to report, interrupted, resumed, in processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from core.agents.calibration import RivalKind, cached_rival
from core.agents.evaluation import Case, evaluate_policy
from core.agents.registry import load_policy
from core.bench.bench import Bench, read_report
from core.bench.directory import BenchDirectory, BenchProgress, BenchState
from core.bench.executors import Here, OnDone, OnWork, Processes
from core.bench.jobs import Job, JobKind, bench_jobs, calibration_jobs, slow_seeds
from core.bench.report import Report
from core.bench.results import Record, Results
from core.bench.work import do_job
from core.clock import SystemClock
from core.errors import InputError, RunError
from core.traffic.suites import Suite
from tests.core.bench.factory import (
    HPA_BEST,
    RULE_BEST,
    remember_calibrations,
    run_bench,
    small_request,
)

CALIBRATED = {RivalKind.HPA: HPA_BEST, RivalKind.RULE: RULE_BEST}


class Interrupting(Here):
    """Gives up after some jobs."""

    def __init__(self, jobs: int) -> None:
        self._left = jobs

    def run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
        def done(job: Job, records: list[Record]) -> None:
            if self._left == 0:
                raise KeyboardInterrupt
            self._left -= 1
            on_done(job, records)

        super().run(jobs, done, on_work)


class Counting(Here):
    """Remembers how many jobs it did."""

    def __init__(self) -> None:
        self.jobs = 0

    def run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
        self.jobs += len(jobs)
        super().run(jobs, on_done, on_work)


@pytest.fixture
def calibrated(isolated: Path) -> None:
    remember_calibrations()


@pytest.fixture
def directory(tmp_path: Path, calibrated: None) -> BenchDirectory:
    request = small_request(tmp_path, "static:9", "hpa", "oracle")
    request = request.model_copy(update={"workloads": request.workloads[:1]})
    return BenchDirectory.make(request, request.identity())


def start(directory: BenchDirectory, executor: Here) -> Report:
    return Bench(directory, executor, SystemClock()).run()


def test_every_policy_meets_every_workload_with_every_seed(directory: BenchDirectory) -> None:
    told: list[BenchProgress] = []
    report = Bench(directory, Here(), SystemClock(), told.append).run()
    policies = ["static:9", "hpa", "oracle", "hpa calibrated", "rule calibrated"]
    assert [one.policy for one in report.summaries] == policies
    assert len(report.rows) == 5
    assert len(report.cells) == 5 * 2
    assert told[-1].done == 1.0
    assert [one.done for one in told] == sorted(one.done for one in told)
    assert directory.state() is BenchState.FINISHED
    for cell in report.cells:
        workload = next(one for one in report.request.workloads if one.name == cell.workload)
        if cell.policy != "oracle":
            case = Case(workload.load(), cell.seeds[0])
            alone = evaluate_policy(load_policy(cell.spec), case.scenario, case.seed)
            assert alone.summary == cell.summary
    assert {one.spec for one in report.cells if one.policy == "hpa calibrated"} == {HPA_BEST}


def test_an_interrupted_benchmark_goes_on_where_it_was(directory: BenchDirectory) -> None:
    with pytest.raises(KeyboardInterrupt):
        start(directory, Interrupting(2))
    assert directory.state() is BenchState.STOPPED
    progress = directory.progress()
    assert progress is not None
    assert progress.error == "interrupted"
    assert 0.0 < progress.done < 1.0
    with pytest.raises(InputError, match="unfinished"):
        read_report(directory)
    rest = Counting()
    report = start(directory, rest)
    jobs = bench_jobs(directory.request, CALIBRATED)
    assert rest.jobs == len(jobs) - 2
    nothing = Counting()
    assert start(directory, nothing) == report
    assert nothing.jobs == 0
    assert read_report(directory) == report
    assert Bench(directory, nothing, SystemClock()).run(fresh=True) == report
    assert nothing.jobs == len(jobs)


def test_who_does_the_work_changes_no_figure(tmp_path: Path, calibrated: None) -> None:
    request = small_request(tmp_path, "threshold", "ppo")
    alone = run_bench(request)
    directory = BenchDirectory.make(request, request.identity())
    directory.forget()
    beside = run_bench(request, Processes(2))
    assert beside == alone
    keys = [key for key, _ in directory.jobs() if "cache" not in key]
    assert sorted(keys) == sorted(job.key for job in bench_jobs(request, CALIBRATED))


def test_a_changed_policy_needs_a_new_benchmark(
    directory: BenchDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.bench.request.code_fingerprint", lambda: "other")
    with pytest.raises(InputError, match="found them changed"):
        start(directory, Here())
    progress = directory.progress()
    assert progress is not None
    assert "found them changed" in progress.error


def test_a_refusal_leaves_a_finished_benchmark_finished(
    directory: BenchDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = start(directory, Here())
    monkeypatch.setattr("core.bench.request.code_fingerprint", lambda: "other")
    with pytest.raises(InputError, match="found them changed"):
        start(directory, Here())
    assert directory.state() is BenchState.FINISHED
    assert read_report(directory) == report


def test_a_refused_second_worker_takes_back_no_stop(directory: BenchDirectory) -> None:
    with directory.lock():
        directory.ask_to_stop()
        with pytest.raises(RunError, match="another process"):
            start(directory, Here())
        assert directory.is_asked_to_stop


def test_results_of_another_version_are_no_report(directory: BenchDirectory) -> None:
    start(directory, Here())
    directory.append("old", [{"kind": "grid", "rival": "hpa", "workload": "gone"}])
    with pytest.raises(InputError, match="results of this version"):
        read_report(directory)


def test_rivals_are_calibrated_if_nobody_remembers_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.agents.calibration.shipped_calibrations_directory", lambda: tmp_path)
    request = small_request(tmp_path, "hpa", seeds=1)
    directory = BenchDirectory.make(request, request.identity())

    class Pretending(Here):
        """Says what calibrations come to without trying."""

        def run(self, jobs: Sequence[Job], on_done: OnDone, on_work: OnWork) -> None:
            real = [job for job in jobs if job.kind is not JobKind.CALIBRATION]
            for job in jobs:
                if job.kind is JobKind.CALIBRATION:
                    scores = {spec: 2.0 + (spec not in CALIBRATED.values()) for spec in job.specs}
                    on_done(job, [{"kind": "calibration", "rival": job.rival, "scores": scores}])
            super().run(real, on_done, on_work)

    report = Bench(directory, Pretending(), SystemClock(), use_cache=False).run()
    assert {kind: one.best.spec for kind, one in report.calibrated.items()} == CALIBRATED
    assert cached_rival(RivalKind.HPA) is None
    directory.forget()
    Bench(directory, Pretending(), SystemClock()).run()
    remembered = cached_rival(RivalKind.HPA)
    assert remembered is not None
    assert remembered.best.spec == HPA_BEST


def test_a_calibration_job_tries_its_settings_on_the_training_suite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("core.bench.work.TRAINING", Suite("tiny", 5, 2, "tests"))
    job = calibration_jobs(RivalKind.HPA)[0]
    shares: list[float] = []
    [record] = do_job(job, shares.append)
    assert sum(shares) == pytest.approx(1.0)
    results = Results()
    results.add(record)
    assert tuple(results.scores[RivalKind.HPA]) == job.specs
    assert results.calibrations() == {}


def test_of_long_workloads_what_is_slow_looks_at_fewer_seeds() -> None:
    assert slow_seeds(480, 5) == range(5)
    assert slow_seeds(6_000, 5) == range(3)
    assert slow_seeds(80_640, 5) == range(1)
