"""A policy over all workloads: means, worst cases and how far seeds move them."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.bench.comparison import RATIOS, Comparison, Material, ratios_of
from core.bench.figures import Episodes
from core.bench.statistics import (
    Interval,
    geometric_mean,
    percentile_interval,
    resampled_weights,
)
from core.cluster.batch import Floats

PolicyRows = dict[str, tuple[Episodes, tuple[int, ...]]]
"""A policy's episodes by workload, and their seeds."""


@dataclass(frozen=True, slots=True)
class RatioSummary:
    """A ratio over all workloads where it is defined."""

    mean: float | None
    """Geometric mean over workloads."""
    interval: Interval | None
    """95 % of it, over seeds; None with one seed."""
    worst: float | None
    worst_workload: str | None


@dataclass(frozen=True, slots=True)
class PolicySummary:
    """What a policy comes to."""

    policy: str
    spec: str
    workloads: int
    cells: int
    score: float | None
    """Mean over workloads."""
    score_interval: Interval | None
    """95 % of it, over seeds; None with one seed."""
    slo_violation_ratio: float
    """Mean over workloads, so that each weighs the same."""
    worst_slo_violation_ratio: float
    worst_slo_violation_ratio_scenario: str
    pod_hours: float
    """Mean over workloads."""
    churn: float
    """Mean over workloads."""
    ratios: Mapping[str, RatioSummary]
    """By the names of `core.bench.comparison.RATIOS`, and `churn_ratio`."""
    gap_closed: float | None
    """Median over the workloads where there is a gap."""
    gap_closed_workloads: int
    """How many those are."""
    hindsight_unreached: tuple[str, ...]
    """Workloads on which every HPA setting violates more than the bound."""

    def as_dict(self) -> dict[str, Any]:
        """The summary by name, flat, ready for JSON."""
        content = asdict(self)
        del content["ratios"]
        for name, one in self.ratios.items():
            content[name] = one.mean
            content[f"{name}_interval"] = None if one.interval is None else asdict(one.interval)
            content[f"worst_{name}"] = one.worst
            content[f"worst_{name}_scenario"] = one.worst_workload
        return content


def summarise(
    policy: str,
    spec: str,
    own: PolicyRows,
    rows: Mapping[str, Comparison],
    materials: Mapping[str, Material],
    rng: np.random.Generator,
) -> PolicySummary:
    """Sum up a policy.

    Args:
        policy: Its name.
        spec: As `load_policy` takes it.
        own: Its episodes.
        rows: Its figures on each workload.
        materials: Of the same workloads.
        rng: Where resamples come from.
    """
    draws = _resample(own, materials, rng)
    ratios = {
        name: _ratio_summary(
            {key: getattr(row, name) for key, row in rows.items()}, draws.get(name)
        )
        for name in (*RATIOS, "churn_ratio")
    }
    scores = [row.score for row in rows.values() if row.score is not None]
    gaps = [row.gap_closed for row in rows.values() if row.gap_closed is not None]
    worst = max(rows, key=lambda name: rows[name].slo_violation_ratio)
    return PolicySummary(
        policy=policy,
        spec=spec,
        workloads=len(rows),
        cells=sum(len(seeds) for _, seeds in own.values()),
        score=statistics.fmean(scores) if scores else None,
        score_interval=_interval(draws.get("score"), logarithmic=False),
        slo_violation_ratio=statistics.fmean(row.slo_violation_ratio for row in rows.values()),
        worst_slo_violation_ratio=rows[worst].slo_violation_ratio,
        worst_slo_violation_ratio_scenario=worst,
        pod_hours=statistics.fmean(row.pod_hours for row in rows.values()),
        churn=statistics.fmean(row.churn for row in rows.values()),
        ratios=ratios,
        gap_closed=statistics.median(gaps) if gaps else None,
        gap_closed_workloads=len(gaps),
        hindsight_unreached=tuple(name for name, row in rows.items() if not row.hindsight_reached),
    )


def _resample(
    own: PolicyRows, materials: Mapping[str, Material], rng: np.random.Generator
) -> dict[str, Floats]:
    """Figures of many resamples of the seeds, shape (workloads, draws) by name; empty if too few.

    All workloads get the same seeds in a resample.
    """
    sets = {seeds for _, seeds in own.values()}
    if len(sets) != 1:
        return {}
    [seeds] = sets
    weights = resampled_weights(len(seeds), rng)
    if weights is None:
        return {}
    found = [
        ratios_of(episodes, materials[name], seeds, weights).values
        for name, (episodes, _) in own.items()
    ]
    return {name: np.array([one[name] for one in found]) for name in found[0]}


def _ratio_summary(values: Mapping[str, float | None], draws: Floats | None) -> RatioSummary:
    known = {name: value for name, value in values.items() if value is not None and value > 0.0}
    worst = max(known, key=lambda name: known[name], default=None)
    return RatioSummary(
        mean=geometric_mean(list(known.values())),
        interval=_interval(draws, logarithmic=True),
        worst=known[worst] if worst else None,
        worst_workload=worst,
    )


def _interval(draws: Floats | None, *, logarithmic: bool) -> Interval | None:
    """The interval of a mean over workloads; those without the figure in any draw are left out."""
    if draws is None:
        return None
    known = draws[~np.isnan(draws).any(axis=1)]
    if not len(known):
        return None
    means = np.exp(np.log(known).mean(axis=0)) if logarithmic else known.mean(axis=0)
    return percentile_interval(means)
