"""Whole syncs: several metrics (rule 5), min and max (rule 9), and what is remembered."""

from __future__ import annotations

import pytest

from core.agents.hpa import HpaController, PodGroup, Sample
from core.agents.hpa.calculator import Observation
from core.agents.hpa.controller import SyncOutcome, synchronize
from core.agents.hpa.limits import Limit
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.rules import DEFAULT_BEHAVIOR, Behavior
from core.agents.hpa.state import HpaState, Recommendation, ScaleEvent
from tests.core.agents.hpa.factory import (
    FREE,
    SETTINGS,
    Driver,
    by_pods,
    cpu,
    group,
    memory,
    percent,
    rules,
    spec_of,
)


def both(cpu_milli: int | None, memory_milli: int | None, count: int = 10) -> list[PodGroup]:
    samples = {"cpu": cpu_milli, "memory": memory_milli}
    found = {key: Sample(milli) for key, milli in samples.items() if milli is not None}
    return [group(count, None, samples=found)]


# -- rule 5: several metrics ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cpu_milli", "memory_milli", "proposed", "desired"),
    [
        (1000, 200, 20, 20),  # the largest proposal
        (200, 1000, 20, 20),
        (200, 300, 6, 6),
        (100, 200, 4, 4),
        (1000, None, 20, 20),  # one fails: up goes on with the others
        (None, 1000, 20, 20),
        (500, None, 10, 10),  # and so does staying
        (200, None, None, None),  # but scaling down fails the whole sync
        (None, 200, None, None),
        (None, None, None, None),
    ],
)
def test_several_metrics(
    cpu_milli: int | None, memory_milli: int | None, proposed: int | None, desired: int | None
) -> None:
    controller = HpaController(spec_of(cpu(), memory()))
    controller.state = HpaState((Recommendation(1, -1.0),))
    found = controller.decide(0.0, both(cpu_milli, memory_milli), 10)
    assert (found.proposed, found.desired) == (proposed, desired)
    assert [one.metric for one in found.proposals] == [cpu(), memory()]
    assert found.outcome is (SyncOutcome.FAILED if desired is None else SyncOutcome.SCALED)


def test_a_failed_sync_leaves_no_recommendation() -> None:
    driver = Driver(spec_of(), 10)
    driver.sync(5000)
    before = driver.controller.state
    assert driver.sync(None).outcome is SyncOutcome.FAILED
    assert driver.controller.state == before


def test_a_negative_proposal_is_remembered_as_none_at_all() -> None:
    metric = MetricSpec(MetricSource.EXTERNAL, "balance", TargetKind.AVERAGE_VALUE, 1000)
    controller = HpaController(spec_of(metric, behavior=DEFAULT_BEHAVIOR))
    found = controller.decide(0.0, [], 10, values={"external/balance": -5000})
    assert (found.proposed, found.desired, found.aim) == (-5, 10, 10)
    assert controller.state.recommendations[-1] == Recommendation(0, 0.0)


# -- rule 9: min and max -------------------------------------------------------------------------


def test_min_and_max_bound_what_metrics_ask_for() -> None:
    for load, expected, by in ((10_000, 12, Limit.MAXIMUM), (100, 3, Limit.MINIMUM)):
        driver = Driver(spec_of(low=3, high=12), 8, start_s=100.0)
        driver.controller.state = HpaState((Recommendation(8, 0.0),))
        found = driver.sync(load)
        assert (found.desired, found.limited_by) == (expected, by)


@pytest.mark.parametrize(
    ("current", "desired", "event"),
    [(20, 8, (0, 12)), (1, 3, (2, 0))],
)
def test_moves_into_bounds_skip_windows_and_limits_but_are_events(
    current: int, desired: int, event: tuple[int, int]
) -> None:
    behavior = Behavior(rules(by_pods(1, 60), window_s=300), rules(by_pods(1, 60), window_s=300))
    controller = HpaController(spec_of(behavior=behavior, low=3, high=8))
    found = controller.decide(100.0, [], current)
    assert (found.proposed, found.desired) == (None, desired)
    assert found.outcome is SyncOutcome.FORCED
    changes = [
        sum(one.change for one in side)
        for side in (controller.state.scale_ups, controller.state.scale_downs)
    ]
    assert tuple(changes) == event
    assert controller.state.recommendations == (Recommendation(current, 100.0),)


def test_a_forced_move_counts_against_later_limits() -> None:
    behavior = Behavior(rules(by_pods(4, 60)), rules(percent(100)))
    controller = HpaController(spec_of(behavior=behavior, low=3, high=40))
    controller.decide(0.0, [], 1)
    # From the 1 of a minute ago, 4 pods more are 5, although the 3 now would allow 7.
    assert controller.decide(10.0, [group(3, 5000)], 3).desired == 5
    assert controller.decide(70.1, [group(5, 5000)], 5).desired == 9


def test_no_replicas_disable_scaling() -> None:
    driver = Driver(spec_of(low=3), 0)
    found = driver.sync(5000)
    assert (found.proposed, found.desired) == (None, 0)
    assert found.outcome is SyncOutcome.DISABLED
    # The 0 of that first sync is a recommendation all the same, of the up window if there is one.
    assert driver.controller.state == HpaState((Recommendation(0, 0.0),))


# -- state ---------------------------------------------------------------------------------------


def test_a_sync_is_a_pure_function() -> None:
    spec = spec_of()
    state = HpaState((Recommendation(10, 0.0),))
    seen = Observation(20.0, [group(10, 1000)], 10, 10, {})
    first = synchronize(spec, SETTINGS, state, seen)
    assert first == synchronize(spec, SETTINGS, state, seen)
    assert state == HpaState((Recommendation(10, 0.0),))
    decision, after = first
    assert decision.desired == 20
    assert after.recommendations == (Recommendation(20, 20.0),)
    assert after.scale_ups == ()


def test_an_event_is_as_old_as_its_being_carried_out() -> None:
    controller = HpaController(spec_of())
    controller.decide(20.0, [group(10, 1000)], 10, carried_out_s=20.5)
    assert controller.state.scale_ups == (ScaleEvent(10, 20.5),)


def test_advice_that_nobody_followed_is_no_event() -> None:
    controller = HpaController(spec_of(behavior=Behavior(rules(by_pods(4, 60)), FREE.scale_down)))
    for turn in range(3):
        found = controller.recommend(10.0 * turn, [group(10, 1000)], 10)
        assert found.desired == 14
    controller.carry_out(10, 14, 20.0)
    assert controller.recommend(30.0, [group(14, 1000)], 14).desired == 14
    controller.carry_out(14, 14, 30.0)
    assert controller.state.scale_ups == (ScaleEvent(4, 20.0),)


def test_reset_forgets_everything() -> None:
    driver = Driver(spec_of(), 10)
    driver.run([10_000])
    driver.controller.reset()
    assert driver.controller.state == HpaState()
