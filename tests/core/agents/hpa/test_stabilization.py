"""How earlier recommendations hold back a new one (rule 6, and its other half in rule 8)."""

from __future__ import annotations

import pytest

from core.agents.hpa import HpaSettings
from core.agents.hpa.rules import Behavior
from core.agents.hpa.stabilization import stabilize
from core.agents.hpa.state import HpaState, Recommendation, with_recommendation
from tests.core.agents.hpa.factory import Driver, cpu, percent, rules, spec_of


def windows(up_s: int, down_s: int | None) -> Behavior:
    return Behavior(rules(percent(900), window_s=up_s), rules(percent(100), window_s=down_s))


def remembered(*entries: tuple[int, float]) -> HpaState:
    return HpaState(tuple(Recommendation(count, time_s) for count, time_s in entries))


def aim(
    behavior: Behavior | None, proposed: int, *entries: tuple[int, float], current: int = 10
) -> int:
    return stabilize(remembered(*entries), behavior, current, proposed, 1000.0, 300.0)[0]


def test_the_count_at_the_first_sync_is_a_recommendation() -> None:
    for behavior in (windows(0, 300), None):
        driver = Driver(spec_of(behavior=behavior), 10)
        # At 300.1 s the first 10 has left the window, the 2 of all later syncs have not.
        assert driver.run([1000] * 3, after_s=150.05) == [10, 10, 2]


def test_the_first_recommendation_is_stored_even_if_the_first_sync_fails() -> None:
    driver = Driver(spec_of(behavior=windows(0, 300)), 10)
    assert driver.sync(None).desired is None
    assert driver.run([1000]) == [10]


def test_down_goes_no_lower_than_the_highest_of_the_window() -> None:
    assert aim(windows(0, 300), 4, (8, 800.0), (6, 900.0)) == 8
    assert aim(windows(0, 300), 4, (12, 800.0)) == 10  # but never up


def test_up_goes_no_higher_than_the_lowest_of_the_window() -> None:
    assert aim(windows(60, 300), 20, (12, 950.0), (15, 980.0)) == 12
    assert aim(windows(60, 300), 20, (5, 950.0)) == 10  # but never down


def test_both_windows_clamp_the_current_count() -> None:
    entries = ((14, 950.0), (8, 960.0))
    assert aim(windows(60, 60), 9, *entries) == 10
    assert aim(windows(60, 60), 9, *entries, current=20) == 14
    assert aim(windows(60, 60), 9, *entries, current=3) == 8


def test_with_behavior_an_age_equal_to_the_window_is_outside() -> None:
    assert aim(windows(0, 300), 4, (8, 700.0)) == 4
    assert aim(windows(0, 300), 4, (8, 700.001)) == 8
    assert aim(windows(60, 300), 20, (12, 940.0)) == 20
    assert aim(windows(60, 300), 20, (12, 940.001)) == 12


def test_without_behavior_an_age_equal_to_the_window_is_inside() -> None:
    assert aim(None, 4, (8, 700.0)) == 8
    assert aim(None, 4, (8, 699.999)) == 4


def test_without_behavior_the_highest_of_the_window_also_pushes_up() -> None:
    assert aim(None, 4, (12, 800.0)) == 12


def test_the_down_window_is_the_controllers_unless_behavior_has_one() -> None:
    assert aim(windows(0, None), 4, (8, 701.0)) == 8
    assert aim(windows(0, None), 4, (8, 699.0)) == 4
    assert aim(windows(0, 0), 4, (8, 999.0)) == 4
    # The controller takes whole seconds of its flag.
    found = stabilize(remembered((8, 990.5)), windows(0, None), 10, 4, 1000.0, 9.9)
    assert found[0] == 4


@pytest.mark.parametrize(
    ("behavior", "kept"),
    [
        # Outside both windows (here the longer of 60 s and 300 s), the last such is overwritten.
        (windows(60, 300), [(1, 100.0), (9, 1000.0), (3, 800.0), (4, 990.0)]),
        (windows(0, 5), [(1, 100.0), (2, 200.0), (3, 800.0), (9, 1000.0)]),
        (windows(0, 2000), [(1, 100.0), (2, 200.0), (3, 800.0), (4, 990.0), (9, 1000.0)]),
        (None, [(1, 100.0), (9, 1000.0), (3, 800.0), (4, 990.0)]),
    ],
)
def test_the_last_recommendation_outside_all_windows_is_overwritten(
    behavior: Behavior | None, kept: list[tuple[int, float]]
) -> None:
    state = remembered((1, 100.0), (2, 200.0), (3, 800.0), (4, 990.0))
    _, after = stabilize(state, behavior, 10, 9, 1000.0, 300.0)
    assert after == remembered(*kept)


def test_an_entry_as_old_as_the_window_is_not_overwritten() -> None:
    state = remembered((1, 700.0))
    new = Recommendation(9, 1000.0)
    assert with_recommendation(state, new, 700.0) == remembered((1, 700.0), (9, 1000.0))


def test_memory_does_not_grow_without_limit() -> None:
    driver = Driver(spec_of(cpu(), behavior=windows(0, 300)), 10)
    driver.run([5000] * 500)
    assert len(driver.controller.state.recommendations) == 22


def test_a_dip_does_not_reach_through_the_window_upwards() -> None:
    driver = Driver(spec_of(behavior=windows(60, 0)), 4)
    # For a minute the 4 of the first sync holds, then the lowest of the last minute.
    found = driver.run([4000, 5000, 6000, 6000, 6000, 6000], after_s=20.0)
    assert found == [4, 4, 4, 10, 12, 12]


def test_windows_are_of_the_controllers_settings_without_behavior() -> None:
    settings = HpaSettings(downscale_stabilization_s=30.0)
    driver = Driver(spec_of(behavior=None), 10, settings=settings)
    assert driver.run([1000] * 4, after_s=15.0) == [10, 10, 10, 2]
