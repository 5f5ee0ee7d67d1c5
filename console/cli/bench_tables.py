"""A benchmark's figures as tables for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli.output import number, percent, print_table
from console.words import short_name

if TYPE_CHECKING:
    from core.bench.policy_summary import PolicySummary
    from core.bench.report import Report, Row
    from core.bench.statistics import Interval

_TO_CALIBRATED = "to HPA"
_TO_RULE = "to rule"
_HINDSIGHT = "hindsight"


def print_report(report: Report) -> None:
    """Print tables of policies and workloads, and what the columns mean."""
    rivals = ", ".join(
        f"{kind.value} {calibration.best.spec.partition(':')[2]}"
        for kind, calibration in report.calibrated.items()
    )
    count, seeds = len(report.request.workloads), report.request.seeds
    print(f"{_counted(count, 'workload')}, {_counted(seeds, 'seed')} each.", end=" ")
    print(f"Calibrated on the training suite: {rivals}.")
    print()
    print("Geometric mean over workloads, and the worst of them; below 1 beats the rival:")
    _print_policies(report.summaries)
    print()
    if any(map(_has_interval, report.summaries)):
        print("Where the worst is, and 95 % intervals of the means over seeds:")
        _print_spread(report.summaries)
    else:
        print("No 95 % intervals: they need two seeds or more (--seeds).")
    print()
    _print_workloads(report.rows)
    print()
    print(f"{_TO_CALIBRATED}, {_TO_RULE}: score divided by that of the calibrated rival.")
    print(f"{_HINDSIGHT}: pod-hours divided by the fewest of any HPA that violates no more;")
    print("  * no HPA setting violates that little: divided by those of the least violating one.")
    print("gap: share of the room between that HPA and the oracle that is taken (median).")
    print("churn: replicas changed; of policies divided by those of the calibrated HPA.")
    for workload, policies in report.with_fewer_seeds().items():
        names = ", ".join(map(short_name, policies))
        print(f"fewer than {seeds} seeds, since it is long: {workload} ({names}).")


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' if count != 1 else ''}"


def ratio(value: float | None) -> str:
    """A ratio with two digits."""
    return number(value, 2)


_RATIOS = {
    "score_ratio_calibrated": _TO_CALIBRATED,
    "score_ratio_rule": _TO_RULE,
    "cost_ratio_hindsight": _HINDSIGHT,
}


def _print_policies(summaries: Sequence[PolicySummary]) -> None:
    columns = ["score", "SLO"]
    for name in _RATIOS.values():
        columns += [name, "worst"]
    columns += ["gap", "churn"]
    rows: list[list[object]] = []
    for one in summaries:
        row: list[object] = [short_name(one.policy), number(one.score, 3)]
        row.append(percent(one.slo_violation_ratio))
        for name in _RATIOS:
            found = one.ratios[name]
            row += [ratio(found.mean), ratio(found.worst)]
        row += [percent(one.gap_closed, 0), ratio(one.ratios["churn_ratio"].mean)]
        rows.append(row)
    print_table(["policy", *columns], rows, right=columns, whole=["policy"])


def _print_spread(summaries: Sequence[PolicySummary]) -> None:
    columns = ["score"]
    for name in _RATIOS.values():
        columns += [name, "worst at"]
    rows: list[list[object]] = []
    for one in summaries:
        row: list[object] = [short_name(one.policy), _span(one.score_interval)]
        for name in _RATIOS:
            found = one.ratios[name]
            row += [_span(found.interval), found.worst_workload]
        rows.append(row)
    print_table(["policy", *columns], rows, whole=["policy"])


def _has_interval(summary: PolicySummary) -> bool:
    intervals = [summary.score_interval, *(summary.ratios[name].interval for name in _RATIOS)]
    return any(interval is not None for interval in intervals)


def _span(interval: Interval | None) -> str:
    return "-" if interval is None else f"{interval.low:.2f}…{interval.high:.2f}"


def _print_workloads(rows: Sequence[Row]) -> None:
    columns = ["SLO", "pods·h", "churn", "p95 ms", "score", _TO_CALIBRATED, _TO_RULE, _HINDSIGHT]
    columns.append("gap")
    lines: list[list[object]] = []
    former = ""
    for row in rows:
        one = row.comparison
        unreached = "" if one.hindsight_reached else "*"
        lines.append(
            [
                row.workload if row.workload != former else "",
                short_name(row.policy),
                percent(one.slo_violation_ratio),
                number(one.pod_hours),
                number(one.churn, 0),
                number(row.latency_p95_ms, 0),
                number(one.score, 2),
                ratio(one.score_ratio_calibrated),
                ratio(one.score_ratio_rule),
                f"{ratio(one.cost_ratio_hindsight)}{unreached}",
                percent(one.gap_closed, 0),
            ]
        )
        former = row.workload
    print_table(["workload", "policy", *columns], lines, right=columns, whole=["policy"])
