from __future__ import annotations

import math

import pytest

from core.agents.hpa import HpaPolicy
from core.agents.static import StaticPolicy
from core.agents.threshold import ThresholdPolicy
from tests.core.agents.factory import FACTS, make_situation, make_state


def started(policy: HpaPolicy | ThresholdPolicy) -> HpaPolicy | ThresholdPolicy:
    policy.reset(FACTS)
    return policy


def test_static_wants_the_same_always() -> None:
    policy = StaticPolicy(7)
    decision = policy.decide(make_situation(make_state(desired=10)))
    assert (decision.target, decision.change) == (7, -3)
    assert policy.name == "static:7"


def test_threshold_steps_up_down_or_keeps() -> None:
    for cpu, target in ((0.9, 11), (0.75, 10), (0.6, 10), (0.45, 10), (0.2, 9)):
        decision = started(ThresholdPolicy()).decide(make_situation(make_state(cpu=cpu)))
        assert (decision.target, decision.change) == (target, target - 10), cpu


def test_threshold_pauses_after_a_step() -> None:
    policy = started(ThresholdPolicy(cooldown_s=60))
    found = [
        policy.decide(make_situation(make_state(time_s=time_s, cpu=0.9))).target
        for time_s in (15.0, 30.0, 60.0, 75.0, 90.0)
    ]
    assert found == [11, 10, 10, 11, 10]


def test_threshold_respects_limits_and_gaps() -> None:
    policy = started(ThresholdPolicy(step=5, cooldown_s=0))
    assert policy.decide(make_situation(make_state(cpu=0.9, desired=38))).target == 40
    assert policy.decide(make_situation(make_state(cpu=0.1, desired=2))).target == 2
    decision = policy.decide(make_situation(make_state(cpu=None)))
    assert (decision.change, decision.reason) == (0, "keep: no CPU metric")
    policy.reset(FACTS)
    assert policy.decide(make_situation(make_state(cpu=0.9, desired=38))).target == 40


@pytest.mark.parametrize(
    ("cpu", "ready", "target"),
    [
        (0.70, 10, 10),
        (0.77, 10, 10),  # a ratio of exactly 1.10 does nothing
        (0.7799, 10, 10),  # utilisation is truncated to whole percents
        (0.78, 10, 12),
        (1.40, 10, 20),
        (9.00, 10, 20),  # the default behavior at most doubles
        (1.40, 4, 10),  # 8 are recommended, but going down waits
    ],
)
def test_hpa_follows_the_ratio(cpu: float, ready: int, target: int) -> None:
    decision = started(HpaPolicy()).decide(make_situation(make_state(cpu=cpu, ready=ready)))
    assert (decision.target, decision.change) == (target, target - 10)
    assert str(math.trunc(cpu * 100)) in decision.reason


def test_hpa_with_another_target() -> None:
    policy = started(HpaPolicy(0.35))
    assert policy.decide(make_situation(make_state(cpu=0.70))).target == 20
    assert policy.name == "hpa:0.35"
    assert HpaPolicy().name == "hpa"


def test_hpa_goes_down_only_after_five_minutes_below() -> None:
    policy = started(HpaPolicy())
    desired, found = 10, []
    for turn in range(1, 45):
        cpu = 0.78 * 10 / desired if turn == 5 else 0.35 * 10 / desired
        state = make_state(time_s=turn * 15.0, cpu=cpu, ready=desired, desired=desired)
        desired = policy.decide(make_situation(state)).target
        found.append(desired)
    # The first sync recommends the 10 it found, turn 5 recommends 12, each for 300 s.
    assert found[:4] == [10] * 4
    assert found[4:24] == [12] * 20
    assert found[24] == 5
    assert set(found[24:]) == {5}


def test_hpa_keeps_without_metrics_or_pods() -> None:
    for state in (make_state(cpu=None), make_state(ready=0)):
        decision = started(HpaPolicy()).decide(make_situation(state))
        assert decision.change == 0
        assert decision.reason == "keep: no CPU metric of ready pods"


def test_hpa_forgets_at_a_new_episode() -> None:
    policy = started(HpaPolicy())
    assert policy.decide(make_situation(make_state(cpu=1.4))).target == 20
    policy.reset(FACTS)
    state = make_state(time_s=400.0, cpu=0.35, desired=10)
    assert policy.decide(make_situation(state)).target == 10
