from __future__ import annotations

import numpy as np
import pytest

from core.bench.statistics import (
    Interval,
    geometric_mean,
    percentile_interval,
    resampled_weights,
)


def interval_of_mean(values: list[float], rng: np.random.Generator) -> Interval:
    weights = resampled_weights(len(values), rng)
    assert weights is not None
    return percentile_interval(weights @ np.array(values) / weights.sum(axis=1))


def test_one_seed_tells_nothing_of_the_spread() -> None:
    assert resampled_weights(1, np.random.default_rng(0)) is None


def test_every_resample_has_as_many_seeds_as_there_are() -> None:
    weights = resampled_weights(4, np.random.default_rng(0))
    assert weights is not None
    assert set(weights.sum(axis=1)) == {4.0}
    assert len(np.unique(weights, axis=0)) == 35


def test_the_interval_holds_the_mean_and_is_repeatable() -> None:
    values = [1.0, 1.2, 0.9, 1.4, 1.1]
    first = interval_of_mean(values, np.random.default_rng(0))
    assert first == interval_of_mean(values, np.random.default_rng(0))
    assert min(values) <= first.low < np.mean(values) < first.high <= max(values)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        interval = interval_of_mean(rng.normal(5.0, 1.0, size=20).tolist(), rng)
        held += interval.low <= 5.0 <= interval.high
    # The percentile bootstrap is a little narrow at 20 values: 92 % is what theory expects.
    assert 175 <= held <= 198


def test_ratios_cancel_in_the_geometric_mean() -> None:
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)
    assert geometric_mean([]) is None
