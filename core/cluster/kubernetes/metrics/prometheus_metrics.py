"""Measures a Deployment through Prometheus."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Clock
from core.cluster.kubernetes.metrics.detection import QueryPlan, detect
from core.cluster.kubernetes.metrics.prometheus import Budget, Prometheus
from core.cluster.kubernetes.metrics.sample import MetricsSample
from core.cluster.kubernetes.metrics.templates import Blanks, QueryName
from core.cluster.kubernetes.settings import MetricsSettings
from core.errors import ClusterError, ClusterProblem, RlscaleError

_SHARES = frozenset({QueryName.SLO_VIOLATION, QueryName.ERRORS})
_STOPPERS = frozenset({ClusterProblem.UNREACHABLE, ClusterProblem.TIMEOUT})
"""After one of these the next query would fail in the same way, and take as long."""
_TIMES = {
    QueryName.LATENCY_P50: "latency_p50_ms",
    QueryName.LATENCY_P95: "latency_p95_ms",
    QueryName.LATENCY_P99: "latency_p99_ms",
}
_FIELDS = {
    QueryName.RPS: "rps",
    **_TIMES,
    QueryName.SLO_VIOLATION: "slo_violation_ratio",
    QueryName.ERRORS: "error_ratio",
    QueryName.CPU: "cpu_utilization",
    QueryName.MEMORY: "memory_utilization",
    QueryName.QUEUE: "queue_requests",
}


@dataclass(slots=True)
class _Round:
    """What one round of queries has found so far."""

    values: dict[str, float]
    problems: list[str]
    server_time_s: float | None = None
    newest_s: float | None = None


class PrometheusMetrics:
    """Asks the queries of one plan, one after the other, within a limit of time.

    Args:
        prometheus: Closed with this.
        settings: Which queries.
        blanks: To fill them with.
        clock: For limits.

    Raises:
        InputError: A query of the settings has a blank that is not known.
    """

    def __init__(
        self, prometheus: Prometheus, settings: MetricsSettings, blanks: Blanks, clock: Clock
    ) -> None:
        self._prometheus = prometheus
        self._settings = settings
        self._blanks = blanks
        self._clock = clock
        for template in settings.queries.model_dump(exclude_none=True).values():
            blanks.fill(template)
        self._plan: QueryPlan | None = None
        self._outdated = False
        """Whether something is missing that the plan found: metrics may be others now."""

    @property
    def measures_traffic(self) -> bool:
        """Always: where request metrics do not exist, they are missing, and may yet come."""
        return True

    @property
    def plan(self) -> QueryPlan | None:
        """What is asked; None before the first answer."""
        return self._plan

    def sample(self) -> MetricsSample:
        """Measure now; takes `timeout_s` of the settings at most, give or take one query."""
        budget = Budget(self._clock, self._settings.timeout_s)
        try:
            plan = self._current_plan(budget)
        except RlscaleError as error:
            return MetricsSample(problems=(error.message,))
        found = _Round({}, [])
        for name, promql in plan.queries.items():
            try:
                self._ask(name, promql, budget.left_s(), found)
            except RlscaleError as error:
                # Also an InputError: a file with a token may go away while we run.
                found.problems.append(error.message)
                if isinstance(error, ClusterError) and error.problem in _STOPPERS:
                    break
        return self._result(plan, found)

    def _current_plan(self, budget: Budget) -> QueryPlan:
        # What is not there, or not yet, such as the first request, is looked for each time.
        if self._plan is None or not self._plan.complete or self._outdated:
            self._plan = detect(self._prometheus, self._settings, self._blanks, budget)
        return self._plan

    def _ask(self, name: QueryName, promql: str, timeout_s: float, found: _Round) -> None:
        reading = self._prometheus.single(name, promql, timeout_s)
        if reading.server_time_s is not None:
            found.server_time_s = reading.server_time_s
        if reading.value is None:
            return
        if name is QueryName.FRESHNESS:
            found.newest_s = reading.value
            return
        value = reading.value * 1000.0 if name in _TIMES else reading.value
        if value < 0:
            # Rounding makes 1 − n/n slightly negative; anything else is no such quantity.
            if name not in _SHARES or value < -1e-6:
                found.problems.append(f"query {name} gave {value:g} where no negative can be.")
                return
            value = 0.0
        if name in _SHARES and value > 1.0:
            if value > 1.0 + 1e-6:
                found.problems.append(f"query {name} gave {value:g} where a share is expected.")
                return
            value = 1.0
        found.values[_FIELDS[name]] = value

    def _result(self, plan: QueryPlan, found: _Round) -> MetricsSample:
        rps = found.values.get(_FIELDS[QueryName.RPS])
        self._outdated = rps is None or (
            rps > 0.0
            and QueryName.SLO_VIOLATION in plan.queries
            and _FIELDS[QueryName.SLO_VIOLATION] not in found.values
        )
        age_s = None
        # Without a rate the traffic is not known, however new its samples are.
        if rps is not None and found.newest_s is not None and found.server_time_s is not None:
            # Both by the clock of Prometheus: whether ours agrees does not matter.
            age_s = max(found.server_time_s - found.newest_s, 0.0)
        return MetricsSample(
            **found.values,
            age_s=age_s,
            problems=tuple(found.problems),
            notices=plan.notices,
        )

    def close(self) -> None:
        """Let go of the connection."""
        self._prometheus.close()
