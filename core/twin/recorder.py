"""Records a Deployment's history from Prometheus, through the queries of live mode."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.clock import Clock
from core.cluster.kubernetes.metrics.detection import QueryPlan, detect
from core.cluster.kubernetes.metrics.prometheus import (
    Budget,
    Prometheus,
    RangeReading,
    Reading,
)
from core.cluster.kubernetes.metrics.templates import (
    CPU_REQUEST,
    DESIRED_REPLICAS,
    READY_REPLICAS,
    RUNNING_PODS,
    STARTUP,
    Blanks,
    QueryName,
    request_metrics,
)
from core.cluster.kubernetes.settings import MetricsSettings
from core.errors import ClusterError, ClusterProblem, InputError
from core.twin.recording import Floats, Recording
from core.twin.span import span_text

_CHUNK_POINTS = 5_760
"""A day at 15 s: no query takes long, and there is progress to show; Prometheus refuses 11,000."""
_FEWEST_POINTS = 60
_PATIENCE_S = 60.0
"""History is no hurry: a query may take so long, however short live ones have to be."""
_SPLITTABLE = frozenset({ClusterProblem.TIMEOUT, ClusterProblem.INVALID})
_LOOKS = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75)
"""Where in the range metrics are looked for, from its end, in shares of it."""
_LONGEST_STARTUP_S = 3600.0
_POD_STEP_S = 60

Report = Callable[[float, float, str], None]
"""Done, total, and what is asked for, in words."""

_FIELDS = {
    QueryName.RPS: "rps",
    QueryName.LATENCY_P50: "latency_p50_ms",
    QueryName.LATENCY_P95: "latency_p95_ms",
    QueryName.LATENCY_P99: "latency_p99_ms",
    QueryName.CPU: "cpu_utilization",
    QueryName.MEMORY: "memory_utilization",
}
_SECONDS = frozenset({"latency_p50_ms", "latency_p95_ms", "latency_p99_ms", "latency_mean_ms"})
_GAUGES = frozenset({"ready", "desired", "memory_utilization"})


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which part of the past is recorded, in whole seconds since the epoch."""

    start_s: int
    steps: int
    step_s: int
    window_s: int

    @classmethod
    def until(cls, now_s: float, range_s: int, step_s: int, window_s: int) -> Stretch:
        """The last `range_s` seconds, less half a window that is not over yet.

        Raises:
            InputError: The range has less than a few steps.
        """
        windows = max(1, -(-window_s // step_s))
        steps = range_s // step_s
        if steps < 2 * windows or steps < 4:
            raise InputError(
                f"expected a range of many steps of {step_s} s, found {span_text(range_s)}.",
                "Give a longer --range or a shorter --step.",
            )
        last_s = int(now_s) // step_s * step_s
        start_s = last_s - (steps + windows // 2) * step_s
        return cls(start_s, steps, step_s, windows * step_s)

    @property
    def end_s(self) -> int:
        """Where it ends."""
        return self.start_s + self.steps * self.step_s

    def first_s(self, gauge: bool) -> int:
        """When the value of the first step is asked for.

        A rate looks back over its window, which is put around the step.
        """
        if gauge:
            return self.start_s + self.step_s // 2
        windows = self.window_s // self.step_s
        return self.start_s + (1 + windows // 2) * self.step_s


class Recorder:
    """Asks for one series after the other, chunk by chunk.

    Args:
        prometheus: Is asked; not closed.
        settings: Query set and queries in place of its own.
        blanks: Which Deployment; their window must be the stretch's.
        clock: Limits the detection.
        report: Told how far it is.
    """

    def __init__(
        self,
        prometheus: Prometheus,
        settings: MetricsSettings,
        blanks: Blanks,
        clock: Clock,
        report: Report | None = None,
    ) -> None:
        self._prometheus = prometheus
        self._settings = settings
        self._blanks = blanks
        self._clock = clock
        self._report = report
        self._timeout_s = max(_PATIENCE_S, settings.timeout_s)
        self._done = 0.0
        self._total = 1.0

    def record(self, stretch: Stretch, *, traffic_only: bool = False) -> Recording:
        """Record a stretch; what cannot be measured is missing.

        Args:
            stretch: Which.
            traffic_only: Leave out all but the request rate and the replicas.

        Raises:
            ClusterError: Prometheus failed.
            InputError: No query for the request rate has data, or a query has an unknown blank.
        """
        plan, bounds = self._plan(stretch)
        queries = self._queries(plan)
        if traffic_only:
            queries = {name: queries[name] for name in ("rps", "ready", "desired")}
        extra = 0 if traffic_only else 2
        self._done, self._total = 0.0, float(stretch.steps * (len(queries) + extra))
        series: dict[str, Any] = {}
        for name, promql in queries.items():
            series[name] = self._series(name, promql, stretch)
        if not np.isfinite(series["ready"]).any():
            series["ready"] = self._series("ready", self._blanks.fill(RUNNING_PODS), stretch)
        if not traffic_only:
            series["startup_s"] = self._startups(stretch)
            series["cpu_request_cores"] = self._cpu_request(stretch)
            series["bounds_ms"] = bounds
        return Recording(
            source=f"{self._blanks.namespace}/{self._blanks.deployment}",
            start_s=stretch.start_s,
            step_s=stretch.step_s,
            window_s=stretch.window_s,
            slo_ms=self._blanks.slo_ms,
            **series,
        )

    def _plan(self, stretch: Stretch) -> tuple[QueryPlan, Floats]:
        """The queries of live mode, as they were found somewhere in the stretch."""
        best: QueryPlan | None = None
        moment = float(stretch.end_s)
        for share in _LOOKS:
            at_s = stretch.end_s - share * stretch.steps * stretch.step_s
            budget = Budget(self._clock, self._timeout_s)
            plan = detect(self._prometheus, self._settings, self._blanks, budget, at_s=at_s)
            if best is None or (plan.query_set is not None and best.query_set is None):
                best, moment = plan, at_s
            if plan.complete or QueryName.RPS in (self._settings.queries.model_fields_set):
                best, moment = plan, at_s
                break
        assert best is not None
        if QueryName.RPS not in best.queries:
            raise InputError(
                f"expected request metrics of {self._blanks.deployment} in Prometheus, found "
                f"{'; '.join(best.notices) or 'none'}.",
                "`rlscale-console doctor --env k8s` shows what there is; give queries of your own "
                "in the config file (metrics.queries).",
            )
        return best, self._bounds(best, moment)

    def _bounds(self, plan: QueryPlan, at_s: float) -> Floats:
        given = self._settings.queries
        own = (given.latency_p50, given.latency_p95, given.latency_p99)
        if plan.query_set is None or any(query is not None for query in own):
            return np.empty(0)
        metrics = request_metrics(plan.query_set)
        found = self._prometheus.query(
            "latency buckets", self._blanks.fill(metrics.bounds()), self._timeout_s, at_s
        )
        values = []
        for reading in found:
            try:
                values.append(float(reading.labels.get("le", "inf")))
            except ValueError:
                continue
        bounds = np.array(sorted({value for value in values if np.isfinite(value) and value > 0}))
        return bounds * (metrics.unit_s * 1000.0)

    def _queries(self, plan: QueryPlan) -> dict[str, str]:
        queries = {
            field: plan.queries[name] for name, field in _FIELDS.items() if name in plan.queries
        }
        own = self._settings.queries.latency_p50 is not None
        if plan.query_set is not None and not own:
            template = request_metrics(plan.query_set).mean()
            queries["latency_mean_ms"] = self._blanks.fill(template)
        queries["ready"] = self._blanks.fill(READY_REPLICAS)
        queries["desired"] = self._blanks.fill(DESIRED_REPLICAS)
        return queries

    def _series(self, name: str, promql: str, stretch: Stretch) -> Floats:
        values = np.full(stretch.steps, np.nan)
        first_s = stretch.first_s(name in _GAUGES)
        for begin, end in chunks(stretch.steps):
            for reading in self._ask(name, promql, first_s, begin, end, stretch.step_s):
                steps = (np.array(reading.moments_s) - first_s) / stretch.step_s
                values[np.rint(steps).astype(np.int64)] = reading.values
            self._advance(float(end - begin), name)
        values[values < 0] = np.nan
        return values * 1000.0 if name in _SECONDS else values

    def _ask(
        self, name: str, promql: str, first_s: int, begin: int, end: int, step_s: int
    ) -> Iterator[RangeReading]:
        try:
            found = self._prometheus.query_range(
                name,
                promql,
                first_s + begin * step_s,
                first_s + (end - 1) * step_s,
                step_s,
                self._timeout_s,
            )
        except ClusterError as error:
            # Too much at once for this server: half of it may be well.
            if error.problem not in _SPLITTABLE or end - begin < 2 * _FEWEST_POINTS:
                raise
            middle = (begin + end) // 2
            yield from self._ask(name, promql, first_s, begin, middle, step_s)
            yield from self._ask(name, promql, first_s, middle, end, step_s)
            return
        if len(found) > 1:
            raise ClusterError(
                f"query {name} gave {len(found)} series where one is expected.",
                "Put sum(...) around it.",
                problem=ClusterProblem.INVALID,
            )
        yield from found

    def _startups(self, stretch: Stretch) -> Floats:
        """How long each pod took, over all pods that there were."""
        shortest: dict[str, float] = {}
        promql = self._blanks.fill(STARTUP)
        for begin, end in chunks(stretch.steps):
            length_s = (end - begin) * stretch.step_s
            at_s = stretch.start_s + end * stretch.step_s
            every_s = min(_POD_STEP_S, stretch.step_s)
            query = f"min_over_time(({promql})[{length_s}s:{every_s}s])"
            for reading in self._lenient("start-up", query, at_s):
                pod = reading.labels.get("pod", "")
                if reading.value is not None and 0 <= reading.value < _LONGEST_STARTUP_S:
                    # Readiness that was lost and came back looks like a long start.
                    shortest[pod] = min(reading.value, shortest.get(pod, reading.value))
            self._advance(float(end - begin), "start-up times")
        return np.array([shortest[pod] for pod in sorted(shortest)])

    def _cpu_request(self, stretch: Stretch) -> float | None:
        query = self._blanks.fill(CPU_REQUEST)
        self._advance(float(stretch.steps), "CPU request")
        for share in _LOOKS:
            at_s = stretch.end_s - share * stretch.steps * stretch.step_s
            for reading in self._lenient("CPU request", query, at_s):
                if reading.value:
                    return reading.value
        return None

    def _lenient(self, name: str, promql: str, at_s: float) -> list[Reading]:
        """What a query gives; nothing where the server finds it too much."""
        try:
            return self._prometheus.query(name, promql, self._timeout_s, at_s)
        except ClusterError as error:
            if error.problem not in _SPLITTABLE:
                raise
            return []

    def _advance(self, points: float, name: str) -> None:
        self._done = min(self._done + points, self._total)
        if self._report is not None:
            words = name.removesuffix("_ms").removesuffix("_s").replace("_", " ")
            self._report(self._done, self._total, words)


def chunks(steps: int, largest: int = _CHUNK_POINTS) -> Iterator[tuple[int, int]]:
    """Consecutive ranges of steps, none of more than `largest`."""
    for begin in range(0, steps, largest):
        yield begin, min(begin + largest, steps)
