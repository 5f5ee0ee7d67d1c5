from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from core.agents.oracle import cheapest_within
from core.bench.figures import (
    VIOLATION_FLOOR,
    Episodes,
    gap_closed,
    hindsight,
    pooled_front,
    violation_bound,
)
from core.cluster.batch import Floats
from core.summary import score

ALL = np.ones((1, 2))


def episodes(violations: Floats, hours: Floats, requests: Floats | None = None) -> Episodes:
    shape = np.broadcast_shapes(violations.shape, hours.shape)
    return Episodes(
        np.broadcast_to(np.full(shape, 1000.0) if requests is None else requests, shape),
        np.broadcast_to(violations, shape),
        np.broadcast_to(hours, shape),
        np.full(shape, 2.0),
        np.full(shape, 7.0),
    )


def test_seeds_are_pooled_like_one_long_run() -> None:
    own = episodes(np.array([30.0, 0.0]), np.array([3.0, 5.0]), np.array([1000.0, 3000.0]))
    assert own.violation_ratio(ALL) == pytest.approx([30 / 4000])
    assert own.mean("pod_hours", ALL) == pytest.approx([4.0])
    assert own.score(ALL) == pytest.approx([score(8.0, 4.0, 30 / 4000)])
    single = np.eye(2)
    assert own.violation_ratio(single) == pytest.approx([0.03, 0.0])
    assert own.score(single) == pytest.approx([score(3.0, 2.0, 0.03), score(5.0, 2.0, 0.0)])
    twice_the_first = np.array([[2.0, 0.0]])
    assert own.score(twice_the_first) == pytest.approx([score(3.0, 2.0, 0.03)])


def test_nobody_is_asked_for_less_than_the_floor() -> None:
    assert violation_bound(np.array([0.0, 0.0005, 0.02])).tolist() == [
        VIOLATION_FLOOR,
        VIOLATION_FLOOR,
        0.02,
    ]


def test_hindsight_is_the_cheapest_setting_within_the_bound() -> None:
    # Violation ratios of 4, 0.8, 0.05 and 0 percent for 3, 4, 6 and 5 pod-hours.
    grid = episodes(
        np.array([[40.0, 40.0], [8.0, 8.0], [0.5, 0.5], [0.0, 0.0]]),
        np.array([[3.0, 3.0], [4.0, 4.0], [6.0, 6.0], [5.0, 5.0]]),
    )
    weights = np.ones((3, 2))
    found = hindsight(grid, np.array([0.05, 0.01, 0.001]), weights)
    assert found.setting.tolist() == [0, 1, 3]
    assert found.pod_hours.tolist() == [3.0, 4.0, 5.0]
    assert found.reached.all()


def test_where_no_setting_is_within_the_bound_it_is_the_cheapest_of_the_calmest() -> None:
    grid = episodes(
        np.array([[90.0, 90.0], [20.0, 20.0], [20.0, 20.0]]),
        np.array([[3.0, 3.0], [9.0, 9.0], [8.0, 8.0]]),
    )
    found = hindsight(grid, np.array([0.001]), ALL)
    assert found.setting.tolist() == [2]
    assert found.reached.tolist() == [False]


def test_hindsight_is_of_one_setting_for_all_seeds_together() -> None:
    # Each seed has a cheap setting of its own; over both, only the third is calm enough.
    grid = episodes(
        np.array([[0.0, 50.0], [50.0, 0.0], [0.0, 0.0]]),
        np.array([[3.0, 3.0], [3.0, 3.0], [5.0, 5.0]]),
    )
    assert hindsight(grid, np.array([0.001]), ALL).setting.tolist() == [2]
    both = hindsight(grid, np.array([0.001, 0.001]), np.eye(2))
    assert both.setting.tolist() == [0, 1]


def test_the_gap_is_between_hindsight_and_oracle() -> None:
    assert gap_closed(8.0, 10.0, 6.0) == pytest.approx(0.5)
    assert gap_closed(11.0, 10.0, 6.0) == pytest.approx(-0.25)
    assert gap_closed(8.0, 10.0, 10.0) is None
    assert gap_closed(8.0, 10.0, 12.0) is None


def oracle_hours(fronts: list[list[tuple[float, float]]], bound: float) -> float:
    front = pooled_front(fronts, [10_000.0] * len(fronts))
    return cheapest_within(front, bound).pod_hours


def test_an_oracle_of_one_seed_has_the_front_of_that_seed() -> None:
    front = [(0.0, 9.0), (0.001, 7.0), (0.004, 6.8), (0.02, 4.0)]
    assert pooled_front([front], [10_000.0]) == front
    for bound, hours in ((0.0, 9.0), (0.001, 7.0), (0.01, 6.8), (0.5, 4.0)):
        assert oracle_hours([front], bound) == pytest.approx(hours)
    # Where even the calmest point is beyond the bound, it is that one.
    assert oracle_hours([[(0.1, 5.0), (0.2, 3.0)]], 0.01) == 5.0


def test_an_oracle_of_several_seeds_violates_where_that_saves_most() -> None:
    costly = [(0.0, 10.0), (0.01, 5.0)]
    cheap = [(0.0, 4.0), (0.01, 3.9)]
    # Half a percent of all requests is one percent of either seed's.
    assert oracle_hours([cheap, costly], 0.005) == pytest.approx(4.5)
    assert oracle_hours([cheap, costly], 0.01) == pytest.approx(4.45)


def test_an_oracle_is_never_better_than_the_best_choice_and_hardly_worse() -> None:
    rng = np.random.default_rng(4)
    tried = 0
    for _ in range(60):
        fronts = []
        for _ in range(3):
            ratios = np.sort(rng.uniform(0.0, 0.05, 8))
            hours = np.sort(rng.uniform(2.0, 9.0, 8))[::-1]
            fronts.append(list(zip(ratios.tolist(), hours.tolist(), strict=True)))
        requests = rng.uniform(5_000.0, 20_000.0, 3).tolist()
        bound = float(rng.uniform(0.005, 0.05))

        def best(bound: float, fronts: Any = fronts, requests: Any = requests) -> float:
            return min(
                (
                    sum(point[1] for point in choice) / 3
                    for choice in itertools.product(*fronts)
                    if sum(point[0] * count for point, count in zip(choice, requests, strict=True))
                    <= bound * sum(requests)
                ),
                default=np.inf,
            )

        # Points that violate alike, within 1 % for each seed, count as one.
        if np.isfinite(best(0.96 * bound)):
            tried += 1
            found = cheapest_within(pooled_front(fronts, requests), bound).pod_hours
            assert best(bound) - 1e-9 <= found <= best(0.96 * bound) + 1e-9
    assert tried > 30
