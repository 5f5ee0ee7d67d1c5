"""Two schedules of replicas on the same traffic in a twin: what was, and what was advised."""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.agents.guarded import GuardedBatch
from core.cluster.simulator import SimulatorBatch
from core.latency import LatencyMixture
from core.state import DeploymentFacts
from core.traffic.patterns import TracePattern
from core.traffic.scenario import ClusterModel, GuardrailSettings, Scenario
from core.twin.recording import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Schedule:
    """Decisions of a run, shape (n,) each."""

    time_s: Floats
    """Ascending; each interval ends at one."""
    rps: Floats
    """Mean over the interval that ends there."""
    desired: Floats
    """Replicas that were asked for then."""
    wanted: Floats
    """What the policy advised for the next interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one schedule in the twin."""

    pod_hours: float
    churn: float
    slo_violation_ratio: float
    latency_p95_ms: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """Both."""

    actual: Outcome
    advised: Outcome
    begin_s: float
    interval_s: int
    advised_replicas: Floats
    """As the guardrails let them through, one per interval."""

    def advised_at(self, time_s: Floats) -> Floats:
        """Advised replicas at moments of the run, after guardrails."""
        index = ((time_s - self.begin_s) / self.interval_s + 1e-6).astype(np.int64)
        found: Floats = self.advised_replicas[np.clip(index, 0, len(self.advised_replicas) - 1)]
        return found


def play_schedules(
    schedule: Schedule, twin: Scenario, facts: DeploymentFacts, guardrails: GuardrailSettings
) -> Played:
    """Play what happened and what was advised in the twin.

    What happened counts from the beginning of the interval in which it was seen, which favours it
    a little. What was advised passes the guardrails of the run first.

    Args:
        schedule: At least two decisions.
        twin: The service.
        facts: Limits and interval of the run.
        guardrails: Of the run.
    """
    interval_s = max(1, round(facts.interval_s))
    begin_s = float(schedule.time_s[0])
    count = max(1, math.floor((float(schedule.time_s[-1]) - begin_s) / interval_s + 1e-6))
    ends = begin_s + interval_s * np.arange(1, count + 1)
    last = len(schedule.time_s) - 1
    seen = np.clip(np.searchsorted(schedule.time_s, ends - 1e-6), 0, last)
    decided = np.searchsorted(schedule.time_s, ends - interval_s + 1e-6, side="right") - 1
    actual = np.clip(schedule.desired[seen], 1, None)
    advised = schedule.wanted[np.clip(decided, 0, last)]
    with tempfile.TemporaryDirectory(prefix="rlscale-") as folder:
        path = Path(folder) / "traffic.csv"
        rates = schedule.rps[seen]
        _write(path, rates, interval_s)
        scenario = _scenario(twin, path, facts, guardrails, interval_s, count, actual, schedule)
        real, shadow = SimulatorBatch(1, interval_s), SimulatorBatch(1, interval_s)
        for batch in (real, shadow):
            batch.load(0, scenario, scenario.seed)
    guarded = GuardedBatch(shadow, [scenario])
    latencies = LatencyMixture(), LatencyMixture()
    let_through = np.empty(count)
    churns, before = np.zeros(2), np.full(2, float(schedule.desired[0]))
    for index in range(count):
        real.scale(np.array([int(actual[index])]))
        states = real.advance(), guarded.step(np.array([int(advised[index])]))
        let_through[index] = float(states[1].replicas_desired[0])
        now = np.array([float(one.replicas_desired[0]) for one in states])
        churns += np.abs(now - before)
        before = now
        for mixture, one in zip(latencies, states, strict=True):
            mixture.add(
                one.rps * interval_s, one.latency_p50_ms, one.latency_p95_ms, one.latency_p99_ms
            )
    outcomes = [
        _outcome(batch, churn, mixture)
        for batch, churn, mixture in zip((real, shadow), churns, latencies, strict=True)
    ]
    return Played(outcomes[0], outcomes[1], begin_s, interval_s, let_through)


def _outcome(batch: SimulatorBatch, churn: float, mixture: LatencyMixture) -> Outcome:
    totals = batch.totals(0)
    p95 = mixture.quantile_ms(0.95)
    return Outcome(
        pod_hours=totals.pod_seconds / 3600.0,
        churn=float(churn),
        slo_violation_ratio=totals.violations / max(totals.arrived_requests, 1.0),
        latency_p95_ms=None if math.isnan(p95) else p95,
    )


def _write(path: Path, rates: Floats, interval_s: int) -> None:
    rows = [f"{index * interval_s},{max(rate, 0.0):.6g}" for index, rate in enumerate(rates)]
    rows.append(f"{len(rates) * interval_s},{max(float(rates[-1]), 0.0):.6g}")
    path.write_text("t_seconds,rps\n" + "\n".join(rows) + "\n", encoding="utf-8")


def _scenario(
    twin: Scenario,
    path: Path,
    facts: DeploymentFacts,
    guardrails: GuardrailSettings,
    interval_s: int,
    count: int,
    actual: Floats,
    schedule: Schedule,
) -> Scenario:
    """The twin with this traffic, and with room for what happened."""
    start = max(1, int(schedule.desired[0]))
    most = max(facts.max_replicas, int(actual.max()), start)
    least = min(facts.min_replicas, start)
    metrics = twin.metrics.model_copy(
        update={"window_s": max(twin.metrics.window_s, float(interval_s))}
    )
    return twin.model_copy(
        update={
            "traffic": (TracePattern(path=path, repeat=False),),
            "faults": (),
            "interval_s": interval_s,
            "duration_s": count * interval_s,
            "metrics": metrics,
            "guardrails": guardrails,
            "cluster": ClusterModel(min_replicas=least, max_replicas=most, initial_replicas=start),
        }
    )
