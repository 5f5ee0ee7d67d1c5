"""Small benchmarks: a short trace, and calibrated rivals that need no calibration."""

from __future__ import annotations

from pathlib import Path

from core.agents.calibration import SETTINGS, Calibration, RivalKind, cache_rival
from core.bench.bench import Bench
from core.bench.directory import BenchDirectory
from core.bench.executors import Executor, Here
from core.bench.report import Report
from core.bench.request import BenchRequest, make_request
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
