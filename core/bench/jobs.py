"""A benchmark cut into jobs: what one process does at a time, and one task of a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.agents.calibration import SETTINGS, RivalKind
from core.agents.fingerprint import fingerprint
from core.agents.grid import HPA_SETTINGS
from core.agents.policy import ClairvoyantPolicy
from core.agents.predictive import PredictivePolicy
from core.agents.registry import load_policy
from core.bench.request import BenchRequest, Workload
from core.traffic.suites import TRAINING

_CALIBRATED_AT_ONCE: Final = 15
"""Settings of one job of a calibration."""
_MOST_RULE_DECISIONS: Final = 400_000
"""Beyond, the front of rules is drawn from the calibrated window alone."""
_MOST_SLOW_INTERVALS: Final = 20_000
"""What takes seconds per thousand intervals looks at fewer seeds of long workloads."""
_SLOW_MS: Final = 4.0
"""Per interval: planning the oracle's schedules, or fitting a forecast."""
_TRAINING_INTERVALS: Final = 480


class JobKind(StrEnum):
    """What a job finds out."""

    CALIBRATION = "calibration"
    """Scores of some settings on the training suite."""
    GRID = "grid"
    """All HPA settings and rules on one workload, for hindsight and for fronts."""
    POLICIES = "policies"
    """Policies on one workload."""
    ORACLE = "oracle"
    """The oracle's front in one episode, and clairvoyant policies in it."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that is done in one go. Its results depend on nothing else."""

    kind: JobKind
    specs: tuple[str, ...]
    """Policies, or settings of a grid."""
    workload: Workload | None = None
    """None for a calibration."""
    seeds: tuple[int, ...] = ()
    rival: RivalKind | None = None
    """Who is calibrated."""
    weight: float = 1.0
    """About how many milliseconds it takes."""

    @property
    def key(self) -> str:
        """What tells it from all other jobs of its benchmark."""
        workload = self.workload.name if self.workload else ""
        return fingerprint([self.kind, self.specs, workload, self.seeds, self.rival])[:24]


def calibration_jobs(kind: RivalKind) -> list[Job]:
    """All that it takes to calibrate an HPA or a rule on the training suite."""
    settings = SETTINGS[kind]
    steps = TRAINING.size * _TRAINING_INTERVALS
    return [
        Job(
            JobKind.CALIBRATION,
            tuple(one.spec for one in settings[first : first + _CALIBRATED_AT_ONCE]),
            rival=kind,
            weight=0.008 * steps * len(settings[first : first + _CALIBRATED_AT_ONCE]),
        )
        for first in range(0, len(settings), _CALIBRATED_AT_ONCE)
    ]


def bench_jobs(request: BenchRequest, calibrated: Mapping[RivalKind, str]) -> list[Job]:
    """All jobs of a benchmark but the calibrations, the longest first.

    How it is cut depends on the request alone, never on how many work on it.

    Args:
        request: What is asked for.
        calibrated: Settings of the calibrated rivals.
    """
    crews = _Crews()
    for spec in dict.fromkeys((*request.policies, *calibrated.values())):
        crews.add(spec)
    jobs = [
        job
        for workload in request.workloads
        for job in _workload_jobs(request, workload, crews, calibrated[RivalKind.RULE])
    ]
    return sorted(jobs, key=lambda job: -job.weight)


class _Crews:
    """Policies by how they are best run."""

    def __init__(self) -> None:
        self.quick: tuple[str, ...] = ()
        """All together, with all seeds."""
        self.slow: tuple[str, ...] = ()
        """One by one."""
        self.clairvoyant: tuple[str, ...] = ()
        """Beside the oracle's front, which they follow."""

    def add(self, spec: str) -> None:
        policy = load_policy(spec)
        if isinstance(policy, ClairvoyantPolicy):
            self.clairvoyant += (spec,)
        elif isinstance(policy, PredictivePolicy):
            self.slow += (spec,)
        else:
            self.quick += (spec,)


def _workload_jobs(
    request: BenchRequest, workload: Workload, crews: _Crews, calibrated_rule: str
) -> Iterator[Job]:
    scenario = workload.load()
    intervals = scenario.duration_s // scenario.interval_s
    seeds = tuple(range(request.seeds))
    few = slow_seeds(intervals, request.seeds)
    weight = intervals * (2.0 + 0.08 * len(crews.quick) * len(seeds))
    yield Job(JobKind.POLICIES, crews.quick, workload, seeds, weight=weight)
    settings = [one.spec for one in HPA_SETTINGS]
    settings += _drawn_rules(calibrated_rule, intervals * len(seeds))
    weight = intervals * (0.8 + 0.008 * len(settings) * len(seeds))
    yield Job(JobKind.GRID, tuple(settings), workload, seeds, weight=weight)
    weight = intervals * _SLOW_MS
    for seed in few:
        for spec in crews.slow:
            yield Job(JobKind.POLICIES, (spec,), workload, (seed,), weight=weight)
        yield Job(JobKind.ORACLE, crews.clairvoyant, workload, (seed,), weight=weight)


def slow_seeds(intervals: int, seeds: int) -> range:
    """With which seeds a slow policy or the oracle is asked: all, unless the workload is long."""
    return range(max(1, min(seeds, _MOST_SLOW_INTERVALS // max(intervals, 1))))


def _drawn_rules(calibrated: str, intervals: int) -> Sequence[str]:
    """The rules whose front is drawn: all, or those with the calibrated window."""
    rules = [one.spec for one in SETTINGS[RivalKind.RULE]]
    if len(rules) * intervals <= _MOST_RULE_DECISIONS:
        return rules
    window = calibrated.rpartition(":")[0]
    return [spec for spec in rules if spec.rpartition(":")[0] == window]
