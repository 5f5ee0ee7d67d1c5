"""Recorded traffic on recorded pods through the simulator's service, with any service model.

Nothing is scaled here: how many pods were ready is known from the recording, so that what is
compared is the model of the service alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cluster.response import ResponseTime, survival
from core.cluster.services import Services
from core.cluster.telemetry import Sample
from core.traffic.scenario import Scenario
from core.twin.recording import Floats
from core.twin.seen import seen_quantiles_ms

Integers = NDArray[np.int64]

_AT_ONCE_S = 600
"""Simulated in one go; bounds the memory."""


@dataclass(frozen=True, slots=True, eq=False)
class Simulated:
    """What would have been measured, shape (steps, n) each, over the windows of the recording."""

    latency_ms: Floats
    """p50, p95 and p99 as a histogram with the given bounds shows them, shape (3, steps, n)."""
    busy: Floats
    """Share of the ready pods' capacity in use."""
    violation_ratio: Floats


def replay(
    scenarios: Sequence[Scenario],
    rps: Floats,
    ready: Floats,
    step_s: int,
    window_steps: int,
    bounds_s: Floats,
) -> Simulated:
    """Play stretches of a recording, each with a service of its own.

    Arrivals are the expected ones: what chance does to latency is in the formulas.

    Args:
        scenarios: Service and SLO of each of n columns.
        rps: Requests per second of each step, shape (steps, n).
        ready: Ready pods of each step, same shape.
        step_s: Length of a step.
        window_steps: Over how many steps around each one it is measured.
        bounds_s: Of the histogram, shape (b,).
    """
    steps, size = rps.shape
    services = Services(size)
    for index, scenario in enumerate(scenarios):
        services.load(
            index, scenario, _bearable(scenario, rps[0, index], ready[0, index]), ready[0, index]
        )
    timeout = np.array([one.service.timeout_s for one in scenarios])
    capacity = np.array([one.service.pod_capacity_rps for one in scenarios])
    spread_s = np.array(
        [one.service.service_time_ms / 1000.0 * one.service.service_time_cv for one in scenarios]
    )
    patient = _arrived_within(rps, timeout, step_s)
    sums = np.zeros((steps, size, 4 + len(bounds_s)))
    at_once = max(1, _AT_ONCE_S // step_s)
    for begin in range(0, steps, at_once):
        end = min(begin + at_once, steps)
        ticks = (end - begin) * step_s
        samples = np.zeros((len(Sample), ticks, size))
        rates = np.repeat(rps[begin:end], step_s, axis=0)
        services.serve(
            rates,
            rates,
            np.repeat(patient[begin:end], step_s, axis=0),
            np.repeat(ready[begin:end], step_s, axis=0),
            None,
            None,
            samples,
        )
        _add_up(sums[begin:end], samples, step_s, bounds_s, spread_s)
    around = _windows(sums, window_steps)
    arrived = np.maximum(around[:, :, 0], 1e-12)
    slower = np.minimum(around[:, :, 4:] / arrived[:, :, None], 1.0)
    return Simulated(
        latency_ms=seen_quantiles_ms(slower, bounds_s),
        busy=np.minimum(around[:, :, 1] / np.maximum(around[:, :, 2] * capacity, 1e-12), 1.0),
        violation_ratio=np.minimum(around[:, :, 3] / arrived, 1.0),
    )


def _bearable(scenario: Scenario, rps: float, ready: float) -> float:
    return min(rps, 0.999 * ready * scenario.service.pod_capacity_rps)


def _arrived_within(rps: Floats, timeout_s: Floats, step_s: int) -> Floats:
    """Expected requests of the last `timeout_s` up to the end of each step, shape (steps, n)."""
    total = np.concatenate([np.zeros((1, rps.shape[1])), np.cumsum(rps, axis=0)]) * step_s
    ends = np.arange(1, len(rps) + 1, dtype=np.float64) * step_s
    known = np.arange(len(total), dtype=np.float64) * step_s
    within = np.empty_like(rps)
    for column in range(rps.shape[1]):
        begin = ends - timeout_s[column]
        before = np.interp(begin, known, total[:, column])
        before += np.minimum(begin, 0.0) * rps[0, column]
        within[:, column] = total[1:, column] - before
    return within


def _add_up(sums: Floats, samples: Floats, step_s: int, bounds_s: Floats, spread_s: Floats) -> None:
    """Add the ticks of each step up: arrived, served, ready, violations, slower than each bound."""

    def per_step(values: Floats) -> Floats:
        total: Floats = values.reshape(len(sums), step_s, -1).sum(axis=1)
        return total

    arrivals, answered = samples[Sample.ARRIVALS], samples[Sample.ANSWERED]
    for place, sample in enumerate(
        (Sample.ARRIVALS, Sample.SERVED, Sample.READY, Sample.VIOLATIONS)
    ):
        sums[:, :, place] = per_step(samples[sample])
    law = ResponseTime(
        samples[Sample.FIRST], samples[Sample.LAST], samples[Sample.RATE], samples[Sample.WEIGHT]
    )
    fixed = samples[Sample.FIXED]
    refused = arrivals - answered
    for place, bound in enumerate(bounds_s):
        left = bound / spread_s - fixed
        slower = np.where(left > 0.0, survival(law, np.maximum(left, 0.0)), 1.0)
        # Refused requests fail at once; those who give up have waited longer than most bounds.
        sums[:, :, 4 + place] = per_step(slower * answered + refused)


def _windows(sums: Floats, window: int) -> Floats:
    """Sums over the steps k − (window − 1) // 2 … k + window // 2 that there are."""
    if window <= 1:
        return sums
    steps = len(sums)
    total = np.concatenate([np.zeros((1, *sums.shape[1:])), np.cumsum(sums, axis=0)])
    index = np.arange(steps)
    first = np.maximum(index - (window - 1) // 2, 0)
    last = np.minimum(index + window // 2 + 1, steps)
    result: Floats = total[last] - total[first]
    return result
