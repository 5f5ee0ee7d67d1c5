from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.cluster.guardrails import Guardrail, Guardrails, guardrail_text
from core.state import ClusterState
from core.traffic.scenario import GuardrailSettings
from tests.core.envs.factory import batch, calm, facts

OFF: dict[str, Any] = {"veto_down_violation_ratio": None}


def rails(**settings: Any) -> Guardrails:
    return Guardrails([GuardrailSettings(**{**OFF, **settings})], facts())


def rule(
    guardrails: Guardrails, target: int, state: ClusterState, operator: bool = False
) -> tuple[int, Guardrail]:
    ruling = guardrails.rule(np.array([target]), batch(state), np.array([operator]))
    return int(ruling.targets[0]), Guardrail(int(ruling.flags[0]))


def test_lets_pass_what_is_allowed() -> None:
    assert rule(rails(), 17, calm()) == (17, Guardrail.NONE)


@pytest.mark.parametrize(("wanted", "expected"), [(1, 2), (99, 40), (-5, 2)])
def test_limits(wanted: int, expected: int) -> None:
    assert rule(rails(), wanted, calm()) == (expected, Guardrail.LIMITS)


def test_stale_metrics_hold() -> None:
    state = calm(metrics_age_s=61.0)
    assert rule(rails(stale_after_intervals=4), 20, state) == (10, Guardrail.STALE)
    assert rule(rails(stale_after_intervals=5), 20, state) == (20, Guardrail.NONE)


def test_fallback_is_due_only_after_its_own_limit() -> None:
    guardrails = rails(stale_after_intervals=4, fallback_after_intervals=12)
    assert not guardrails.needs_fallback(batch(calm(metrics_age_s=180.0)))[0]
    assert guardrails.needs_fallback(batch(calm(metrics_age_s=181.0)))[0]


def test_no_scale_down_while_the_slo_is_violated() -> None:
    guardrails = rails(veto_down_violation_ratio=0.05)
    bad = calm(slo_violation_ratio=0.2)
    assert rule(guardrails, 5, bad) == (10, Guardrail.VIOLATING)
    assert rule(guardrails, 15, bad) == (15, Guardrail.NONE)
    assert rule(guardrails, 5, calm(slo_violation_ratio=None)) == (5, Guardrail.NONE)


def test_largest_steps() -> None:
    guardrails = rails(largest_step_up=3, largest_step_down_ratio=0.2)
    assert rule(guardrails, 20, calm()) == (13, Guardrail.STEP)
    assert rule(guardrails, 2, calm()) == (8, Guardrail.STEP)


def test_a_ratio_never_forbids_the_step_of_one() -> None:
    assert rule(rails(largest_step_up_ratio=0.01), 20, calm()) == (11, Guardrail.STEP)


def test_cool_down_after_scaling_up() -> None:
    guardrails = rails(cooldown_up_s=60, cooldown_down_s=120)
    assert rule(guardrails, 12, calm(time_s=0.0))[0] == 12
    assert rule(guardrails, 14, calm(time_s=45.0, replicas_desired=12)) == (
        12,
        Guardrail.COOLING_DOWN,
    )
    assert rule(guardrails, 14, calm(time_s=60.0, replicas_desired=12)) == (14, Guardrail.NONE)
    assert rule(guardrails, 5, calm(time_s=150.0, replicas_desired=14))[0] == 14
    assert rule(guardrails, 5, calm(time_s=180.0, replicas_desired=14))[0] == 5


def test_a_deployment_of_none_can_be_scaled_up() -> None:
    assert rule(rails(), 7, calm(replicas_desired=0)) == (7, Guardrail.NONE)
    assert rule(rails(largest_step_up_ratio=1.0), 7, calm(replicas_desired=0)) == (
        2,
        Guardrail.STEP | Guardrail.LIMITS,
    )


def test_stabilisation_keeps_the_highest_recent_wish() -> None:
    guardrails = rails(stabilization_down_s=60)
    wishes = [(0.0, 9), (15.0, 4), (30.0, 4), (45.0, 4)]
    ruled = [rule(guardrails, wish, calm(time_s=time_s))[0] for time_s, wish in wishes]
    assert ruled == [9, 9, 9, 9]
    assert rule(guardrails, 4, calm(time_s=60.0)) == (4, Guardrail.NONE)


def test_many_overrides_in_one_interval_do_not_cut_the_stabilisation_short() -> None:
    guardrails = rails(stabilization_down_s=60)
    assert rule(guardrails, 9, calm(time_s=0.0))[0] == 9
    for wish in (8, 7, 6, 5, 4, 3):
        rule(guardrails, wish, calm(time_s=15.0), operator=True)
    assert rule(guardrails, 3, calm(time_s=30.0)) == (9, Guardrail.STABILIZING)


def test_operators_are_held_only_by_steps_and_limits() -> None:
    guardrails = rails(veto_down_violation_ratio=0.05, cooldown_down_s=600, largest_step_up=5)
    bad = calm(slo_violation_ratio=0.9, metrics_age_s=1e6)
    assert rule(guardrails, 5, bad, operator=True) == (5, Guardrail.NONE)
    assert rule(guardrails, 30, bad, operator=True) == (15, Guardrail.STEP)
    assert rule(guardrails, 0, bad, operator=True) == (2, Guardrail.LIMITS)


def test_reset_forgets_cool_downs() -> None:
    guardrails = rails(cooldown_up_s=600)
    rule(guardrails, 12, calm(time_s=0.0))
    guardrails.reset(np.array([True]), [GuardrailSettings(**OFF, cooldown_up_s=600)], facts())
    assert rule(guardrails, 14, calm(time_s=15.0, replicas_desired=12))[0] == 14


def test_text_names_every_reason() -> None:
    text = guardrail_text(Guardrail.STEP | Guardrail.LIMITS, 99, 40)
    assert text == "99 became 40: step larger than allowed, outside the limits"
    assert guardrail_text(Guardrail.NONE, 4, 4) == ""
