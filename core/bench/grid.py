"""The grid of a benchmark, its cells, and the summary by policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from core.bench.statistics import Interval, bootstrap_interval, geometric_mean
from core.summary import Summary

BASELINE_POLICY: Final = "hpa"
"""What every score is compared with: the HPA at its default target."""


@dataclass(frozen=True, slots=True)
class Task:
    """One episode to run."""

    policy: str
    """As `core.agents.registry.load_policy` takes it."""
    scenario: str
    """As `core.traffic.library.load_scenario` takes it."""
    seed: int
    peak_rps: float | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """One episode and its figures."""

    task: Task
    summary: Summary
    score_ratio_hpa: float | None
    """Score divided by the baseline's on the same traffic; None where either has none."""

    def as_dict(self) -> dict[str, Any]:
        """The cell by name, flat, ready for JSON."""
        return {
            "policy": self.task.policy,
            "scenario": self.task.scenario,
            "seed": self.task.seed,
            **self.summary.as_dict(),
            f"score_ratio_{BASELINE_POLICY}": self.score_ratio_hpa,
        }


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """What a policy did over all scenarios and seeds."""

    policy: str
    cells: int
    score: float | None
    """Mean over all cells."""
    score_interval: Interval | None
    """Over seeds: each seed counts as the mean over its scenarios. None with one seed."""
    slo_violation_ratio: float
    """Mean over all cells, so that every scenario weighs the same."""
    pod_hours: float
    churn: float
    score_ratio_hpa: float | None
    """Geometric mean over all cells."""
    worst_score_ratio_hpa: float | None
    worst_scenario: str | None
    """Where the worst ratio was met."""

    def as_dict(self) -> dict[str, Any]:
        """The summary by name, ready for JSON."""
        return asdict(self)


def tasks_of(
    policies: Sequence[str], scenarios: Iterable[tuple[str, float | None]], seeds: Sequence[int]
) -> list[Task]:
    """All episodes that are needed, the baseline's included, without repetition.

    Args:
        policies: Policy specifications.
        scenarios: Names or files, each with the peak to which its trace is scaled.
        seeds: One episode per policy and scenario for each.
    """
    rows = dict.fromkeys([*policies, BASELINE_POLICY])
    return [
        Task(policy, scenario, seed, peak_rps)
        for scenario, peak_rps in scenarios
        for seed in seeds
        for policy in rows
    ]


def cells_of(policies: Sequence[str], summaries: dict[Task, Summary]) -> list[Cell]:
    """Put each policy's figures beside the baseline's on the same traffic.

    Args:
        policies: Those that were asked for, which need not include the baseline.
        summaries: Figures of every task of `tasks_of`.
    """
    cells = []
    for task, summary in summaries.items():
        if task.policy not in policies:
            continue
        rival = summaries[Task(BASELINE_POLICY, task.scenario, task.seed, task.peak_rps)]
        cells.append(Cell(task, summary, _ratio(summary.score, rival.score)))
    return cells


def summarise_policies(
    policies: Sequence[str], cells: Sequence[Cell], rng: np.random.Generator
) -> list[PolicySummary]:
    """Sum up the cells by policy, in the order of `policies`.

    Args:
        policies: Policy specifications.
        cells: Cells of all of them.
        rng: Where the resamples of the intervals come from.
    """
    return [
        _summarise(policy, [cell for cell in cells if cell.task.policy == policy], rng)
        for policy in policies
    ]


def _summarise(policy: str, cells: Sequence[Cell], rng: np.random.Generator) -> PolicySummary:
    rated = [cell for cell in cells if cell.score_ratio_hpa is not None]
    ratios = [cell.score_ratio_hpa for cell in rated if cell.score_ratio_hpa is not None]
    worst = max(rated, key=lambda cell: cell.score_ratio_hpa or 0.0, default=None)
    by_seed: dict[int, list[float]] = {}
    for cell in cells:
        if cell.summary.score is not None:
            by_seed.setdefault(cell.task.seed, []).append(cell.summary.score)
    return PolicySummary(
        policy=policy,
        cells=len(cells),
        score=_mean(cells, lambda summary: summary.score),
        score_interval=bootstrap_interval([float(np.mean(row)) for row in by_seed.values()], rng),
        slo_violation_ratio=_mean(cells, lambda summary: summary.slo_violation_ratio) or 0.0,
        pod_hours=_mean(cells, lambda summary: summary.pod_hours) or 0.0,
        churn=_mean(cells, lambda summary: summary.churn) or 0.0,
        score_ratio_hpa=geometric_mean(ratios),
        worst_score_ratio_hpa=worst.score_ratio_hpa if worst else None,
        worst_scenario=worst.task.scenario if worst else None,
    )


def _mean(cells: Sequence[Cell], value: Callable[[Summary], float | None]) -> float | None:
    values = [found for cell in cells if (found := value(cell.summary)) is not None]
    return float(np.mean(values)) if values else None


def _ratio(score: float | None, rival: float | None) -> float | None:
    return score / rival if score is not None and rival else None
