"""What the jobs of a benchmark bring home, as records and put together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import numpy as np

from core.agents.calibration import SETTINGS, Calibration, RivalKind
from core.agents.grid import GridFigures, Setting
from core.summary import Summary

Record = Mapping[str, Any]
"""One line of a benchmark's file: plain values under the key `kind` and others."""

SETTING_BY_SPEC: Final[dict[str, Setting]] = {
    one.spec: one for settings in SETTINGS.values() for one in settings
}

_ARRAYS: Final = ("requests", "violations", "pod_hours", "needed_pod_hours", "churn")


class RecordKind(StrEnum):
    """What a line holds."""

    CELL = "cell"
    """One episode of a policy."""
    GRID = "grid"
    """All settings of an HPA or a rule on all seeds of a workload."""
    FRONT = "front"
    """The oracle's front in one episode."""
    CALIBRATION = "calibration"
    """Mean scores of some settings on the training suite."""
    JOB = "job"
    """The job to which the lines before belong is done."""


def cell_record(policy: str, workload: str, seed: int, summary: Summary) -> Record:
    """A line for one episode."""
    return {
        "kind": RecordKind.CELL.value,
        "policy": policy,
        "workload": workload,
        "seed": seed,
        "summary": summary.as_dict(),
    }


def grid_record(rival: RivalKind, workload: str, figures: GridFigures) -> Record:
    """A line for the settings of a rival on all seeds of a workload."""
    return {
        "kind": RecordKind.GRID.value,
        "rival": rival.value,
        "workload": workload,
        "settings": [one.spec for one in figures.settings],
        **{name: getattr(figures, name).tolist() for name in _ARRAYS},
    }


def front_record(workload: str, seed: int, front: Iterable[tuple[float, float]]) -> Record:
    """A line for the oracle's front in one episode."""
    return {
        "kind": RecordKind.FRONT.value,
        "workload": workload,
        "seed": seed,
        "points": [list(point) for point in front],
    }


def calibration_record(rival: RivalKind, scores: Mapping[str, float]) -> Record:
    """A line for mean scores of settings on the training suite."""
    return {"kind": RecordKind.CALIBRATION.value, "rival": rival.value, "scores": dict(scores)}


@dataclass(slots=True)
class Results:
    """All that is known so far."""

    cells: dict[tuple[str, str, int], Summary] = field(default_factory=dict)
    """By policy, workload and seed."""
    grids: dict[tuple[RivalKind, str], GridFigures] = field(default_factory=dict)
    """By rival and workload."""
    fronts: dict[tuple[str, int], list[tuple[float, float]]] = field(default_factory=dict)
    """The oracle's, by workload and seed."""
    scores: dict[RivalKind, dict[str, float]] = field(
        default_factory=lambda: {kind: {} for kind in RivalKind}
    )
    """Mean scores on the training suite, by setting."""

    def add(self, record: Record) -> None:
        """Take in a line of any kind but `JOB`."""
        kind = RecordKind(record["kind"])
        if kind is RecordKind.CELL:
            key = (record["policy"], record["workload"], record["seed"])
            self.cells[key] = Summary(**record["summary"])
        elif kind is RecordKind.GRID:
            settings = tuple(SETTING_BY_SPEC[spec] for spec in record["settings"])
            arrays = [np.array(record[name], dtype=np.float64) for name in _ARRAYS]
            key_of_grid = (RivalKind(record["rival"]), record["workload"])
            self.grids[key_of_grid] = GridFigures(settings, *arrays)
        elif kind is RecordKind.FRONT:
            points = [(float(ratio), float(hours)) for ratio, hours in record["points"]]
            self.fronts[record["workload"], record["seed"]] = points
        elif kind is RecordKind.CALIBRATION:
            self.scores[RivalKind(record["rival"])].update(record["scores"])

    def calibration(self, kind: RivalKind) -> Calibration | None:
        """The calibrated HPA or rule, once all its settings have been tried."""
        settings, scores = SETTINGS[kind], self.scores[kind]
        if any(one.spec not in scores for one in settings):
            return None
        return Calibration(settings, tuple(scores[one.spec] for one in settings))

    def calibrations(self) -> dict[RivalKind, Calibration]:
        """The rivals that have been calibrated."""
        found = {kind: self.calibration(kind) for kind in RivalKind}
        return {kind: one for kind, one in found.items() if one is not None}
