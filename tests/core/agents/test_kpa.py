"""Knative's rules one by one; the comments say which line of `autoscaler.go` is meant."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from core.agents.kpa import KpaMetric, KpaPolicy, KpaResult, KpaSettings, KpaState, begin, scale
from core.agents.registry import load_policy
from core.errors import InputError
from core.state import ClusterState
from tests.core.agents.factory import FACTS, make_situation, make_state

DEFAULTS = KpaSettings()
CALM = KpaState()


def result(ready: int, stable: float, panic: float, state: KpaState = CALM) -> KpaResult:
    return scale(DEFAULTS, state, 1000.0, ready, stable, panic)[0]


def test_the_defaults_are_knatives() -> None:
    assert (DEFAULTS.stable_window_s, DEFAULTS.panic_window_s) == (60.0, 6.0)
    assert (DEFAULTS.panic_threshold, DEFAULTS.max_scale_up_rate) == (2.0, 1000.0)
    assert DEFAULTS.max_scale_down_rate == 2.0


def test_wanted_pods_are_rounded_up() -> None:
    # dspc := math.Ceil(observedStableValue / spec.TargetValue)
    assert result(10, 10.0, 1.0).desired == 10
    assert result(10, 10.001, 1.0).desired == 11


def test_pods_at_most_halve_rounded_down() -> None:
    # maxScaleDown = math.Floor(readyPodsCount / spec.MaxScaleDownRate)
    assert result(10, 1.0, 1.0).desired == 5
    assert result(11, 1.0, 1.0).desired == 5
    assert result(1, 0.0, 0.0).desired == 0


def test_pods_grow_at_most_by_the_rate_rounded_up() -> None:
    # maxScaleUp := math.Ceil(spec.MaxScaleUpRate * readyPodsCount)
    slow = replace(DEFAULTS, max_scale_up_rate=1.1)
    found, _ = scale(slow, CALM, 0.0, 2, 3.0, 3.0)
    assert (found.stable, found.panic) == (3, 3)
    found, _ = scale(slow, CALM, 0.0, 20, 50.0, 20.0)
    assert found.desired == math.ceil(1.1 * 20)


def test_no_ready_pod_counts_as_one() -> None:
    # readyPodsCount := math.Max(1, float64(originalReadyPodsCount))
    assert result(0, 3.0, 1.0).desired == 3
    assert result(0, 1.0, 2.0).is_panicking


def test_panic_begins_at_twice_the_ready_pods_included() -> None:
    # isOverPanicThreshold := dppc/readyPodsCount >= spec.PanicThreshold
    assert not result(10, 8.0, 19.0).is_panicking
    found = result(10, 8.0, 19.5)  # rounded up first
    assert found.is_panicking
    assert found.desired == 20


def test_the_threshold_looks_at_what_is_wanted_not_at_what_is_allowed() -> None:
    slow = replace(DEFAULTS, max_scale_up_rate=1.5)
    found, state = scale(slow, CALM, 7.0, 10, 8.0, 30.0)
    assert found.is_panicking
    assert (found.desired, state) == (15, KpaState(7.0, 15))


def test_the_larger_window_counts_in_panic_and_only_the_stable_one_without() -> None:
    assert result(10, 25.0, 20.0).desired == 25
    assert result(10, 12.0, 15.0).desired == 12


def test_pods_never_fall_during_a_panic() -> None:
    panicking = KpaState(990.0, 30)
    found, state = scale(DEFAULTS, panicking, 1000.0, 30, 12.0, 3.0)
    assert (found.desired, state) == (30, panicking)
    found, state = scale(DEFAULTS, panicking, 1000.0, 30, 33.0, 3.0)
    assert (found.desired, state) == (33, KpaState(990.0, 33))


def test_every_time_over_the_threshold_restarts_the_panic() -> None:
    _, state = scale(DEFAULTS, KpaState(990.0, 30), 1045.0, 10, 12.0, 20.0)
    assert state == KpaState(1045.0, 30)


def test_panic_ends_after_more_than_a_stable_window_below() -> None:
    # a.panicTime.Add(spec.StableWindow).Before(now)
    panicking = KpaState(1000.0, 30)
    assert scale(DEFAULTS, panicking, 1060.0, 30, 20.0, 3.0)[0].desired == 30
    found, state = scale(DEFAULTS, panicking, 1060.1, 30, 20.0, 3.0)
    assert (found.desired, found.is_panicking, state) == (20, False, KpaState())


def test_a_new_autoscaler_panics_if_there_is_more_than_one_pod() -> None:
    assert begin(1, 5.0) == KpaState(None, 1)
    assert begin(8, 5.0) == KpaState(5.0, 8)


# -- the policy -------------------------------------------------------------------------------


def lived(policy: KpaPolicy, states: list[ClusterState]) -> list[int]:
    policy.reset(FACTS)
    return [policy.decide(make_situation(state)).target for state in states]


def states_of(rates: list[float], ready: int = 10) -> list[ClusterState]:
    return [make_state(time_s=15.0 * turn, rps=rps, ready=ready) for turn, rps in enumerate(rates)]


def test_rps_against_70_percent_of_capacity() -> None:
    # 35 rps per pod; the first minute is a panic at 10 pods.
    found = lived(KpaPolicy(KpaMetric.RPS), states_of([420.0] * 3 + [300.0] * 8))
    assert found[:3] == [12, 12, 12]
    assert found[3:5] == [12, 12]
    assert found[-1] == 9


def test_the_stable_window_is_the_mean_of_a_minute() -> None:
    rates = [350.0] * 6 + [490.0] * 4
    found = lived(KpaPolicy(KpaMetric.RPS), states_of(rates))
    assert found[5:] == [10, 11, 12, 13, 14]


def test_concurrency_counts_those_who_wait() -> None:
    calm = make_state(time_s=0.0, rps=350.0)
    slow = replace(make_state(time_s=15.0, rps=350.0), latency_p50_ms=90.0)
    policy = KpaPolicy()
    assert lived(policy, [calm, slow]) == [10, 30]  # three times as long: panic
    assert "panic" in policy.decide(make_situation(replace(slow, time_s=30.0))).reason


def test_gaps_hold_and_silence_shrinks() -> None:
    policy = KpaPolicy()
    policy.reset(FACTS)
    assert policy.decide(make_situation(make_state(rps=None))).reason == "keep: no concurrency"
    unanswered = replace(make_state(), latency_p50_ms=None)
    assert policy.decide(make_situation(unanswered)).change == 0
    silent = [replace(make_state(time_s=100.0 + 15.0 * turn, rps=0.0)) for turn in range(12)]
    assert lived(policy, silent)[-1] == 5


def test_bounds_come_last() -> None:
    policy = KpaPolicy(KpaMetric.RPS)
    assert lived(policy, states_of([9000.0])) == [40]
    assert "but 40 is the limit" in policy.decide(make_situation(make_state(rps=9000.0))).reason


def test_an_episode_forgets_the_one_before() -> None:
    policy = KpaPolicy()
    busy, calm = states_of([2000.0, 2000.0]), states_of([100.0] * 8)
    first = lived(policy, calm)
    lived(policy, busy)
    assert lived(policy, calm) == first


def test_names() -> None:
    assert load_policy("kpa").name == "kpa"
    assert load_policy("kpa:concurrency").name == "kpa"
    assert load_policy("kpa:rps").name == "kpa:rps"
    for spec in ("kpa:", "kpa:cpu", "kpa:RPS"):
        with pytest.raises(InputError, match="expected concurrency or rps"):
            load_policy(spec)
