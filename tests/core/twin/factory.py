"""Histories of services that are known, made by the simulator and seen as Prometheus sees them."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.cluster.simulator import SimulatorBatch
from core.traffic.scenario import Scenario
from core.twin.recording import Recording

SLO_MS = 250.0
STEP_S = 15
START_S = 1_780_000_000

_FIELDS = (
    "rps",
    "latency_p50_ms",
    "latency_p95_ms",
    "latency_p99_ms",
    "cpu_utilization",
    "memory_utilization",
)


def scenario(hours: float, peak_rps: float = 260.0, **service: Any) -> Scenario:
    """A day's curve in the given time, with noise and bursts."""
    length = int(hours * 3600)
    return Scenario.model_validate(
        {
            "name": "truth",
            "traffic": [
                {
                    "kind": "diurnal",
                    "low_rps": 0.15 * peak_rps,
                    "high_rps": peak_rps,
                    "period_s": length / 3,
                },
                {"kind": "ar-noise", "sigma": 0.08, "correlation_s": 300},
            ],
            "service": {"startup_median_s": 40.0, "startup_sigma": 0.3, **service},
            "slo": {"latency_ms": SLO_MS},
            "metrics": {"delay_s": 0.0, "window_s": STEP_S},
            "duration_s": length,
            "interval_s": STEP_S,
        }
    )


def record(truth: Scenario, utilization: float = 0.65, seed: int = 1) -> Recording:
    """Live through a scenario with a lazy autoscaler, and keep what was measured."""
    batch = SimulatorBatch(1, STEP_S)
    batch.load(0, truth, seed)
    facts = truth.facts
    columns: dict[str, list[float]] = {name: [] for name in (*_FIELDS, "ready", "desired")}
    wanted = int(batch.states().replicas_desired[0])
    ready_before = float(batch.states().replicas_ready[0])
    step = 0
    while not batch.finished[0]:
        states = batch.states()
        if step % 8 == 0:
            needed = float(states.rps[0]) / (facts.pod_capacity_rps * utilization)
            wanted = int(np.clip(np.ceil(needed), facts.min_replicas, facts.max_replicas))
        batch.scale(np.array([wanted]))
        states = batch.advance()
        for name in _FIELDS:
            columns[name].append(float(getattr(states, name)[0]))
        # The gauge in the middle of the step, about.
        columns["ready"].append(ready_before)
        ready_before = float(states.replicas_ready[0])
        columns["desired"].append(float(wanted))
        step += 1
    series: dict[str, Any] = {name: np.array(values) for name, values in columns.items()}
    return Recording(
        source="shop/web",
        start_s=START_S,
        step_s=STEP_S,
        window_s=STEP_S,
        slo_ms=SLO_MS,
        **series,
    )
