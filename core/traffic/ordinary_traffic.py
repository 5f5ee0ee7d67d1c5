"""The traffic of an ordinary day in relative units: slow waves, now and then something small."""

from __future__ import annotations

import numpy as np

from core.traffic.patterns import (
    AdditivePattern,
    ArNoisePattern,
    PeriodicBatchPattern,
    SpikePattern,
)
from core.traffic.random_traffic import (
    TrafficDraft,
    draft_steady,
    draft_waves,
    log_uniform,
    wave_builder,
)


def draft_ordinary(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    """Draw part of a day, rarely a level or a faster wave."""
    kind = rng.random()
    if kind < 0.7:
        return _day(rng, episode_s)
    return draft_steady() if kind < 0.85 else draft_waves(rng)


def draft_disturbance(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    """Draw what an ordinary day has on top now and then: a small spike or small batches."""
    return _spike(rng, episode_s) if rng.random() < 0.6 else _batches(rng)


def ordinary_noises(rng: np.random.Generator) -> tuple[ArNoisePattern, ...]:
    """Draw users who come and go by themselves, and a level that wanders."""
    return (
        ArNoisePattern(
            sigma=log_uniform(rng, 0.01, 0.2), correlation_s=log_uniform(rng, 1.0, 15.0)
        ),
        ArNoisePattern(
            sigma=log_uniform(rng, 0.01, 0.1), correlation_s=log_uniform(rng, 60.0, 1800.0)
        ),
    )


def _day(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    """Some hours of a day that is as long as a real one, or shorter."""
    low = rng.uniform(0.2, 0.9)
    period_s = log_uniform(rng, 7_200.0, 86_400.0)
    peak_at_s = rng.uniform(0.0, period_s)
    sharpness = log_uniform(rng, 0.6, 2.0)

    # Of a long day an episode shows a part only.
    angles = 2.0 * np.pi * (np.linspace(0.0, episode_s, 121) - peak_at_s) / period_s
    wave = ((1.0 + np.cos(angles)) / 2.0) ** sharpness
    build = wave_builder(low, period_s, peak_at_s, sharpness)
    return TrafficDraft("day", build, low + (1.0 - low) * float(wave.mean()), 1.0)


def _spike(rng: np.random.Generator, episode_s: float) -> TrafficDraft:
    height, at_s = log_uniform(rng, 0.05, 0.5), rng.uniform(0.0, episode_s - 300.0)
    rise_s, hold_s, fall_s = (log_uniform(rng, least_s, 300.0) for least_s in (5.0, 10.0, 5.0))

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        return (
            SpikePattern(at_s=at_s, rps=height * unit, rise_s=rise_s, hold_s=hold_s, fall_s=fall_s),
        )

    mean = height * (0.5 * rise_s + hold_s + 0.5 * fall_s) / episode_s
    return TrafficDraft("small spike", build, mean, height)


def _batches(rng: np.random.Generator) -> TrafficDraft:
    height, every_s = log_uniform(rng, 0.05, 0.3), log_uniform(rng, 300.0, 3600.0)
    share, first = rng.uniform(0.05, 0.3), rng.random()

    def build(unit: float) -> tuple[AdditivePattern, ...]:
        return (
            PeriodicBatchPattern(
                rps=height * unit,
                every_s=every_s,
                duration_s=share * every_s,
                first_at_s=first * every_s,
            ),
        )

    return TrafficDraft("small batches", build, height * share, height)
