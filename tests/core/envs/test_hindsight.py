from __future__ import annotations

import numpy as np
import pytest

from core.envs.hindsight import FACTORS, WINDOWS_S, Hindsight
from core.envs.history import StateHistory
from core.summary import VIOLATION_WEIGHT as SCORE_WEIGHT
from tests.core.envs.factory import batch, calm, facts


def hindsight_of(*rates: float) -> Hindsight:
    """What was learned of one cluster of 50 rps per pod whose pods take 20 s to start."""
    history = StateHistory(facts())
    for index, rps in enumerate(rates):
        states = batch(calm(rps=rps, time_s=15.0 * index))
        if index == 0:
            history.restart(np.array([True]), states)
        else:
            history.push(states)
    return history.hindsight


def rule(window_s: float, factor: float) -> int:
    return WINDOWS_S.index(window_s) * len(FACTORS) + FACTORS.index(factor)


def best(hindsight: Hindsight) -> tuple[float, float]:
    window, factor = divmod(int(hindsight.scores[:, 0].argmin()), len(FACTORS))
    return WINDOWS_S[window], FACTORS[factor]


def test_steady_traffic_needs_little_headroom() -> None:
    hindsight = hindsight_of(*[500.0] * 240)
    _, factor = best(hindsight)
    assert factor <= 1.2
    wasteful = hindsight.scores[rule(15.0, 2.8), 0]
    assert wasteful == pytest.approx(2.8, rel=0.05)


def test_at_first_nothing_but_the_prior_counts() -> None:
    hindsight = hindsight_of(1000.0)
    assert 1.0 < hindsight.scores.min() < hindsight.scores.max() < 5.0


def test_bursts_that_a_short_window_forgets_need_a_longer_one_or_more_headroom() -> None:
    bursts = ([1800.0] * 2 + [1000.0] * 14) * 20
    hindsight = hindsight_of(*bursts)
    window, factor = best(hindsight)
    assert window == 600.0
    assert factor <= 1.2
    latest = hindsight.scores[rule(15.0, 1.2), 0]
    assert latest > hindsight.scores[rule(600.0, 1.2), 0] + 0.5


def test_a_backlog_takes_its_time() -> None:
    """What one jump does is worse, the longer the backlog lasts: pods come after their lead."""
    jump = hindsight_of(*[400.0] * 40, *[900.0] * 8).scores[:, 0]
    quiet = hindsight_of(*[400.0] * 48).scores[:, 0]
    harm = (jump - quiet)[: len(FACTORS)]
    assert harm[0] > harm[3] > harm[6]


def test_targets_are_those_of_the_headroom_actions() -> None:
    from core.envs.actions import action_set

    history = StateHistory(facts())
    rng = np.random.default_rng(4)
    for index in range(60):
        states = batch(calm(rps=rng.uniform(50.0, 3000.0), time_s=15.0 * index))
        if index == 0:
            history.restart(np.array([True]), states)
        else:
            history.push(states)
    np.testing.assert_array_equal(
        history.hindsight.targets, action_set("headroom").all_targets(history)
    )


def test_the_score_weighs_violations_as_everywhere() -> None:
    from core.envs.hindsight import VIOLATION_WEIGHT

    assert VIOLATION_WEIGHT == SCORE_WEIGHT


def test_restarting_one_cluster_forgets_only_its_past() -> None:
    history = StateHistory(facts(2))
    everyone = np.ones(2, dtype=np.bool_)
    history.restart(everyone, batch(calm(rps=300.0), calm(rps=300.0)))
    for _ in range(50):
        history.push(batch(calm(rps=300.0), calm(rps=300.0)))
    seen = history.hindsight.scores.copy()
    history.restart(np.array([True, False]), batch(calm(rps=300.0), calm(rps=300.0)))
    np.testing.assert_array_equal(history.hindsight.scores[:, 1], seen[:, 1])
    assert not np.allclose(history.hindsight.scores[:, 0], seen[:, 0])
