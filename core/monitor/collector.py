"""A run in the words of Prometheus, read from its file at every scrape."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from core.cluster.guardrails import GUARDRAIL_NAMES, guardrails_in
from core.runs.reader import RunReader
from core.runs.records import RunStatus, Scaling
from core.state import Actor, ControlMode, Step

_BLOCK: Final = 10_000
"""Rows that are counted in one query."""
_OUTCOMES: Final = {True: "accepted", False: "refused", None: "in_doubt"}
_MEASURED: Final = (
    ("rps", "requests_per_second", "Requests per second of the service.", 1.0),
    ("latency_p95_ms", "latency_p95_seconds", "95th percentile of the response time.", 1e-3),
    ("slo_violation_ratio", "slo_violation_ratio", "Share of requests over the SLO or failed.", 1),
)
"""Fields of the state that are given on, each with its name, help and factor."""


class RunCollector(Collector):
    """Counts what the run's file says; only rows that are new since the last scrape are read.

    Counters cover finished intervals: the newest decision may still be amended by an override.

    Args:
        reader: Of the run; not closed by this.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._guard = threading.Lock()
        self._counted_step = -1
        self._scaling = 0
        self._actors: Counter[str] = Counter({actor.value: 0 for actor in Actor})
        self._reasons: Counter[str] = Counter(dict.fromkeys(GUARDRAIL_NAMES.values(), 0))
        self._outcomes: Counter[str] = Counter(dict.fromkeys(_OUTCOMES.values(), 0))

    def collect(self) -> Iterable[Metric]:
        """Everything, as of now.

        Raises:
            RunError: The file cannot be read.
        """
        with self._guard:
            # One scrape after the other: two at once would count the same rows twice.
            return list(self._families())

    def _families(self) -> Iterator[Metric]:
        status, last = self._reader.status(), self._reader.last_step()
        yield self._identity()
        yield from _control(status)
        yield from self._counters(last)
        if last >= 0:
            yield from _newest(self._reader.step(last))

    def _identity(self) -> Metric:
        info = self._reader.info()
        family = InfoMetricFamily("rlscale_run", "What runs.")
        family.add_metric(
            (),
            {
                "run": info.run_id,
                "environment": info.environment.split(" ", 1)[0],
                "target": info.target,
                "policy": info.policy,
                "version": info.program_version,
            },
        )
        return family

    def _counters(self, last: int) -> Iterator[Metric]:
        self._count_steps(last - 1)
        self._count_scalings()
        yield _counted("decisions", "Who set the target.", "actor", self._actors)
        yield _counted(
            "guardrail_interventions",
            "Decisions that a guardrail changed or vetoed; one may have several reasons.",
            "reason",
            self._reasons,
        )
        yield _counted("scalings", "Calls that change replicas.", "outcome", self._outcomes)

    def _count_steps(self, last: int) -> None:
        while self._counted_step < last:
            first = self._counted_step + 1
            upto = min(last, first + _BLOCK - 1)
            for actor, guardrail in self._reader.raw_steps(("actor", "guardrail"), first, upto):
                self._actors[actor] += 1
                self._reasons.update(GUARDRAIL_NAMES[flag] for flag in guardrails_in(guardrail))
            self._counted_step = upto

    def _count_scalings(self) -> None:
        newest: Scaling | None = None
        while rows := self._reader.scalings_after(newest.id if newest else self._scaling, _BLOCK):
            for row in rows:
                self._count_scaling(newest)
                newest = row
        # The answer to the newest may still be on its way; that of an older one is overtaken.
        if newest is not None and newest.accepted is not None:
            self._count_scaling(newest)

    def _count_scaling(self, scaling: Scaling | None) -> None:
        if scaling is not None:
            self._outcomes[_OUTCOMES[scaling.accepted]] += 1
            self._scaling = scaling.id


def _counted(name: str, text: str, label: str, counts: Counter[str]) -> Metric:
    family = CounterMetricFamily(f"rlscale_{name}", text, labels=(label,))
    for value, count in counts.items():
        family.add_metric((value,), count)
    return family


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"rlscale_{name}", text, value=value)


def _control(status: RunStatus) -> Iterator[Metric]:
    modes = GaugeMetricFamily("rlscale_mode", "1 for the control mode.", labels=("mode",))
    for mode in ControlMode:
        modes.add_metric((mode.value,), float(mode is status.mode))
    yield modes
    yield _gauge("degraded", "1 while decisions are degraded.", bool(status.degraded))
    pinned = status.override_target
    yield _gauge("override", "1 while an operator has pinned the replicas.", pinned is not None)
    if pinned is not None:
        yield _gauge("override_replicas", "Replicas that are pinned.", pinned)


def _newest(step: Step) -> Iterator[Metric]:
    state, decision = step.state, step.decision
    yield _gauge("last_decision_timestamp_seconds", "Time of the newest one.", step.wall_time)
    yield _gauge("replicas_desired", "Desired before the newest decision.", state.replicas_desired)
    yield _gauge("replicas_ready", "Serving.", state.replicas_ready)
    yield _gauge("replicas_starting", "Not yet serving.", state.replicas_starting)
    yield _gauge("policy_target_replicas", "What the policy wants.", decision.target)
    yield _gauge("target_replicas", "What mode and guardrails make of it.", step.target)
    yield _gauge("metrics_age_seconds", "Age of the newest sample.", state.metrics_age_s)
    reward = GaugeMetricFamily("rlscale_reward", "Of the newest interval.", labels=("component",))
    for name in ("slo", "cost", "churn", "error"):
        reward.add_metric((name,), getattr(step.reward, name))
    yield reward
    for field, name, text, factor in _MEASURED:
        value = getattr(state, field)
        # What could not be measured is left out, never 0.
        if value is not None:
            yield _gauge(f"observed_{name}", text, value * factor)
