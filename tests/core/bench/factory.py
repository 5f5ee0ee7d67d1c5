"""Small benchmarks: a short trace, and calibrated rivals that need no calibration."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from core.agents.calibration import SETTINGS, Calibration, RivalKind, cache_rival
from core.agents.grid import GridFigures
from core.bench.bench import Bench
from core.bench.directory import BenchDirectory, BenchProgress
from core.bench.executors import Executor, Here
from core.bench.report import Report
from core.bench.request import BenchRequest, Workload, make_request
from core.bench.results import (
    Record,
    Results,
    calibration_record,
    cell_record,
    front_record,
    grid_record,
)
from core.clock import SystemClock
from core.summary import Summary, score

HPA_BEST, RULE_BEST = "hpa:0.6:60", "rule:75:0.7"


def remember_calibrations() -> None:
    """Put made-up calibrations into the cache, so that no test tries 128 episodes."""
    for kind, best in ((RivalKind.HPA, HPA_BEST), (RivalKind.RULE, RULE_BEST)):
        settings = SETTINGS[kind]
        scores = tuple(2.0 if one.spec == best else 3.0 for one in settings)
        cache_rival(kind, Calibration(settings, scores))


def write_trace(path: Path) -> Path:
    """Three minutes of traffic: 12 decisions."""
    path.write_text("t_seconds,rps\n0,200\n60,900\n120,450\n180,400\n", encoding="utf-8")
    return path


def small_request(folder: Path, *policies: str, seeds: int = 2) -> BenchRequest:
    """One short trace at two heights."""
    trace = str(write_trace(folder / "short.csv"))
    return make_request(policies, [trace], [trace], peak_rps=400.0, seeds=seeds)


def run_bench(request: BenchRequest, executor: Executor | None = None) -> Report:
    """A whole benchmark, by default in this process."""
    directory = BenchDirectory.make(request, request.identity())
    return Bench(directory, executor or Here(), SystemClock()).run()


def make_summary(
    pod_hours: float, *, violations: float = 0.0, needed: float = 1.0, churn: float = 4.0
) -> Summary:
    """A run with 36,000 requests per needed pod-hour."""
    return Summary(
        steps=240,
        requests=36_000.0 * needed,
        slo_violation_ratio=violations,
        error_ratio=0.0,
        pod_hours=pod_hours,
        churn=churn,
        latency_p50_ms=10.0,
        latency_p95_ms=20.0,
        latency_p99_ms=30.0,
        reward=-1.0,
        needed_pod_hours=needed,
        score=score(pod_hours, needed, violations),
    )


SEEDS = 2
OURS = "threshold"
"""Its figures are made up too."""
CALM, WILD = "calm", "wild"
NEEDED = 2.0
REQUESTS = 36_000.0 * NEEDED


def made_up_grid(kind: RivalKind, workload: str) -> GridFigures:
    """Pod-hours of 10 and no violations for all settings but the few that matter."""
    settings = SETTINGS[kind]
    hours = np.full((len(settings), SEEDS), 10.0)
    ratios = np.zeros((len(settings), SEEDS))
    special = {
        # Name: pod-hours and violation ratio in each workload.
        "hpa:0.7:300": {CALM: (4.0, 0.0), WILD: (5.0, 0.08)},
        HPA_BEST: {CALM: (5.0, 0.0), WILD: (6.0, 0.04)},
        "hpa:0.95:0": {CALM: (3.0, 0.01), WILD: (3.0, 0.3)},
        RULE_BEST: {CALM: (4.0, 0.0), WILD: (4.0, 0.05)},
    }
    for row, setting in enumerate(settings):
        if workload == WILD:
            ratios[row] = 0.5
        if setting.spec in special:
            hours[row], ratios[row] = special[setting.spec][workload]
    needed = np.full(hours.shape, NEEDED)
    requests = np.full(hours.shape, REQUESTS)
    churn = np.full(hours.shape, 8.0)
    return GridFigures(settings, requests, ratios * requests, hours, needed, churn)


def made_up_records(workloads: tuple[str, ...] = (CALM, WILD)) -> list[Record]:
    """Lines of a finished benchmark whose figures can be checked by hand."""
    records: list[Record] = []
    for kind, best in ((RivalKind.HPA, HPA_BEST), (RivalKind.RULE, RULE_BEST)):
        scores = {one.spec: 3.0 - (one.spec == best) for one in SETTINGS[kind]}
        records.append(calibration_record(kind, scores))
    own = {
        OURS: {CALM: (3.5, 0.0), WILD: (4.0, 0.02)},
        HPA_BEST: {CALM: (5.0, 0.0), WILD: (6.0, 0.04)},
        RULE_BEST: {CALM: (4.0, 0.0), WILD: (4.0, 0.05)},
    }
    for workload in workloads:
        records += [grid_record(kind, workload, made_up_grid(kind, workload)) for kind in RivalKind]
        for seed in range(SEEDS):
            # The seeds of our own policy differ; on average they are as above.
            shift = 0.5 * (1 - 2 * seed)
            for policy, figures in own.items():
                hours, violations = figures[workload]
                hours += shift * (policy == OURS)
                summary = make_summary(hours, violations=violations, needed=NEEDED, churn=4.0)
                records.append(cell_record(policy, workload, seed, summary))
            records.append(front_record(workload, seed, [(0.0, 3.0), (0.02, 2.5)]))
    return records


def made_up_results(workloads: tuple[str, ...] = (CALM, WILD)) -> Results:
    """The same, read back from lines."""
    found = Results()
    for record in made_up_records(workloads):
        found.add(json.loads(json.dumps(record)))
    return found


def made_up_request(workloads: tuple[str, ...] = (CALM, WILD)) -> BenchRequest:
    """What such a benchmark was asked."""
    named = tuple(Workload(name=name, source="bursty") for name in workloads)
    return BenchRequest(policies=(OURS,), workloads=named, seeds=SEEDS)


def write_finished() -> BenchDirectory:
    """A finished benchmark on disk, with made-up figures."""
    request = made_up_request()
    directory = BenchDirectory.make(request, request.identity())
    directory.append("everything", made_up_records())
    directory.tell(BenchProgress(1.0, 60.0, 0.0, "finished"))
    return directory
