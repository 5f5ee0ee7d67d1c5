"""A benchmark as one HTML page: figures in tables, cost–violation fronts drawn; needs no network.

Vega-Altair draws and Jinja writes; both come with the extra `report` and are loaded here only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from core.bench.comparison import WorkloadFronts
from core.bench.figures import VIOLATION_FLOOR
from core.bench.page_text import PAGE
from core.bench.report import Report, Row
from core.extras import require_extra
from core.files import write_file

_HPA: Final = "HPA settings"
_RULE: Final = "rate rules"
_ORACLE: Final = "oracle"
_LINEAR_BELOW: Final = 2e-4
"""Below this share of violations the axis is linear, so that 0 has a place on it."""
_TICKS: Final = (0.0, 1e-4, 1e-3, 1e-2, 0.1, 1.0)
_SIZE: Final = 330
_COLUMNS: Final = 3
_MARGIN: Final = 1.15
"""How far beyond the settings the oracle is drawn."""
_RIVAL_COLOURS: Final = {_HPA: "#8a939c", _RULE: "#a9c9ea", _ORACLE: "#1b1f24"}
_POLICY_COLOURS: Final = (
    *("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#f0e442", "#7f3c8d"),
    *("#11a579", "#e73f74", "#80ba5a", "#a5732a"),
)
"""Those of Okabe and Ito first, which most colour-blind people can tell apart."""


def require_report_extra() -> None:
    """Make sure that what draws the page is installed, without loading it.

    Raises:
        InputError: It is not.
    """
    require_extra("report", ("altair", "jinja2", "vl_convert"), "an HTML page")


def write_page(path: Path, report: Report) -> None:
    """Write the page.

    Raises:
        RunError: The file cannot be written.
    """
    write_file(path, page(report).encode())


def page(report: Report) -> str:
    """The page as text."""
    import jinja2

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    environment.filters["ratio"] = lambda value: "–" if value is None else f"{value:.2f}"
    environment.filters["percent"] = lambda value: "–" if value is None else f"{100 * value:.2f} %"
    environment.filters["share"] = lambda value: "–" if value is None else f"{100 * value:.0f} %"
    environment.filters["span"] = _span
    return environment.from_string(PAGE).render(
        report=report,
        rivals={kind.value: one.best.spec for kind, one in report.calibrated.items()},
        unreached=any(not row.comparison.hindsight_reached for row in report.rows),
        chart=_chart(report),
    )


def _span(interval: Any) -> str:
    return "" if interval is None else f"{interval.low:.2f}…{interval.high:.2f}"


def _chart(report: Report) -> str:
    """The charts with everything that draws them, as HTML without a page around it."""
    import altair

    needed = {row.workload: row.comparison.needed_pod_hours for row in report.rows}
    values = [
        value
        for fronts in report.fronts
        if needed[fronts.workload] > 0.0
        for value in _values(fronts, report.rows, needed[fronts.workload])
    ]
    if not values:
        return ""
    policies = list(dict.fromkeys(row.policy for row in report.rows))
    names = [*_RIVAL_COLOURS, *policies]
    chosen = altair.selection_point(fields=["who"], bind="legend")
    axis = altair.Axis(
        values=list(_TICKS), labelExpr="100 * datum.value + ' %'", title="requests over the SLO"
    )
    base = altair.Chart().encode(
        x=altair.X(
            "cost:Q", title="pods per needed pod", scale=altair.Scale(nice=False, type="log")
        ),
        y=altair.Y(
            "violations:Q",
            axis=axis,
            scale=altair.Scale(type="symlog", constant=_LINEAR_BELOW, domainMin=0),
        ),
        color=altair.Color(
            "who:N",
            title="",
            scale=altair.Scale(domain=names, range=_colours(len(names) - len(_RIVAL_COLOURS))),
        ),
        opacity=altair.condition(chosen, altair.value(1.0), altair.value(0.08)),
        tooltip=[
            altair.Tooltip("what:N", title="policy"),
            altair.Tooltip("hours:Q", title="pod-hours", format=",.1f"),
            altair.Tooltip("cost:Q", title="pods per needed pod", format=".3f"),
            altair.Tooltip("violations:Q", title="over the SLO", format=".3%"),
        ],
    )
    lines = base.mark_line(interpolate="step-after", strokeWidth=1.5).encode(order="cost:Q")
    settings = base.mark_circle(size=14)
    marks = base.mark_point(size=90, filled=True, stroke="black", strokeWidth=0.6)
    layers = altair.layer(
        lines.transform_filter("datum.role == 'front'"),
        settings.transform_filter("datum.role == 'setting'"),
        marks.transform_filter("datum.role == 'policy'"),
        data={"values": values},
    ).properties(width=_SIZE, height=_SIZE)
    order = [fronts.workload for fronts in report.fronts]
    facets = layers.facet(
        facet=altair.Facet("workload:N", sort=order, title=None), columns=_COLUMNS
    )
    drawn = facets.resolve_scale(x="independent", y="shared").add_params(chosen)
    return str(drawn.to_html(inline=True, fullhtml=False, output_div="fronts"))


def _colours(policies: int) -> list[str]:
    repeated = _POLICY_COLOURS * (policies // len(_POLICY_COLOURS) + 1)
    return [*_RIVAL_COLOURS.values(), *repeated[:policies]]


def _values(fronts: WorkloadFronts, rows: Sequence[Row], needed: float) -> Iterator[dict[str, Any]]:
    """All points of one workload."""

    def value(who: str, what: str, role: str, violations: float, hours: float) -> dict[str, Any]:
        return {
            "workload": fronts.workload,
            "who": who,
            "what": what,
            "role": role,
            "violations": violations,
            "hours": hours,
            "cost": hours / needed,
        }

    for who, points in ((_HPA, fronts.hpa), (_RULE, fronts.rule)):
        for what, violations, hours in points:
            yield value(who, what, "setting", violations, hours)
        for violations, hours in undominated([point[1:] for point in points]):
            yield value(who, f"front of {who}", "front", violations, hours)
    settings = (*fronts.hpa, *fronts.rule)
    most_violations = _MARGIN * max(one[1] for one in settings)
    most_hours = _MARGIN * max(one[2] for one in settings)
    for violations, hours in fronts.oracle:
        if violations <= most_violations and hours <= most_hours:
            yield value(
                _ORACLE, f"oracle within {max(violations, 0.0):.3%}", "front", violations, hours
            )
    for row in rows:
        if row.workload == fronts.workload:
            one = row.comparison
            label = f"{row.policy} ({row.spec})" if row.spec != row.policy else row.policy
            yield value(row.policy, label, "policy", one.slo_violation_ratio, one.pod_hours)


def undominated(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Those points (violations, hours) that none beats in both, by growing violations."""
    found: list[tuple[float, float]] = []
    for point in sorted(points):
        if not found or point[1] < found[-1][1]:
            found.append(point)
    return found


assert _LINEAR_BELOW < VIOLATION_FLOOR
