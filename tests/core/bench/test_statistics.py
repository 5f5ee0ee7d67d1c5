from __future__ import annotations

import numpy as np
import pytest

from core.bench.statistics import bootstrap_interval, geometric_mean


def test_one_seed_tells_nothing_of_the_spread() -> None:
    assert bootstrap_interval([1.3], np.random.default_rng(0)) is None


def test_the_interval_holds_the_mean_and_is_repeatable() -> None:
    values = [1.0, 1.2, 0.9, 1.4, 1.1]
    first = bootstrap_interval(values, np.random.default_rng(0))
    again = bootstrap_interval(values, np.random.default_rng(0))
    assert first is not None
    assert first == again
    assert min(values) <= first.low < np.mean(values) < first.high <= max(values)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(200):
        interval = bootstrap_interval(rng.normal(5.0, 1.0, size=20).tolist(), rng)
        assert interval is not None
        held += interval.low <= 5.0 <= interval.high
    # The percentile bootstrap is a little narrow at 20 values: 92 % is what theory expects.
    assert 175 <= held <= 198


def test_ratios_cancel_in_the_geometric_mean() -> None:
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1.0)
    assert geometric_mean([]) is None
