"""A shadow report for people: aligned text, and Markdown to pass on."""

from __future__ import annotations

from datetime import UTC, datetime

from core.times import clock
from core.twin.shadow import Moment, ShadowReport
from core.twin.span import span_text

Row = tuple[str, str, str]


def headline(report: ShadowReport) -> str:
    """One sentence: cheaper or dearer, safer or not."""
    actual, advised = report.actual, report.advised
    share = report.saved_pod_hours / actual.pod_hours if actual.pod_hours > 0 else 0.0
    cost = f"{abs(100 * share):.0f} % {'fewer' if share >= 0 else 'more'} pod-hours"
    if actual.slo_violation_ratio is None or advised.slo_violation_ratio is None:
        return f"{report.policy} would have used {cost} than what happened."
    return (
        f"{report.policy} would have used {cost} than what happened, with "
        f"{100 * advised.slo_violation_ratio:.2f} % SLO violations in place of "
        f"{100 * actual.slo_violation_ratio:.2f} %."
    )


def figures(report: ShadowReport) -> list[Row]:
    """Name, what happened, what was advised."""
    actual, advised = report.actual, report.advised
    return [
        ("pod-hours", _number(actual.pod_hours, 2), _number(advised.pod_hours, 2)),
        (
            "SLO violations, in the twin",
            _percent(actual.slo_violation_ratio),
            _percent(advised.slo_violation_ratio),
        ),
        ("SLO violations, measured", _percent(report.measured_violation_ratio), "-"),
        (
            "latency p95, in the twin",
            _number(actual.latency_p95_ms, 0, " ms"),
            _number(advised.latency_p95_ms, 0, " ms"),
        ),
        ("churn (replicas changed)", _number(actual.churn, 0), _number(advised.churn, 0)),
        ("score (lower is better)", _number(actual.score, 3), _number(advised.score, 3)),
    ]


def moments(report: ShadowReport) -> list[tuple[str, str, str, str, str]]:
    """When, rps, what was there, what was advised, why."""
    return [_moment(one, report.simulated) for one in report.moments]


def about(report: ShadowReport) -> str:
    """What was looked at, in one line."""
    twin = f", twin {report.twin}" if report.twin else ""
    begin = _when(report.begin_wall_time, report.begin_time_s, report.simulated)
    return (
        f"{report.target}: {report.steps:,} decisions in "
        f"{span_text(report.hours * 3600)} from {begin} on{twin}. "
        f"The advice was what was there {100 * report.agreement:.0f} % of the time."
    )


def markdown(report: ShadowReport) -> str:
    """The whole report as a Markdown document."""
    lines = [
        f"# Shadow report: {report.policy} on {report.target}",
        "",
        headline(report),
        "",
        about(report),
        "",
        "| | what happened | what was advised |",
        "|---|---:|---:|",
        *(f"| {' | '.join(row)} |" for row in figures(report)),
        "",
        "## Where they differed most",
        "",
    ]
    if report.moments:
        lines += [
            "| when | rps | replicas | advised | why |",
            "|---|---:|---:|---:|---|",
            *(f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in moments(report)),
        ]
    else:
        lines.append("Nowhere: the advice was always what was there.")
    if report.notes:
        lines += ["", "## What limits these figures", "", *(f"- {one}" for one in report.notes)]
    lines += ["", f"Run {report.run}."]
    return "\n".join(lines) + "\n"


def _moment(one: Moment, simulated: bool) -> tuple[str, str, str, str, str]:
    return (
        _when(one.wall_time, one.time_s, simulated),
        _number(one.rps, 0),
        str(one.actual),
        str(one.advised),
        one.reason,
    )


def _when(wall_time: float, time_s: float, simulated: bool) -> str:
    """The time of the day; in the simulator that of the run, as `debug --time` takes it."""
    if simulated:
        return clock(time_s)
    return f"{datetime.fromtimestamp(wall_time, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _number(value: float | None, digits: int, unit: str = "") -> str:
    return "-" if value is None else f"{value:,.{digits}f}{unit}"


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.3f} %"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
