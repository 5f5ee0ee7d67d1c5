"""What the table of the Benchmark screen shows: policies, a policy's workloads, their seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from console.words import short_name

if TYPE_CHECKING:
    from core.bench.policy_summary import PolicySummary, RatioSummary
    from core.bench.report import Report, Row


class Level(StrEnum):
    """How far down the operator has gone."""

    POLICIES = "policies"
    WORKLOADS = "workloads"
    """Of one policy."""
    SEEDS = "seeds"
    """Of one policy on one workload."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table."""

    name: str
    title: str
    width: int
    """Cells it takes, the gap to the next included."""
    from_width: int = 0
    """Cells of the table from which it is shown."""
    right: bool = True


_POLICIES = (
    Column("mark", "", 2, right=False),
    Column("name", "policy", 16, right=False),
    Column("score", "score", 7),
    Column("slo", "SLO", 8),
    Column("calibrated", "to HPA", 10),
    Column("rule", "to rule", 10),
    Column("hindsight", "hindsight", 10),
    Column("gap", "gap", 7),
    Column("churn", "churn", 7),
    Column("interval", "score 95 %", 13, from_width=92),
)
_ROWS = (
    Column("slo", "SLO", 9),
    Column("pod_hours", "pods·h", 9),
    Column("score", "score", 7),
    Column("calibrated", "to HPA", 8),
    Column("rule", "to rule", 8),
    Column("hindsight", "hindsight", 10),
    Column("gap", "gap", 7),
    Column("churn", "churn", 8, from_width=84),
    Column("p95", "p95 ms", 8, from_width=92),
)
_COLUMNS = {
    Level.POLICIES: _POLICIES,
    Level.WORKLOADS: (Column("name", "workload", 19, right=False), *_ROWS),
    Level.SEEDS: (Column("name", "seed", 19, right=False), *_ROWS),
}


def columns_of(level: Level, width: int) -> tuple[Column, ...]:
    """The columns that a table of `width` cells has room for."""
    return tuple(column for column in _COLUMNS[level] if width >= column.from_width)


@dataclass(frozen=True, slots=True)
class BenchLine:
    """One line of the table."""

    key: str
    """What it stands for: a policy, a workload or a seed."""
    cells: dict[str, str]
    """Text by column."""
    better: frozenset[str] = field(default_factory=frozenset)
    """Columns in which a rival is beaten."""


def letters_of(report: Report) -> dict[str, str]:
    """The letter that stands for each policy on a front: capitals, then small letters."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return {one.policy: alphabet[i % len(alphabet)] for i, one in enumerate(report.summaries)}


def policy_lines(report: Report) -> list[BenchLine]:
    """One line per policy."""
    letters = letters_of(report)
    return [_policy_line(one, letters[one.policy]) for one in report.summaries]


def workload_lines(report: Report, policy: str) -> list[BenchLine]:
    """One line per workload of a policy."""
    return [_line(row, row.workload) for row in report.rows if row.policy == policy]


def seed_lines(report: Report, policy: str, workload: str) -> list[BenchLine]:
    """One line per seed of a policy on a workload."""
    return [
        _line(cell, str(cell.seeds[0]))
        for cell in report.cells
        if (cell.policy, cell.workload) == (policy, workload)
    ]


_RATIOS = {
    "calibrated": "score_ratio_calibrated",
    "rule": "score_ratio_rule",
    "hindsight": "cost_ratio_hindsight",
}


def _policy_line(one: PolicySummary, letter: str) -> BenchLine:
    ratios = {column: one.ratios[name] for column, name in _RATIOS.items()}
    cells = {
        "mark": letter,
        "name": short_name(one.policy),
        "score": _number(one.score),
        "slo": _percent(one.slo_violation_ratio),
        "gap": _share(one.gap_closed),
        "churn": _number(one.ratios["churn_ratio"].mean),
        "interval": _span(one.score_interval),
        **{column: _mean_and_worst(found) for column, found in ratios.items()},
    }
    better = [name for name, found in ratios.items() if found.mean is not None and found.mean < 1]
    return BenchLine(one.policy, cells, frozenset(better))


def _line(row: Row, key: str) -> BenchLine:
    one = row.comparison
    ratios = {column: getattr(one, name) for column, name in _RATIOS.items()}
    cells = {
        "name": key,
        "slo": _percent(one.slo_violation_ratio),
        "pod_hours": f"{one.pod_hours:,.1f}",
        "score": _number(one.score),
        "gap": _share(one.gap_closed),
        "churn": f"{one.churn:,.0f}",
        "p95": "-" if row.latency_p95_ms is None else f"{row.latency_p95_ms:,.0f}",
        **{column: _number(value) for column, value in ratios.items()},
    }
    if not one.hindsight_reached:
        cells["hindsight"] += "*"
    better = [name for name, value in ratios.items() if value is not None and value < 1]
    return BenchLine(key, cells, frozenset(better))


def policy_note(report: Report, policy: str) -> str:
    """Where a policy fares worst, in one line."""
    one = next((one for one in report.summaries if one.policy == policy), None)
    if one is None:
        return ""
    names = {"calibrated": "HPA", "rule": "rule", "hindsight": "hindsight"}
    parts = [
        f"{names[column]} on {one.ratios[name].worst_workload}"
        for column, name in _RATIOS.items()
        if one.ratios[name].worst is not None
    ]
    return f"{short_name(policy)} worst to {', '.join(parts)}" if parts else ""


def row_note(report: Report, policy: str, workload: str) -> str:
    """What a policy's line of a workload is compared with, in one line."""
    row = next(
        (one for one in report.rows if (one.policy, one.workload) == (policy, workload)), None
    )
    if row is None:
        return ""
    setting = row.comparison.hindsight_setting
    if row.comparison.hindsight_reached:
        return f"hindsight: {setting}"
    return f"*every HPA violates more, {setting} least"


def legend(letters: dict[str, str], room: int) -> str:
    """Which letter stands for whom, as many as fit."""
    parts: Sequence[str] = [f"{letter} {short_name(name)}" for name, letter in letters.items()]
    text = "  ".join(parts)
    while parts and len(text) > room:
        parts = parts[:-1]
        text = "  ".join([*parts, "…"])
    return text


def _mean_and_worst(found: RatioSummary) -> str:
    return "-" if found.mean is None else f"{_number(found.mean)}/{_number(found.worst)}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def _span(interval: object) -> str:
    low, high = getattr(interval, "low", None), getattr(interval, "high", None)
    return "-" if low is None else f"{_number(low)}…{_number(high)}"
