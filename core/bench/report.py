"""What a benchmark says: cells, workloads and policies, each with its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np

from core.agents.calibration import Calibration, RivalKind
from core.bench.comparison import (
    Comparison,
    Material,
    WorkloadFronts,
    compare,
    episodes_of,
    fronts_of,
    material_of,
)
from core.bench.policy_summary import PolicyRows, PolicySummary, summarise
from core.bench.request import BenchRequest
from core.bench.results import Results
from core.bench.statistics import Interval, percentile_interval, resampled_weights
from core.summary import Summary

CALIBRATED_NAMES: Final = {
    RivalKind.HPA: "hpa calibrated",
    RivalKind.RULE: "rule calibrated",
}
"""What the rows of the calibrated rivals are called."""


@dataclass(frozen=True, slots=True)
class Row:
    """A policy on one workload: with one seed, a cell; with all of them, a line of the table."""

    policy: str
    """As it was asked for, or the name of a calibrated rival."""
    spec: str
    """As `core.agents.registry.load_policy` takes it."""
    workload: str
    seeds: tuple[int, ...]
    comparison: Comparison
    latency_p95_ms: float | None
    """Mean over seeds."""
    latency_p99_ms: float | None
    reward: float
    score_interval: Interval | None = None
    """95 % of the score, over seeds; None with one seed."""
    summary: Summary | None = None
    """Of a cell: all figures of its run."""

    def as_dict(self) -> dict[str, Any]:
        """The row by name, flat, ready for JSON."""
        named: dict[str, Any] = {
            "policy": self.policy,
            "spec": self.spec,
            "scenario": self.workload,
        }
        if self.summary is not None:
            named |= {"seed": self.seeds[0], **self.summary.as_dict()}
        else:
            named |= {
                "seeds": len(self.seeds),
                "latency_p95_ms": self.latency_p95_ms,
                "latency_p99_ms": self.latency_p99_ms,
                "reward": self.reward,
                "score_interval": self.score_interval and asdict(self.score_interval),
            }
        return named | asdict(self.comparison)


@dataclass(frozen=True, slots=True)
class Report:
    """All figures of a benchmark; policies in the order of the request, then calibrated rivals."""

    request: BenchRequest
    calibrated: Mapping[RivalKind, Calibration]
    summaries: tuple[PolicySummary, ...]
    rows: tuple[Row, ...]
    """One per workload and policy, all seeds pooled."""
    cells: tuple[Row, ...]
    """One per policy, workload and seed."""
    fronts: tuple[WorkloadFronts, ...]

    def with_fewer_seeds(self) -> dict[str, list[str]]:
        """Long workloads, and the policies that met them with fewer seeds than were asked for."""
        found: dict[str, list[str]] = {}
        for row in self.rows:
            if len(row.seeds) < self.request.seeds:
                found.setdefault(row.workload, []).append(row.policy)
        return found

    def as_dict(self) -> dict[str, Any]:
        """The report ready for JSON: `cells`, `workloads`, `summary` by policy, and `rivals`."""
        return {
            "cells": [one.as_dict() for one in self.cells],
            "workloads": [one.as_dict() for one in self.rows],
            "summary": {one.policy: one.as_dict() for one in self.summaries},
            "rivals": {
                CALIBRATED_NAMES[kind]: {"spec": one.best.spec, "training_score": one.score}
                for kind, one in self.calibrated.items()
            },
            "seeds": self.request.seeds,
        }


def build_report(request: BenchRequest, results: Results) -> Report:
    """Work out all figures.

    Args:
        request: What was asked for.
        results: Of all jobs.

    Raises:
        KeyError: A job is missing.
    """
    calibrated = results.calibrations()
    named = {spec: spec for spec in request.policies}
    named |= {CALIBRATED_NAMES[kind]: one.best.spec for kind, one in calibrated.items()}
    materials = {
        workload.name: material_of(workload.name, request, calibrated, results)
        for workload in request.workloads
    }
    summaries, rows, cells = [], [], []
    for policy, spec in named.items():
        own: PolicyRows = {}
        for workload, material in materials.items():
            found = {
                seed: results.cells[spec, workload, seed]
                for seed in range(request.seeds)
                if (spec, workload, seed) in results.cells
            }
            own[workload] = (episodes_of(list(found.values())), tuple(found))
            rows.append(_row(policy, spec, material, found))
            cells += [
                replace(_row(policy, spec, material, {seed: one}), summary=one)
                for seed, one in found.items()
            ]
        # Resamples are the same for every policy, whoever else takes part.
        rng = np.random.default_rng(0)
        mine = {row.workload: row.comparison for row in rows if row.policy == policy}
        summaries.append(summarise(policy, spec, own, mine, materials, rng))
    fronts = tuple(fronts_of(one) for one in materials.values())
    # By workload, so that a table of them can be read.
    order = {name: place for place, name in enumerate(materials)}
    rows.sort(key=lambda row: order[row.workload])
    return Report(request, calibrated, tuple(summaries), tuple(rows), tuple(cells), fronts)


def _row(policy: str, spec: str, material: Material, found: Mapping[int, Summary]) -> Row:
    seeds, summaries = tuple(found), list(found.values())
    own = episodes_of(summaries)
    # The same resamples for everybody, so that equal policies have equal intervals.
    weights = resampled_weights(len(seeds), np.random.default_rng(0))
    interval = None
    if weights is not None and all(one.needed_pod_hours > 0.0 for one in summaries):
        interval = percentile_interval(own.score(weights))
    return Row(
        policy=policy,
        spec=spec,
        workload=material.workload,
        seeds=seeds,
        comparison=compare(own, material, seeds),
        latency_p95_ms=_mean([one.latency_p95_ms for one in summaries]),
        latency_p99_ms=_mean([one.latency_p99_ms for one in summaries]),
        reward=_mean([one.reward for one in summaries]) or 0.0,
        score_interval=interval,
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
