"""Random traffic in relative units: the pieces that random scenarios are put together from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.traffic.patterns import (
    AdditivePattern,
    BurstsPattern,
    ConstantPattern,
    DiurnalPattern,
    FlashCrowdPattern,
    PeriodicBatchPattern,
    RampPattern,
    SpikePattern,
    StepPattern,
)

Builder = Callable[[float], tuple[AdditivePattern, ...]]


@dataclass(frozen=True, slots=True)
class TrafficDraft:
    """A piece of traffic in units of a base rate that is not yet known."""

    family: str
    """What it is, in a word or two."""
    build: Builder
    """Makes the patterns for a base rate."""
    mean: float
    """Mean over the episode, in units of the base rate."""
    peak: float
    """Highest rate, in units of the base rate; for random bursts a typical high one."""


Maker = Callable[[np.random.Generator, float], TrafficDraft]


def draft_base(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    """Draw the traffic that is always there: steady, waves, ramps or regimes."""
    return _choose(rng, _BASES)(rng, episode_s)


def draft_extra(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    """Draw something on top: spikes, flash crowds, batches, bursts or a second wave."""
    return _choose(rng, _EXTRAS)(rng, episode_s)


def draft_steady(*_: object) -> TrafficDraft:
    """One level."""
    return TrafficDraft("steady", lambda unit: (ConstantPattern(rps=unit),), 1.0, 1.0)


def draft_waves(rng: np.random.Generator, *_: object) -> TrafficDraft:
    """Draw waves of minutes to hours."""
    low = rng.uniform(0.15, 0.8)
    period_s = log_uniform(rng, 900.0, 14_400.0)
    peak_at_s = rng.uniform(0.0, period_s)
    sharpness = log_uniform(rng, 0.6, 4.0)
    # The mean of ((1 + cos x) / 2)^p over a period is Γ(p + ½) / (√π Γ(p + 1)).
    wave_mean = math.gamma(sharpness + 0.5) / (math.sqrt(math.pi) * math.gamma(sharpness + 1.0))
    build = wave_builder(low, period_s, peak_at_s, sharpness)
    return TrafficDraft("waves", build, low + (1.0 - low) * wave_mean, 1.0)


def wave_builder(low: float, period_s: float, peak_at_s: float, sharpness: float) -> Builder:
    """What makes a wave between `low` and 1 of a base rate."""
    return lambda unit: (
        DiurnalPattern(
            low_rps=low * unit,
            high_rps=unit,
            period_s=period_s,
            peak_at_s=peak_at_s,
            sharpness=sharpness,
        ),
    )


def _ramps(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    """Levels that are joined by straight lines."""
    count = int(rng.integers(1, 5))
    levels = np.exp(rng.uniform(-1.2, 0.0, count + 1))
    edges = np.sort(rng.uniform(0.0, episode_s, count))
    lengths = np.exp(rng.uniform(math.log(60.0), math.log(2400.0), count))

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        first: AdditivePattern = ConstantPattern(rps=float(levels[0]) * unit)
        return (
            first,
            *(
                RampPattern(
                    from_rps=0.0,
                    to_rps=float(levels[i + 1] - levels[i]) * unit,
                    start_s=float(edges[i]),
                    duration_s=float(lengths[i]),
                )
                for i in range(count)
            ),
        )

    return TrafficDraft("ramps", build, float(levels.mean()), float(levels.max()))


def _regimes(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    """Levels that change from one second to the next, now and then."""
    count = int(rng.integers(2, 7))
    levels = np.exp(rng.uniform(-1.0, 0.0, count))
    edges = np.concatenate([[0.0], np.sort(rng.uniform(0.0, episode_s, count - 1))])
    widths = np.diff(edges, append=episode_s)

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        return tuple(
            StepPattern(at_s=at_s, rps=level * unit, duration_s=width)
            for at_s, level, width in zip(
                edges.tolist(), levels.tolist(), widths.tolist(), strict=True
            )
            if width > 0.0
        )

    return TrafficDraft("regimes", build, float(levels @ widths) / episode_s, float(levels.max()))


def _spikes(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    count = int(rng.integers(1, 7))
    heights = [log_uniform(rng, 0.1, 1.5) for _ in range(count)]
    shapes = [
        (
            rng.uniform(0.0, episode_s - 300.0),
            log_uniform(rng, 1.0, 120.0),
            log_uniform(rng, 5.0, 400.0),
            log_uniform(rng, 1.0, 120.0),
        )
        for _ in range(count)
    ]

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        return tuple(
            SpikePattern(at_s=at_s, rps=height * unit, rise_s=rise_s, hold_s=hold_s, fall_s=fall_s)
            for height, (at_s, rise_s, hold_s, fall_s) in zip(heights, shapes, strict=True)
        )

    mean = sum(
        height * (0.5 * rise_s + hold_s + 0.5 * fall_s)
        for height, (_, rise_s, hold_s, fall_s) in zip(heights, shapes, strict=True)
    )
    return TrafficDraft("spikes", build, mean / episode_s, max(heights))


def _flash_crowds(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    count = int(rng.integers(1, 5))
    heights = [log_uniform(rng, 0.3, 2.0) for _ in range(count)]
    shapes = [
        (
            rng.uniform(0.0, episode_s - 300.0),
            log_uniform(rng, 2.0, 180.0),
            log_uniform(rng, 20.0, 600.0),
            log_uniform(rng, 30.0, 600.0),
        )
        for _ in range(count)
    ]

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        return tuple(
            FlashCrowdPattern(
                at_s=at_s, rps=height * unit, rise_s=rise_s, hold_s=hold_s, half_life_s=half_life_s
            )
            for height, (at_s, rise_s, hold_s, half_life_s) in zip(heights, shapes, strict=True)
        )

    mean = sum(
        height * (0.5 * rise_s + hold_s + half_life_s / math.log(2.0))
        for height, (_, rise_s, hold_s, half_life_s) in zip(heights, shapes, strict=True)
    )
    return TrafficDraft("flash crowds", build, mean / episode_s, max(heights))


def _batches(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    height = log_uniform(rng, 0.1, 1.0)
    every_s = log_uniform(rng, 90.0, 1800.0)
    share = rng.uniform(0.05, 0.45)
    first_at_s = rng.uniform(0.0, every_s)
    jitter_s = rng.uniform(0.0, 0.2) * every_s if rng.random() < 0.5 else 0.0

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        return (
            PeriodicBatchPattern(
                rps=height * unit,
                every_s=every_s,
                duration_s=share * every_s,
                first_at_s=first_at_s,
                jitter_s=jitter_s,
            ),
        )

    return TrafficDraft("batches", build, height * share, height)


def _bursts(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    height = log_uniform(rng, 0.1, 1.0)
    on_s = log_uniform(rng, 1.0, 90.0)
    off_s = log_uniform(rng, 5.0, 400.0)
    spread = rng.uniform(0.0, 0.8)

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        return (BurstsPattern(rps=height * unit, on_s=on_s, off_s=off_s, spread=spread),)

    return TrafficDraft("bursts", build, height * on_s / (on_s + off_s), height * math.exp(spread))


_BASES: tuple[tuple[float, Maker], ...] = (
    (0.2, draft_steady),
    (0.35, draft_waves),
    (0.2, _ramps),
    (0.25, _regimes),
)

_EXTRAS: tuple[tuple[float, Maker], ...] = (
    (0.25, _spikes),
    (0.2, _flash_crowds),
    (0.2, _batches),
    (0.25, _bursts),
    (0.1, draft_waves),
)


def _choose(rng: np.random.Generator, table: tuple[tuple[float, Maker], ...]) -> Maker:
    """A maker, drawn by the weights of the table, which add up to 1."""
    left = rng.random()
    for weight, maker in table:
        left -= weight
        if left < 0.0:
            return maker
    return table[-1][1]


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A value in [low, high) whose logarithm is uniform."""
    return math.exp(rng.uniform(math.log(low), math.log(high)))
