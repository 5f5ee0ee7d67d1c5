"""Workers and service time of a pod from how latency grows with load.

First a grid of services is compared with the formulas of steady load, then the best are simulated
on recorded stretches and varied in ever smaller steps. Both by least squares of the logarithm of
p50, p95 and p99, with less weight on outliers, and every level of load counting the same.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.cluster.erlang import ErlangTable
from core.traffic.patterns import ConstantPattern
from core.traffic.scenario import Scenario, SloModel
from core.traffic.service import ServiceModel, ServiceTimeDistribution
from core.twin.blocks import Stage
from core.twin.recording import Floats
from core.twin.seen import seen_quantiles_ms
from core.twin.stationary import slower_shares

Flags = NDArray[np.bool_]
Integers = NDArray[np.int64]

_WORKERS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 50, 64, 80, 100, 128, 160, 200, 256)
_VARIATIONS = (0.1, 0.25, 0.45, 0.65, 0.85, 1.0)
_SERVICE_TIMES = np.geomspace(0.3, 1.25, 20)
"""In terms of the latency at the lowest load."""
_LOAD_BINS = 20
_STEPS_PER_BIN = 8
_WEIGHTS = np.array([1.0, 1.0, 0.5])
_OUTLIER = 0.2
"""Relative deviations beyond this count linearly."""
_AS_GOOD = 0.12
_NOISE = 2e-4
"""A loss is as good as the best if it is larger by this share of it, or by this."""
_WIDE = 1.5
"""Capacities that fit as well and differ by more than this factor were not told apart."""
_BLOCKS = 10
_ZOOMS = ((0.15, 0.06, 0.12), (0.07, 0.03, 0.06), (0.03, 0.015, 0.03))
"""By how much workers and service time (relative) and variation are varied, round by round."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service that may be the real one."""

    workers: int
    service_s: float
    variation: float

    @property
    def capacity_rps(self) -> float:
        """Of one pod."""
        return self.workers / self.service_s

    def model(self) -> ServiceModel:
        """With everything else as it is by default."""
        exponential = self.variation >= 0.995
        return ServiceModel(
            workers=self.workers,
            service_time_ms=self.service_s * 1000.0,
            service_time_distribution=ServiceTimeDistribution.EXPONENTIAL
            if exponential
            else ServiceTimeDistribution.SHIFTED_EXPONENTIAL,
            service_time_cv=1.0 if exponential else self.variation,
        )


@dataclass(frozen=True, slots=True)
class LatencyFit:
    """What latency says about a pod."""

    best: Candidate
    low_rps: float
    """Smallest per-pod capacity that fits about as well."""
    high_rps: float | None
    """Largest one; None if any larger one would do."""

    @property
    def is_wide(self) -> bool:
        """Whether the data do not tell the capacity."""
        return self.high_rps is None or self.high_rps > _WIDE * self.low_rps


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Latencies that the fit has to explain."""

    latency_ms: Floats
    """p50, p95 and p99, shape (3, steps); NaN where not measured."""
    mean_ms: Floats
    """Shape (steps,); NaN where not measured."""
    usable: Flags
    """Steps that count, shape (steps,)."""


def bare_scenario(service: ServiceModel, slo_ms: float) -> Scenario:
    """A scenario for the service alone."""
    latency_ms = max(slo_ms, 1.001 * service.service_time_ms)
    timeout_s = max(service.timeout_s, latency_ms / 1000.0)
    return Scenario(
        name="twin",
        traffic=(ConstantPattern(rps=1.0),),
        service=service.model_copy(update={"timeout_s": timeout_s}),
        slo=SloModel(latency_ms=latency_ms),
    )


def fit_latency(
    stage: Stage,
    measured: Measured,
    end: int,
    slo_ms: float,
    cpu_bound_rps: float | None = None,
    report: Callable[[float], None] | None = None,
) -> LatencyFit:
    """Find the service that explains the latencies of steps 0 … `end`.

    Args:
        stage: Traffic and pods.
        measured: What was measured on it.
        end: Where the stretch to fit ends.
        slo_ms: Of the service; does not influence the fit.
        cpu_bound_rps: Requests per second at which a pod would use all CPU that it requests; it
            decides between capacities that latency cannot tell apart. None: not known.
        report: Told which share is done.
    """
    usable = measured.usable.copy()
    usable[end:] = False
    load = stage.rps / np.maximum(stage.ready, 1.0)
    bins = _bins(load, usable)
    steady = _sample(bins, usable & _steady(stage))
    if len(steady) < 4:
        steady = _sample(bins, usable)
    grid = _grid(_reference_s(measured, load, usable))
    losses = _steady_losses(stage, measured, steady, grid, report)
    accepted, low, high = _profile(grid, losses)
    wide = high is None or high > _WIDE * low
    starts = stage.busiest(0, end, _BLOCKS)
    weight = _bin_weights(bins, usable)

    def simulated(candidates: Sequence[Candidate]) -> Floats:
        return _simulated_losses(stage, measured, weight, candidates, starts, end, slo_ms)

    if wide:
        accepted = [_undecided(accepted, cpu_bound_rps)]
    best = accepted[int(np.argmin(simulated(accepted)))]
    for number, zoom in enumerate(_ZOOMS):
        if report is not None:
            report(0.4 + 0.2 * number)
        around = _around(best, zoom, fixed_workers=wide)
        best = around[int(np.argmin(simulated(around)))]
    if report is not None:
        report(1.0)
    return LatencyFit(
        best,
        min(low, best.capacity_rps),
        None if high is None else max(high, best.capacity_rps),
    )


def _undecided(accepted: Sequence[Candidate], cpu_bound_rps: float | None) -> Candidate:
    """Which of several that latency does not tell apart."""
    if cpu_bound_rps is None:
        # Err on the side of too little capacity: of too many pods.
        return min(accepted, key=lambda one: one.capacity_rps)
    wanted = math.log(cpu_bound_rps)
    return min(accepted, key=lambda one: abs(math.log(one.capacity_rps) - wanted))


def _bins(load: Floats, usable: Flags) -> Integers:
    top = float(load[usable].max(initial=0.0)) or 1.0
    found: Integers = np.minimum(load / top * _LOAD_BINS, _LOAD_BINS - 1).astype(np.int64)
    return found


def _bin_weights(bins: Integers, usable: Flags) -> Floats:
    """Weight of each step, so that every level of load counts about the same; sums to 1."""
    counts = np.bincount(bins[usable], minlength=_LOAD_BINS).astype(np.float64)
    floor = max(1.0, 0.01 * counts.sum())
    weight = np.where(usable, 1.0 / np.maximum(counts, floor)[bins], 0.0)
    result: Floats = weight / max(float(weight.sum()), 1e-12)
    return result


def _steady(stage: Stage) -> Flags:
    """Steps around which neither pods nor traffic changed much."""
    size = stage.window_steps
    padded_ready = np.pad(stage.ready, size, mode="edge")
    padded_rps = np.pad(stage.rps, size, mode="edge")
    width = 2 * size + 1
    ready = np.lib.stride_tricks.sliding_window_view(padded_ready, width)
    rps = np.lib.stride_tricks.sliding_window_view(padded_rps, width)
    same = ready.max(axis=1) == ready.min(axis=1)
    flags: Flags = same & (rps.max(axis=1) <= 1.25 * rps.min(axis=1) + 1e-9)
    return flags


def _sample(bins: Integers, usable: Flags) -> Integers:
    picked: list[int] = []
    for number in range(_LOAD_BINS):
        members = np.flatnonzero(usable & (bins == number))
        if len(members):
            places = np.linspace(0, len(members) - 1, min(_STEPS_PER_BIN, len(members)))
            picked.extend(members[np.unique(places.astype(np.int64))].tolist())
    return np.array(sorted(picked), dtype=np.int64)


def _reference_s(measured: Measured, load: Floats, usable: Flags) -> float:
    """Latency where hardly anybody waits, the mean if it is known."""
    calm = usable & (load <= np.quantile(load[usable], 0.3))
    mean = measured.mean_ms[calm]
    mean = mean[np.isfinite(mean)]
    if len(mean):
        return float(np.median(mean)) / 1000.0
    return 1.3 * float(np.median(measured.latency_ms[0, calm])) / 1000.0


def _grid(reference_s: float) -> list[Candidate]:
    return [
        Candidate(workers, float(reference_s * factor), variation)
        for workers, factor, variation in itertools.product(_WORKERS, _SERVICE_TIMES, _VARIATIONS)
    ]


def _loss(found_ms: Floats, wanted_ms: Floats, weight: Floats) -> Floats:
    """Weighted mean of squared log ratios, linear beyond `_OUTLIER`.

    Args:
        found_ms: p50, p95 and p99 of n candidates at m steps, shape (3, m, n).
        wanted_ms: Measured, shape (3, m, 1).
        weight: Of each step, shape (m, 1).
    """
    ratio = np.log(np.maximum(found_ms, 1e-3) / np.where(wanted_ms > 0, wanted_ms, np.nan))
    squares = 2.0 * _OUTLIER**2 * (np.sqrt(1.0 + (ratio / _OUTLIER) ** 2) - 1.0)
    known = np.isfinite(squares)
    share = _WEIGHTS[:, None, None] * weight[None] * known
    total = np.where(known, squares, 0.0) * share
    losses: Floats = total.sum(axis=(0, 1)) / np.maximum(share.sum(axis=(0, 1)), 1e-12)
    return losses


def _steady_losses(
    stage: Stage,
    measured: Measured,
    steps: Integers,
    grid: Sequence[Candidate],
    report: Callable[[float], None] | None,
) -> Floats:
    table = ErlangTable()
    losses = np.empty(len(grid))
    wanted = measured.latency_ms[:, steps, None]
    weight = np.full((len(steps), 1), 1.0 / len(steps))
    at_once = len(_SERVICE_TIMES) * len(_VARIATIONS)
    for begin in range(0, len(grid), at_once):
        part = grid[begin : begin + at_once]
        slower = slower_shares(
            stage.rps[steps],
            stage.ready[steps],
            np.array([float(one.workers) for one in part]),
            np.array([one.service_s for one in part]),
            np.array([one.variation for one in part]),
            stage.bounds_s,
            table,
        )
        found = seen_quantiles_ms(slower, stage.bounds_s)
        losses[begin : begin + len(part)] = _loss(found, wanted, weight)
        if report is not None:
            report(0.35 * (begin + len(part)) / len(grid))
    return losses


def _profile(
    grid: Sequence[Candidate], losses: Floats
) -> tuple[list[Candidate], float, float | None]:
    """The best candidate for each number of workers that fits about as well as any, and bounds."""
    limit = float(losses.min()) * (1.0 + _AS_GOOD) + _NOISE
    per_workers = losses.reshape(len(_WORKERS), -1)
    size = per_workers.shape[1]
    accepted = [
        grid[row * size + int(np.argmin(values))]
        for row, values in enumerate(per_workers)
        if values.min() <= limit
    ]
    capacities = [grid[index].capacity_rps for index in np.flatnonzero(losses <= limit).tolist()]
    open_end = any(one.workers == _WORKERS[-1] for one in accepted)
    return accepted, min(capacities), None if open_end else max(capacities)


def _around(
    centre: Candidate, zoom: tuple[float, float, float], *, fixed_workers: bool
) -> list[Candidate]:
    workers_by, service_by, variation_by = zoom
    step = max(1, round(centre.workers * workers_by))
    workers: tuple[int, ...] = (centre.workers,)
    if not fixed_workers:
        workers = tuple(
            sorted({max(1, centre.workers - step), centre.workers, centre.workers + step})
        )
    variations = sorted(
        {min(1.0, max(0.05, centre.variation + d)) for d in (-variation_by, 0.0, variation_by)}
    )
    # With other workers the capacity stays about the same, or the service time does.
    times = {
        (count, centre.service_s * scale * share)
        for count in workers
        for share in {1.0, count / centre.workers}
        for scale in (1.0 - service_by, 1.0, 1.0 + service_by)
    }
    return [Candidate(count, time, cv) for count, time in sorted(times) for cv in variations]


def _simulated_losses(
    stage: Stage,
    measured: Measured,
    weight: Floats,
    candidates: Sequence[Candidate],
    starts: Sequence[int],
    end: int,
    slo_ms: float,
) -> Floats:
    scenarios = [bare_scenario(one.model(), slo_ms) for one in candidates]
    found, step = stage.play(scenarios, starts, end)
    inside = np.where(step >= 0, weight[step], 0.0)
    wanted = measured.latency_ms[:, step]
    shape = (3, len(step), len(candidates), len(starts))
    latency = found.latency_ms.reshape(shape).transpose(0, 1, 3, 2)
    flat = latency.reshape(3, -1, len(candidates))
    return _loss(flat, wanted.reshape(3, -1, 1), inside.reshape(-1, 1))
