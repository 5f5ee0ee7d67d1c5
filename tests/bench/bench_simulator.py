"""How many decision intervals per second one core simulates.

Measured in CPU seconds, so that other processes of the machine take little away. Loading is
measured by itself: an episode of two hours is loaded once and advanced 480 times.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cluster.simulator import SimulatorBatch
from core.traffic.library import load_scenario
from core.traffic.random_scenarios import random_scenario
from core.traffic.scenario import Scenario

_CLUSTERS = 256
_WARM_UP = 20
_INTERVALS = 200
_ROUNDS = 3
_TARGET_PER_S = 200_000
_LOAD_TARGET_MS = 3.0
_UTILIZATION = 0.75


def run() -> dict[str, dict[str, Any]]:
    """Measure; the figures by name."""
    rng = np.random.default_rng(1)
    training = [random_scenario(rng) for _ in range(_CLUSTERS)]
    figures: dict[str, dict[str, Any]] = {}
    for name in ("daily-pattern", "flash-crowd", "bursty"):
        speed = intervals_per_s([load_scenario(name)] * _CLUSTERS)
        figures[f"simulator, 256 clusters, {name}"] = _speed(speed)
    speed = intervals_per_s(training)
    figures["simulator, 256 clusters, random training traffic"] = _speed(speed)
    alone = intervals_per_s(training[:1])
    figures["simulator, 1 cluster, random training traffic"] = _fact(alone, "intervals/s")
    figures["simulator, 256 clusters over 256 × 1"] = _fact(speed / alone, "times")
    load_ms = milliseconds_to_load(training)
    figures["simulator, load two hours of random training traffic"] = {
        "measured": load_ms,
        "target": f"≤ {_LOAD_TARGET_MS:g}",
        "unit": "ms",
        "ok": load_ms <= _LOAD_TARGET_MS,
    }
    return figures


def intervals_per_s(scenarios: Sequence[Scenario]) -> float:
    """Intervals per CPU second of `scale` and `advance`, all slots scaled to their traffic."""
    batch = SimulatorBatch(len(scenarios))
    best = 0.0
    for round_number in range(_ROUNDS):
        for index, scenario in enumerate(scenarios):
            batch.load(index, scenario, seed=1000 * round_number + index)
        for _ in range(_WARM_UP):
            batch.scale(_targets(batch))
            batch.advance()
        spent_s, steps = 0.0, 0
        while steps < _INTERVALS and not batch.finished.any():
            targets = _targets(batch)
            started = time.process_time()
            batch.scale(targets)
            batch.advance()
            spent_s += time.process_time() - started
            steps += 1
        best = max(best, steps * len(scenarios) / spent_s)
    return best


def milliseconds_to_load(scenarios: Sequence[Scenario]) -> float:
    """CPU time to load a slot."""
    batch = SimulatorBatch(len(scenarios))
    started = time.process_time()
    for index, scenario in enumerate(scenarios):
        batch.load(index, scenario, seed=index)
    return (time.process_time() - started) / len(scenarios) * 1000.0


def _targets(batch: SimulatorBatch) -> NDArray[np.int64]:
    """What a rate-based autoscaler wants: most slots scale in most intervals."""
    facts = batch.facts
    rps = np.nan_to_num(batch.states().rps)
    wanted = np.ceil(rps / (facts.pod_capacity_rps * _UTILIZATION))
    targets: NDArray[np.int64] = np.clip(wanted, facts.min_replicas, facts.max_replicas).astype(
        np.int64
    )
    return targets


def _speed(measured: float) -> dict[str, Any]:
    return {
        "measured": measured,
        "target": f"≥ {_TARGET_PER_S:,}",
        "unit": "intervals/s",
        "ok": measured >= _TARGET_PER_S,
    }


def _fact(measured: float, unit: str) -> dict[str, Any]:
    return {"measured": measured, "target": "-", "unit": unit, "ok": True}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2, ensure_ascii=False))
