"""From usage to a replica count (rules 2, 3 and 4)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.agents.hpa import HpaSettings, PodGroup, PodPhase, Sample
from core.agents.hpa.calculator import MOST_REPLICAS, Outcome
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.rules import Behavior
from tests.core.agents.hpa.factory import (
    asked,
    cpu,
    cpu_value,
    group,
    memory,
    percent,
    replicas,
    rules,
    spec_of,
)

UNREADY = {"phase": PodPhase.PENDING, "ready": None, "started_s": None}


# -- rule 2: the ratio -----------------------------------------------------------------------


def test_utilization_is_truncated_to_whole_percent() -> None:
    assert replicas(cpu(50), group(10, 559)) == 10  # 55 %, a ratio of 1.10
    assert replicas(cpu(50), group(10, 560)) == 12
    assert replicas(cpu(50), group(10, 450)) == 10  # a ratio of 0.90
    assert replicas(cpu(50), group(10, 449)) == 9  # 44 %, a ratio of 0.88


def test_utilization_is_that_of_all_pods_together() -> None:
    small = group(2, 100, requests_milli={"cpu": 100})
    found = asked(cpu(50), [small, group(2, 400)])
    assert found.usage == 45  # 1000 of 2200, not the mean of 100 % and 40 %


def test_average_value_is_truncated_to_whole_thousandths() -> None:
    pods = [group(1, 550), group(1, 551)]
    assert asked(cpu_value(500), pods).usage == 550
    assert replicas(cpu_value(500), *pods) == 2
    assert replicas(cpu_value(500), group(10, 551)) == 12


def test_negative_values_are_truncated_towards_zero() -> None:
    metric = MetricSpec(MetricSource.PODS, "balance", TargetKind.AVERAGE_VALUE, 500)
    pods = [PodGroup(samples={metric.key: Sample(milli)}) for milli in (-1, -2)]
    assert asked(metric, pods).usage == -1


@pytest.mark.parametrize(
    ("target", "usage", "expected"),
    [
        (100, 1100, 10),  # the upper bound is included
        (100, 1110, 12),
        (100, 900, 10),  # and so is the lower one
        (100, 890, 9),
        (70, 770, 10),  # 77 / 70 is 1.1 in float64
        (30, 330, 10),  # 33 / 30 is 1.1, which is not above 1 + 0.1
    ],
)
def test_tolerance_includes_its_bounds(target: int, usage: int, expected: int) -> None:
    assert replicas(cpu(target), group(10, usage)) == expected


def test_tolerance_of_behavior_goes_by_direction() -> None:
    behavior = Behavior(rules(percent(900), tolerance=0.05), rules(percent(100), tolerance=0.2))
    spec = spec_of(behavior=behavior)
    for usage, expected in ((1050, 10), (1060, 11), (800, 10), (790, 8)):
        assert asked(cpu(100), [group(10, usage)], spec=spec).replicas == expected, usage


def test_tolerance_of_one_direction_leaves_the_other_to_the_controller() -> None:
    behavior = Behavior(rules(percent(900), tolerance=0.0), rules(percent(100)))
    spec, settings = spec_of(behavior=behavior), HpaSettings(tolerance=0.3)
    assert asked(cpu(100), [group(10, 1010)], spec=spec, settings=settings).replicas == 11
    assert asked(cpu(100), [group(10, 700)], spec=spec, settings=settings).replicas == 10
    assert asked(cpu(100), [group(10, 690)], spec=spec, settings=settings).replicas == 7


# -- rule 3: ready pods ----------------------------------------------------------------------


def test_the_ratio_multiplies_ready_pods_not_current_replicas() -> None:
    assert replicas(cpu(50), group(6, 1000), current=10) == 12
    assert replicas(cpu(50), group(6, 250), current=10) == 3
    assert replicas(cpu(50), group(6, 500), current=10) == 10  # within tolerance: current


def test_unready_pods_do_not_matter_on_the_way_down() -> None:
    found = asked(cpu(50), [group(6, 250), group(4, None, **UNREADY)])
    assert (found.replicas, found.outcome, found.assumed) == (3, Outcome.RATIO, 0)


def test_rounding_up_happens_in_floating_point() -> None:
    # 56 / 50 × 25 is 28.000000000000004.
    assert replicas(cpu(50), group(25, 560)) == 29


# -- rule 4: pods without a usable sample -----------------------------------------------------


def test_scaling_down_missing_pods_count_as_their_whole_request() -> None:
    # 7 at 20 % and 3 at 100 % are 44 %, a ratio of 0.88 on 10.
    found = asked(cpu(50), [group(7, 200), group(3, None)])
    assert (found.replicas, found.usage, found.pods, found.assumed) == (9, 20, 7, 3)


def test_scaling_down_missing_pods_count_as_the_target_above_100_percent() -> None:
    # 8 at 60 % and 2 at 150 % are 78 %, a ratio of 0.52 on 10.
    assert replicas(cpu(150), group(8, 600), group(2, None)) == 6


def test_scaling_down_the_assumption_is_truncated_per_pod() -> None:
    # 150 % of 3m is taken as 4m: 9 of those and an idle pod are 120 %, a ratio of 0.8 on 10.
    # With 4.5m they would be 135 %, a ratio of 0.9, which is within tolerance.
    tiny = {"cpu": 3}
    pods = [group(1, 0, requests_milli=tiny), group(9, None, requests_milli=tiny)]
    assert replicas(cpu(150), *pods) == 8


def test_scaling_down_missing_pods_count_as_the_target_itself_for_average_values() -> None:
    # 5 at 200m and 5 at the target of 500m are 350m, a ratio of 0.7 on 10.
    assert replicas(cpu_value(500), group(5, 200), group(5, None)) == 7


def test_scaling_up_missing_pods_count_as_nothing() -> None:
    for metric in (cpu(50), cpu_value(500)):
        # 8 at 1000m and 2 at nothing are 800m, a ratio of 1.6 on 10.
        assert replicas(metric, group(8, 1000), group(2, None)) == 16


def test_scaling_up_unready_pods_count_as_nothing_whatever_they_use() -> None:
    busy = group(5, 1000, ready=False, started_s=9_990.0, ready_changed_s=9_990.0)
    # 5 at 125 % and 5 at nothing are 62 %, a ratio of 1.24 on 10.
    assert replicas(cpu(50), group(5, 1250), busy) == 13


def test_scaling_down_unready_pods_stay_out_though_missing_ones_are_assumed() -> None:
    # 6 at 10 % and 3 missing at 100 % are 40 %, a ratio of 0.8 on 9; 3 are unready.
    found = asked(cpu(50), [group(6, 100), group(3, None), group(3, None, **UNREADY)])
    assert (found.replicas, found.assumed) == (8, 3)


def test_a_ratio_of_exactly_1_assumes_nothing() -> None:
    for metric in (cpu(50), cpu_value(500)):
        found = asked(metric, [group(8, 500), group(2, None)])
        assert (found.replicas, found.outcome, found.assumed) == (10, Outcome.UNCERTAIN, 0)
    # Even without any tolerance; the pods that count are then the ready ones alone.
    exact = HpaSettings(tolerance=0.0)
    assert asked(cpu(50), [group(8, 500), group(2, None)], settings=exact).replicas == 10


def test_within_tolerance_after_assumptions_keeps_current() -> None:
    # 9 at 60 % and 1 at nothing are 54 %, a ratio of 1.08.
    found = asked(cpu(50), [group(9, 600), group(1, None)])
    assert (found.replicas, found.outcome) == (10, Outcome.UNCERTAIN)


def test_crossing_1_after_assumptions_keeps_current() -> None:
    assert replicas(cpu(50), group(5, 200), group(5, None)) == 10  # 60 %, a ratio of 1.2
    assert replicas(cpu(50), group(5, 700), group(5, None)) == 10  # 35 %, a ratio of 0.7


def test_a_count_that_would_move_against_the_ratio_keeps_current() -> None:
    # 12 pods where 8 are wanted: 9 at 20 % and 3 at 100 % are 40 %, so ceil(0.8 × 12) = 10 > 8.
    assert replicas(cpu(50), group(9, 200), group(3, None), current=8) == 8
    # 4 pods where 9 are wanted: 3 at 100 % and 1 at nothing are 75 %, so ceil(1.5 × 4) = 6 < 9.
    assert replicas(cpu(50), group(3, 1000), group(1, None), current=9) == 9
    # With nothing missing the same happens unhindered.
    assert replicas(cpu(50), group(4, 750), current=9) == 6


def test_assumptions_are_made_though_the_first_ratio_is_tolerated() -> None:
    found = asked(cpu(50), [group(8, 480), group(2, None)])
    assert (found.replicas, found.outcome, found.assumed) == (10, Outcome.UNCERTAIN, 2)


# -- failing metrics --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pods", "problem"),
    [
        ([], "no sample of a ready pod"),
        ([group(3, None)], "no sample of a ready pod"),
        ([group(0, 500)], "no sample of a ready pod"),
        ([group(3, 500, **UNREADY)], "no sample of a ready pod"),
        ([group(3, 500, deleting=True)], "no sample of a ready pod"),
        ([group(3, 500), group(1, 500, requests_milli={})], "a pod without a request"),
        (
            [group(3, 500), group(1, 500, requests_milli={}, deleting=True)],
            "a pod without a request",
        ),
        ([group(3, 500, requests_milli={"cpu": 0})], "a request of 0"),
    ],
)
def test_a_metric_fails(pods: list[PodGroup], problem: str) -> None:
    found = asked(cpu(), pods, 4)
    assert (found.replicas, found.outcome, found.problem) == (None, Outcome.FAILED, problem)


def test_average_values_need_no_request() -> None:
    assert replicas(cpu_value(500), group(3, 1000, requests_milli={})) == 6


def test_absurd_ratios_stay_within_what_the_api_can_store() -> None:
    assert replicas(cpu_value(1), group(10, 10**15)) == MOST_REPLICAS


# -- object and external metrics --------------------------------------------------------------


def shared(kind: TargetKind, target: int) -> MetricSpec:
    return MetricSpec(MetricSource.EXTERNAL, "queue", kind, target)


def test_a_value_multiplies_the_ready_pods() -> None:
    metric = shared(TargetKind.VALUE, 100_000)
    pods = [group(4, None), group(2, None, ready=False)]
    for value, expected in ((150_000, 6), (110_000, 10), (50_000, 2)):
        found = asked(metric, pods, 10, values={"external/queue": value})
        assert found.replicas == expected, value
    assert asked(metric, pods, 10).problem == "no value"
    assert asked(metric, [], 10, values={"external/queue": 150_000}).problem == "no pods"


def test_an_average_value_is_shared_by_existing_pods() -> None:
    metric = shared(TargetKind.AVERAGE_VALUE, 30_000)
    for value, existing, expected in (
        (300_000, 10, 10),
        (330_000, 10, 10),
        (331_000, 10, 12),
        (100_000, 10, 4),
        (30_000, 0, 1),
        (0, 0, 0),
    ):
        found = asked(metric, [], 7, values={"external/queue": value}, existing=existing)
        assert found.replicas == expected, value


# -- groups -----------------------------------------------------------------------------------


@given(
    st.lists(
        st.tuples(
            st.integers(1, 5),
            st.one_of(st.none(), st.integers(0, 2000)),
            st.sampled_from(list(PodPhase)),
            st.booleans(),
            st.floats(0.0, 400.0),
        ),
        max_size=6,
    ),
    st.sampled_from([cpu(50), cpu(150), cpu_value(500), memory(70)]),
    st.integers(1, 30),
)
def test_a_group_counts_as_its_pods_one_by_one(
    drawn: list[tuple[int, int | None, PodPhase, bool, float]], metric: MetricSpec, current: int
) -> None:
    groups = [
        group(count, milli, phase=phase, ready=ready, started_s=10_000.0 - age_s)
        for count, milli, phase, ready, age_s in drawn
    ]
    singles = [
        group(1, milli, phase=phase, ready=ready, started_s=10_000.0 - age_s)
        for count, milli, phase, ready, age_s in drawn
        for _ in range(count)
    ]
    assert asked(metric, groups, current) == asked(metric, singles, current)
