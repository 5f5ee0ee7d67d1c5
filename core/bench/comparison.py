"""A policy beside its rivals on one workload: on one seed, on all, or on resampled ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.agents.calibration import Calibration, RivalKind
from core.agents.grid import GridFigures, Setting
from core.agents.hpa import DOWN_STABILIZATION_S, TARGET_UTILIZATION
from core.agents.hpa.setting import HpaSetting
from core.agents.oracle import cheapest_within
from core.bench.figures import (
    Episodes,
    Front,
    gap_closed,
    hindsight,
    pooled_front,
    violation_bound,
)
from core.bench.request import BenchRequest
from core.bench.results import Results
from core.cluster.batch import Floats
from core.summary import Summary

RATIOS: Final = (
    "score_ratio_hpa",
    "score_ratio_calibrated",
    "score_ratio_rule",
    "cost_ratio_hindsight",
)
"""Figures below 1 where a policy beats the rival."""

_DEFAULT_HPA: Final = HpaSetting(TARGET_UTILIZATION, DOWN_STABILIZATION_S)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A policy beside its rivals, on one seed or on several pooled ones; None where undefined."""

    score: float | None
    slo_violation_ratio: float
    pod_hours: float
    needed_pod_hours: float
    churn: float
    score_ratio_hpa: float | None
    """To the HPA at its default."""
    score_ratio_calibrated: float | None
    """To the calibrated HPA."""
    score_ratio_rule: float | None
    """To the calibrated rate rule."""
    cost_ratio_hindsight: float | None
    """Pod-hours to those of the cheapest HPA setting that violates no more."""
    hindsight_setting: str
    """That setting."""
    hindsight_reached: bool
    """False where every setting violates more: then it is the least violating one."""
    gap_closed: float | None
    """Share of the room between that setting and the oracle; None without room or oracle."""
    churn_ratio: float | None
    """To the calibrated HPA."""


@dataclass(frozen=True, slots=True)
class WorkloadFronts:
    """Cost against violations on one workload, all seeds pooled; points (violations, hours)."""

    workload: str
    hpa: tuple[tuple[str, float, float], ...]
    """Every setting with its name."""
    rule: tuple[tuple[str, float, float], ...]
    oracle: tuple[tuple[float, float], ...]
    """By growing violations, over the seeds that it was asked for."""


@dataclass(frozen=True, slots=True)
class Material:
    """Everything on one workload, as arrays over seeds, for figures and intervals."""

    workload: str
    hpa: GridFigures
    rule: GridFigures
    calibrated_hpa: Episodes
    calibrated_rule: Episodes
    default_hpa: Episodes
    fronts: Mapping[int, Front]
    """The oracle's, by seed."""
    pooled: Front
    """The oracle's, over all those seeds."""


def material_of(
    workload: str,
    request: BenchRequest,
    calibrations: Mapping[RivalKind, Calibration],
    results: Results,
) -> Material:
    """What the results say of one workload."""
    hpa = results.grids[RivalKind.HPA, workload]
    rule = results.grids[RivalKind.RULE, workload]
    default = setting_row(hpa, _DEFAULT_HPA)
    fronts = {
        seed: results.fronts[workload, seed]
        for seed in range(request.seeds)
        if (workload, seed) in results.fronts
    }
    return Material(
        workload,
        hpa,
        rule,
        setting_row(hpa, calibrations[RivalKind.HPA].best),
        setting_row(rule, calibrations[RivalKind.RULE].best),
        default,
        fronts,
        pooled_front(list(fronts.values()), default.requests[list(fronts)].tolist()),
    )


def setting_row(figures: GridFigures, setting: Setting) -> Episodes:
    """What one setting of a grid came to."""
    return Episodes.of_grid(figures).row(figures.settings.index(setting))


def episodes_of(summaries: Sequence[Summary]) -> Episodes:
    """What a policy's cells came to, one per seed."""
    requests = np.array([one.requests for one in summaries])
    return Episodes(
        requests,
        requests * [one.slo_violation_ratio for one in summaries],
        np.array([one.pod_hours for one in summaries]),
        np.array([one.needed_pod_hours for one in summaries]),
        np.array([one.churn for one in summaries]),
    )


@dataclass(frozen=True, slots=True)
class Ratios:
    """A policy beside its rivals for several draws of seeds, shape (draws,); NaN: undefined."""

    values: Mapping[str, Floats]
    """By the names of `RATIOS`, and `score`."""
    hindsight_hours: Floats
    hindsight_setting: tuple[str, ...]
    hindsight_reached: tuple[bool, ...]


def ratios_of(own: Episodes, material: Material, seeds: Sequence[int], weights: Floats) -> Ratios:
    """Compare a policy with its rivals.

    Args:
        own: The policy's episodes, one per seed in `seeds`.
        material: Of the workload.
        seeds: Which seeds the policy has.
        weights: Shape (draws, seeds).
    """
    score = own.score(weights)
    grid = Episodes.of_grid(material.hpa).only(seeds)
    best = hindsight(grid, violation_bound(own.violation_ratio(weights)), weights)
    values = {"score": score}
    for name, rival in (
        ("score_ratio_hpa", material.default_hpa),
        ("score_ratio_calibrated", material.calibrated_hpa),
        ("score_ratio_rule", material.calibrated_rule),
    ):
        values[name] = score / rival.only(seeds).score(weights)
    hours = np.where(best.pod_hours > 0.0, best.pod_hours, np.nan)
    values["cost_ratio_hindsight"] = own.mean("pod_hours", weights) / hours
    return Ratios(
        values,
        best.pod_hours,
        tuple(material.hpa.settings[index].spec for index in best.setting.tolist()),
        tuple(best.reached.tolist()),
    )


def compare(own: Episodes, material: Material, seeds: Sequence[int]) -> Comparison:
    """A policy beside its rivals, all its seeds pooled."""
    everything = np.ones((1, len(seeds)))
    found = ratios_of(own, material, seeds, everything)
    churn = float(own.mean("churn", everything)[0])
    calibrated = float(material.calibrated_hpa.only(seeds).mean("churn", everything)[0])
    return Comparison(
        score=_known(found.values["score"][0]),
        slo_violation_ratio=float(own.violation_ratio(everything)[0]),
        pod_hours=float(own.mean("pod_hours", everything)[0]),
        needed_pod_hours=float(own.mean("needed_pod_hours", everything)[0]),
        churn=churn,
        **{name: _known(found.values[name][0]) for name in RATIOS},
        hindsight_setting=found.hindsight_setting[0],
        hindsight_reached=found.hindsight_reached[0],
        gap_closed=_gap(own, material, seeds),
        churn_ratio=churn / calibrated if calibrated > 0.0 else None,
    )


def _gap(own: Episodes, material: Material, seeds: Sequence[int]) -> float | None:
    """The gap closed, over those seeds that the oracle was asked for."""
    places = [place for place, seed in enumerate(seeds) if seed in material.fronts]
    if not places:
        return None
    own, shared = own.only(places), [seeds[place] for place in places]
    everything = np.ones((1, len(shared)))
    bound = violation_bound(own.violation_ratio(everything))
    best = hindsight(Episodes.of_grid(material.hpa).only(shared), bound, everything)
    front = material.fronts[shared[0]] if len(shared) == 1 else material.pooled
    _, oracle = cheapest_within(front, float(bound[0]))
    mine = float(own.mean("pod_hours", everything)[0])
    return gap_closed(mine, float(best.pod_hours[0]), oracle)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def fronts_of(material: Material) -> WorkloadFronts:
    """What there is to draw of one workload."""
    return WorkloadFronts(
        material.workload, _points(material.hpa), _points(material.rule), tuple(material.pooled)
    )


def _points(figures: GridFigures) -> tuple[tuple[str, float, float], ...]:
    episodes = Episodes.of_grid(figures)
    everything = np.ones((1, figures.requests.shape[1]))
    ratios = episodes.violation_ratio(everything)[:, 0].tolist()
    hours = episodes.mean("pod_hours", everything)[:, 0].tolist()
    names = [one.spec for one in figures.settings]
    return tuple(zip(names, ratios, hours, strict=True))
