"""The simulator beside the discrete-event simulation, case by case.

`python -m tests.core.cluster.validation` prints the table of docs/simulator.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.traffic.patterns import AdditivePattern, ConstantPattern
from core.traffic.workload import rates_per_second
from tests.core.cluster.discrete_events import Journal, serve_first_come_first_served
from tests.core.cluster.factory import play, scenario_of, spike

_SERVICE_S: Final = 0.035
_SLO_S: Final = 0.25

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both simulations say about one case."""

    case: str
    simulator: tuple[float, ...]
    """Quantiles in ms, or whatever `case` names."""
    discrete_events: tuple[float, ...]

    @property
    def largest_error(self) -> float:
        """Largest relative difference."""
        pairs = zip(self.simulator, self.discrete_events, strict=True)
        return max(abs(found / expected - 1.0) for found, expected in pairs)


def exponential(rng: np.random.Generator, count: int) -> Floats:
    """Service times of the default service, in seconds."""
    return rng.exponential(_SERVICE_S, count)


def shifted_exponential(variation: float) -> Callable[[np.random.Generator, int], Floats]:
    """Service times with a fixed part."""

    def draw(rng: np.random.Generator, count: int) -> Floats:
        fixed = _SERVICE_S * (1.0 - variation)
        return fixed + rng.exponential(_SERVICE_S * variation, count)

    return draw


def stationary(
    servers: int, utilization: float, requests: int = 100_000, variation: float = 1.0
) -> Comparison:
    """p50, p95 and p99 at a constant load."""
    rate = utilization * servers / _SERVICE_S
    seconds = int(requests / rate) + 60
    draw = exponential if variation == 1.0 else shifted_exponential(variation)
    journal = serve_first_come_first_served(
        np.full(seconds, rate),
        np.full(seconds, servers),
        draw,
        60.0,
        np.random.default_rng(1),
    )
    service = {"workers": 1, "timeout_s": 60.0, "service_time_cv": variation}
    states, _ = play(scenario_of(rate, pods=servers, duration_s=75, service=service))
    state = states[-1]
    label = f"c = {servers}, ρ = {utilization:g}" + (
        "" if variation == 1.0 else f", cv = {variation:g}"
    )
    assert state.latency_p50_ms is not None
    assert state.latency_p95_ms is not None
    assert state.latency_p99_ms is not None
    return Comparison(
        label,
        (state.latency_p50_ms, state.latency_p95_ms, state.latency_p99_ms),
        tuple(journal.quantiles_ms(30.0, float(seconds))),
    )


def _both(
    traffic: Sequence[AdditivePattern],
    servers: int,
    duration_s: int,
    timeout_s: float,
    repetitions: int,
    added: int = 0,
    added_at_s: int = 0,
) -> tuple[list[tuple[float, float]], float, float, list[Journal]]:
    """Interval ends with p95, failed and violating shares, and the same played by events."""
    service = {
        "workers": 1,
        "timeout_s": timeout_s,
        "startup_median_s": 15.0,
        "startup_sigma": 0.0,
    }
    scenario = scenario_of(traffic, pods=servers, duration_s=duration_s, service=service)
    states, simulated = play(
        scenario,
        decide=lambda state: servers + (added if state.time_s >= added_at_s else 0),
    )
    rates = rates_per_second(scenario, np.random.default_rng(0))
    counts = np.full(duration_s, servers)
    if added:
        counts[added_at_s + 15 :] += added
    journals = [
        serve_first_come_first_served(
            rates, counts, exponential, timeout_s, np.random.default_rng(seed)
        )
        for seed in range(repetitions)
    ]
    totals = simulated.totals
    tails = [(state.time_s, state.latency_p95_ms or 0.0) for state in states[1:]]
    return (
        tails,
        totals.failed_requests / totals.arrived_requests,
        totals.violations / totals.arrived_requests,
        journals,
    )


def overload_peak(servers: int, factor: float = 1.3, hold_s: int = 60) -> Comparison:
    """Largest p95 of an interval around a spike, without a timeout in reach."""
    capacity = servers / _SERVICE_S
    traffic: list[AdditivePattern] = [
        ConstantPattern(rps=0.7 * capacity),
        spike((factor - 0.7) * capacity, 60.0, float(hold_s)),
    ]
    tails, _, _, journals = _both(traffic, servers, 60 + hold_s + 60, 60.0, repetitions=3)
    peaks = [
        max(journal.quantiles_ms(time_s - 15.0, time_s)[1] for time_s, _ in tails)
        for journal in journals
    ]
    return Comparison(
        f"c = {servers}, {hold_s} s of {factor:g} × capacity: peak p95",
        (max(p95 for _, p95 in tails),),
        (float(np.mean(peaks)),),
    )


def short_overload(servers: int, factor: float, hold_s: int) -> Comparison:
    """Share of all requests that violate the SLO around a short burst."""
    capacity = servers / _SERVICE_S
    traffic: list[AdditivePattern] = [
        ConstantPattern(rps=0.6 * capacity),
        spike((factor - 0.6) * capacity, 30.0, float(hold_s)),
    ]
    _, _, violations, journals = _both(traffic, servers, 120, 10.0, repetitions=8)
    expected = [journal.violation_ratio(0.0, 120.0, _SLO_S) for journal in journals]
    return Comparison(
        f"c = {servers}, {hold_s} s of {factor:g} × capacity: share over the SLO",
        (violations,),
        (float(np.mean(expected)),),
    )


def giving_up(factor: float, added: int) -> Comparison:
    """Shares that fail and that violate the SLO, with a timeout of 10 s and perhaps more pods."""
    servers = 20
    capacity = servers / _SERVICE_S
    traffic: list[AdditivePattern] = [
        ConstantPattern(rps=0.7 * capacity),
        spike((factor - 0.7) * capacity, 60.0, 60.0),
    ]
    _, failed, violations, journals = _both(
        traffic, servers, 240, 10.0, repetitions=2, added=added, added_at_s=90
    )
    helped = f", {added} pods after 45 s" if added else ""
    return Comparison(
        f"c = {servers}, 60 s of {factor:g} × capacity{helped}: shares failed, over the SLO",
        (failed, violations),
        (
            float(np.mean([journal.failed.mean() for journal in journals])),
            float(np.mean([journal.violation_ratio(0.0, 240.0, _SLO_S) for journal in journals])),
        ),
    )


STATIONARY: Final = (
    (4, 0.5, 100_000),
    (4, 0.9, 500_000),
    (10, 0.8, 100_000),
    (20, 0.7, 100_000),
    (50, 0.9, 200_000),
)
"""Servers, utilisation, and requests that are enough for quantiles within two percent."""


def main() -> None:
    """Print the table."""
    comparisons = [
        *(stationary(*case) for case in STATIONARY),
        stationary(10, 0.8, variation=0.5),
        *(overload_peak(servers) for servers in (4, 20, 50)),
        *(short_overload(20, factor, hold_s) for factor in (1.05, 1.2) for hold_s in (5, 15, 60)),
        giving_up(1.5, 0),
        giving_up(2.5, 0),
        giving_up(2.5, 30),
    ]
    print("| case | simulator | discrete events | largest difference |")
    print("|---|---|---|---|")
    for one in comparisons:
        ours, theirs = (
            " / ".join(f"{value:.0f}" if value >= 10.0 else f"{value:.4f}" for value in values)
            for values in (one.simulator, one.discrete_events)
        )
        print(f"| {one.case} | {ours} | {theirs} | {one.largest_error:.1%} |")


if __name__ == "__main__":
    main()
