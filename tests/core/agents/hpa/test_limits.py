"""How far one sync may move (rules 7 and 8), and min and max (rule 9)."""

from __future__ import annotations

import pytest

from core.agents.hpa import HpaSpec
from core.agents.hpa.limits import Limit, limit
from core.agents.hpa.rules import DEFAULT_BEHAVIOR, Behavior, ScalingPolicy, SelectPolicy
from core.agents.hpa.state import HpaState, ScaleEvent, with_event
from tests.core.agents.hpa.factory import Driver, by_pods, percent, rules, spec_of

NOW_S = 1000.0


def events(*pairs: tuple[int, float]) -> tuple[ScaleEvent, ...]:
    return tuple(ScaleEvent(change, time_s) for change, time_s in pairs)


def up(
    *policies: ScalingPolicy,
    current: int = 10,
    select: SelectPolicy = SelectPolicy.MAX,
    state: HpaState | None = None,
) -> int:
    """How high one may go from `current`."""
    behavior = Behavior(rules(*policies, select=select), rules(percent(100)))
    spec = spec_of(behavior=behavior, high=10_000)
    return limit(spec, state or HpaState(), current, 9_999, NOW_S)[0]


def down(
    *policies: ScalingPolicy,
    current: int = 10,
    select: SelectPolicy = SelectPolicy.MAX,
    state: HpaState | None = None,
) -> int:
    """How low one may go from `current`."""
    behavior = Behavior(rules(percent(100)), rules(*policies, select=select))
    spec = spec_of(behavior=behavior, high=10_000)
    return limit(spec, state or HpaState(), current, 1, NOW_S)[0]


# -- rule 7: with behavior ---------------------------------------------------------------------


def test_pods_policies_add_and_subtract() -> None:
    assert up(by_pods(3)) == 13
    assert down(by_pods(3)) == 7


def test_percent_is_rounded_up_on_the_way_up() -> None:
    assert up(percent(10), current=4) == 5
    assert up(percent(50), current=3) == 5


def test_percent_is_truncated_on_the_way_down() -> None:
    assert down(percent(10), current=4) == 3
    assert down(percent(50), current=5) == 2


def test_percent_is_computed_in_floating_point() -> None:
    assert down(percent(80), current=20) == 3  # 20 × (1 − 0.8) is 3.999999999999999
    assert up(percent(10), current=100) == 111  # 100 × (1 + 0.1) is 110.00000000000001


def test_the_period_counts_the_events_of_both_directions() -> None:
    state = HpaState((), events((4, 995.0), (2, 980.0)), events((3, 997.0), (1, 970.0)))
    # periodStart = 10 − 4 + 3 within 10 s, 10 − 6 + 3 within 25 s, 10 − 6 + 4 within a minute.
    assert up(by_pods(8, 10), state=state) == 17
    assert up(by_pods(8, 25), state=state) == 15
    assert up(by_pods(8, 60), state=state) == 16
    assert down(by_pods(5, 10), state=state) == 4
    assert down(percent(50, 25), state=state) == 3


def test_an_event_as_old_as_the_period_is_outside() -> None:
    assert up(by_pods(4, 10), state=HpaState(scale_ups=events((4, 990.0)))) == 14
    assert up(by_pods(4, 10), state=HpaState(scale_ups=events((4, 990.001)))) == 10


def test_a_limit_never_turns_the_direction() -> None:
    assert up(by_pods(1, 10), state=HpaState(scale_ups=events((5, 995.0)))) == 10
    assert down(by_pods(1, 10), state=HpaState(scale_downs=events((5, 995.0)))) == 10


@pytest.mark.parametrize(
    ("select", "highest", "lowest"),
    [
        (SelectPolicy.MAX, 15, 5),
        (SelectPolicy.MIN, 13, 7),
        (SelectPolicy.DISABLED, 10, 10),
    ],
)
def test_select_policy(select: SelectPolicy, highest: int, lowest: int) -> None:
    policies = (by_pods(3), percent(50))
    assert up(*policies, select=select) == highest
    assert down(*policies, select=select) == lowest


def test_each_policy_has_its_own_period() -> None:
    state = HpaState(scale_ups=events((4, 995.0)))
    # 3 pods in 3 s: from 10; 100 % in 20 s: from 6.
    assert up(by_pods(3, 3), percent(100, 20), state=state) == 13
    assert up(by_pods(3, 3), percent(100, 20), state=state, select=SelectPolicy.MIN) == 12


def test_the_default_behavior_allows_4_pods_or_100_percent_in_15_s_and_any_decrease() -> None:
    spec = spec_of(behavior=DEFAULT_BEHAVIOR, high=100)
    for current, highest in ((1, 5), (3, 7), (4, 8), (10, 20)):
        assert limit(spec, HpaState(), current, 99, NOW_S) == (highest, Limit.RATE_UP)
    assert limit(spec, HpaState(), 50, 0, NOW_S) == (1, Limit.MINIMUM)
    assert DEFAULT_BEHAVIOR.scale_up.stabilization_s == 0
    assert DEFAULT_BEHAVIOR.scale_down.stabilization_s is None
    driver = Driver(spec, 2)
    assert driver.run([50_000] * 4, after_s=15.1) == [6, 12, 24, 48]


def test_limits_report_what_they_did() -> None:
    spec = spec_of(behavior=Behavior(rules(by_pods(5)), rules(by_pods(5))), low=6, high=14)
    for aim, expected in (
        (20, (14, Limit.MAXIMUM)),
        (14, (14, Limit.NONE)),
        (10, (10, Limit.NONE)),
        (6, (6, Limit.NONE)),
        (2, (6, Limit.MINIMUM)),
    ):
        assert limit(spec, HpaState(), 10, aim, NOW_S) == expected
    wide = HpaSpec(100, 1, behavior=spec.behavior)
    assert limit(wide, HpaState(), 10, 20, NOW_S) == (15, Limit.RATE_UP)
    assert limit(wide, HpaState(), 10, 15, NOW_S) == (15, Limit.NONE)
    assert limit(wide, HpaState(), 10, 2, NOW_S) == (5, Limit.RATE_DOWN)
    assert limit(wide, HpaState(), 10, 5, NOW_S) == (5, Limit.NONE)


# -- events -------------------------------------------------------------------------------------


SLOW_DOWN = Behavior(rules(by_pods(4, 4)), rules(percent(50, 20)))


def test_events_are_kept_by_direction_with_positive_changes() -> None:
    state = with_event(HpaState(), SLOW_DOWN, 4, 8, 10.0)
    state = with_event(state, SLOW_DOWN, 8, 5, 11.0)
    assert state == HpaState(scale_ups=events((4, 10.0)), scale_downs=events((3, 11.0)))


def test_an_event_past_its_own_directions_periods_may_be_overwritten() -> None:
    state = with_event(HpaState(), SLOW_DOWN, 4, 8, 10.0)
    state = with_event(state, SLOW_DOWN, 8, 12, 14.5)
    # The 4 of 10.0 are gone, although a scale-down at 15 s looks back 20 s: it starts at
    # 12 − 4 = 8 and may go to 4; with both it would be 12 − 8 = 4 and could go to 2.
    assert state.scale_ups == events((4, 14.5))
    assert limit(HpaSpec(40, behavior=SLOW_DOWN), state, 12, 1, 15.0) == (4, Limit.RATE_DOWN)


def test_events_downwards_go_by_the_periods_downwards() -> None:
    quick_down = Behavior(SLOW_DOWN.scale_down, SLOW_DOWN.scale_up)
    for behavior, kept in (
        (SLOW_DOWN, events((4, 10.0), (2, 15.0))),
        (quick_down, events((2, 15.0))),
    ):
        state = with_event(HpaState(), behavior, 12, 8, 10.0)
        assert with_event(state, behavior, 8, 6, 15.0).scale_downs == kept


def test_an_event_as_old_as_the_longest_period_is_not_overwritten() -> None:
    both = Behavior(rules(by_pods(4, 4), percent(10, 2)), rules(percent(50, 20)))
    state = with_event(HpaState(), both, 4, 8, 10.0)
    assert with_event(state, both, 8, 12, 14.0).scale_ups == events((4, 10.0), (4, 14.0))


def test_only_the_last_outdated_event_is_overwritten() -> None:
    behavior = Behavior(rules(by_pods(4, 4)), rules(by_pods(3, 20)))
    state = HpaState(scale_ups=events((1, 1.0), (2, 2.0), (3, 9.0)))
    after = with_event(state, behavior, 4, 8, 10.0)
    assert after.scale_ups == (
        ScaleEvent(1, 1.0, outdated=True),
        ScaleEvent(4, 10.0),
        ScaleEvent(3, 9.0),
    )
    # What once was outdated stays free, and still counts where a period reaches it.
    assert limit(HpaSpec(40, behavior=behavior), after, 14, 1, 20.5) == (3, Limit.RATE_DOWN)
    later = with_event(after, behavior, 8, 12, 11.0)
    assert later.scale_ups == events((4, 11.0), (4, 10.0), (3, 9.0))


# -- rule 8: without behavior -------------------------------------------------------------------


def test_without_behavior_a_sync_at_most_doubles_or_reaches_4() -> None:
    spec = spec_of(behavior=None, high=30)
    for current, highest in ((1, 4), (2, 4), (3, 6), (10, 20), (14, 28)):
        assert limit(spec, HpaState(), current, 99, NOW_S) == (highest, Limit.RATE_UP)
    assert limit(spec, HpaState(), 15, 99, NOW_S) == (30, Limit.MAXIMUM)
    assert limit(spec, HpaState(), 20, 0, NOW_S) == (1, Limit.MINIMUM)
    assert limit(spec, HpaState(), 20, 5, NOW_S) == (5, Limit.NONE)
    assert limit(spec, HpaState(), 10, 20, NOW_S) == (20, Limit.NONE)


def test_without_behavior_no_events_are_kept() -> None:
    assert with_event(HpaState(), None, 4, 8, 10.0) == HpaState()
    driver = Driver(spec_of(behavior=None), 4)
    assert driver.run([4000]) == [8]
    assert driver.controller.state.scale_ups == ()


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [(None, [2, 4, 8, 12, 12]), (DEFAULT_BEHAVIOR, [2, 6, 6, 6, 6])],
)
def test_one_sync_of_six_times_the_load(behavior: Behavior | None, expected: list[int]) -> None:
    driver = Driver(spec_of(behavior=behavior), 2)
    assert driver.run([1000, 6000, 1000, 1000, 1000], after_s=15.1) == expected


def test_counts_are_of_32_bits() -> None:
    behavior = Behavior(rules(by_pods(2**31 - 1)), rules(percent(100)))
    # 10 and 2147483647 make a negative count: nothing may be added.
    assert limit(spec_of(behavior=behavior), HpaState(), 10, 30, NOW_S) == (10, Limit.RATE_UP)
