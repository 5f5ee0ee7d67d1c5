from __future__ import annotations

from dataclasses import replace

import pytest

from core.agents.keda import Activation, KedaPolicy, activate
from core.agents.registry import load_policy
from core.errors import InputError
from core.state import DeploymentFacts
from tests.core.agents.factory import FACTS, make_situation, make_state


def started(policy: KedaPolicy, facts: DeploymentFacts = FACTS) -> KedaPolicy:
    policy.reset(facts)
    return policy


@pytest.mark.parametrize(
    ("rps", "desired", "target"),
    [
        (350.0, 10, 10),
        (385.0, 10, 10),  # 11 pods' worth: within the HPA's tolerance of 10 %, bound included
        (385.1, 10, 12),
        (35.1 * 11, 10, 12),
        (700.0, 10, 20),
        (900.0, 10, 20),  # an HPA without behavior at most doubles
        (100.0, 10, 10),  # and waits five minutes before it goes down
        (5000.0, 30, 40),
    ],
)
def test_the_rate_by_the_threshold_goes_through_an_hpa(
    rps: float, desired: int, target: int
) -> None:
    policy = started(KedaPolicy())  # 70 % of 50 rps
    decision = policy.decide(make_situation(make_state(rps=rps, desired=desired)))
    assert (decision.target, decision.change) == (target, target - desired)
    assert decision.reason.startswith("rps ")


def test_ready_pods_do_not_matter() -> None:
    decision = started(KedaPolicy(25.0)).decide(make_situation(make_state(rps=400.0, ready=1)))
    assert decision.target == 16


def test_it_goes_down_after_the_window_to_the_highest_of_it() -> None:
    policy, desired, found = started(KedaPolicy()), 10, []
    for turn in range(30):
        state = make_state(time_s=turn * 15.0, rps=105.0 if turn else 350.0, desired=desired)
        desired = policy.decide(make_situation(state)).target
        found.append(desired)
    # 350 rps at turn 0 ask for 10, as does the count found there; both count for 300 s.
    assert found[:20] == [10] * 20
    assert set(found[21:]) == {3}


def test_a_gap_changes_nothing() -> None:
    decision = started(KedaPolicy()).decide(make_situation(make_state(rps=None)))
    assert (decision.target, decision.change, decision.reason) == (10, 0, "keep: no request rate")


def test_nothing_is_scaled_to_zero_unless_zero_is_allowed() -> None:
    assert activate(Activation(0.0), 0.0, 9999.0, 5, low=1) == (None, Activation(0.0))


def test_activation_and_cooldown() -> None:
    waking, awake = activate(Activation(), 3.0, 100.0, 0, low=0)
    assert (waking, awake) == (1, Activation(100.0))
    assert activate(awake, 3.0, 150.0, 4, low=0) == (None, Activation(150.0))
    for now_s, wanted in ((100.0, None), (399.0, None), (400.0, None), (400.1, 0)):
        assert activate(awake, 0.0, now_s, 4, low=0) == (wanted, awake)
    assert activate(awake, 0.0, 200.0, 0, low=0)[0] == 0
    assert activate(awake, None, 9999.0, 4, low=0)[0] is None
    assert activate(Activation(), 0.0, 10.0, 4, low=0)[0] == 0  # never any traffic


def test_a_deployment_that_may_sleep() -> None:
    policy = started(KedaPolicy(), replace(FACTS, min_replicas=0))
    desired, found = 1, []
    for turn, rps in enumerate([20.0, *[0.0] * 23, 20.0]):
        state = make_state(time_s=turn * 15.0, rps=rps, desired=desired, ready=desired)
        decision = policy.decide(make_situation(state))
        desired = decision.target
        found.append(desired)
    assert found == [1] * 20 + [0] * 4 + [1]
    assert decision.reason == "wake up: there is traffic"


def test_names_and_thresholds() -> None:
    assert load_policy("keda").name == "keda"
    assert load_policy("keda:40").name == "keda:40"
    for spec in ("keda:", "keda:x", "keda:0", "keda:-1", "keda:nan", "keda:inf", "keda:40:2"):
        with pytest.raises(InputError) as caught:
            load_policy(spec)
        assert "keda:40" in caught.value.hint
