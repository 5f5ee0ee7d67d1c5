"""The HPA as a policy, on a cluster's aggregates."""

from __future__ import annotations

import copy
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.agents.hpa import HpaPolicy, HpaSpec, PodPhase, Sample
from core.agents.hpa.pods import PodClass, classify
from core.agents.hpa.policy import REQUEST_MILLI, ReadyBefore, pods_of
from core.agents.hpa.rules import DEFAULT_BEHAVIOR, Behavior
from core.agents.hpa.spec import HpaSettings
from core.agents.registry import load_policy
from core.errors import InputError
from core.state import ClusterState, Decision
from tests.core.agents.factory import FACTS, make_situation, make_state
from tests.core.agents.hpa.factory import by_pods, cpu, cpu_value, memory, percent, rules, spec_of

MANIFEST = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 12
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
  - type: Resource
    resource: {name: memory, target: {type: Utilization, averageUtilization: 80}}
"""


def decided(policy: HpaPolicy, state: ClusterState) -> Decision:
    return policy.decide(make_situation(state))


def started(policy: HpaPolicy) -> HpaPolicy:
    policy.reset(FACTS)
    return policy


def state_at(
    time_s: float, *, cpu: float | None = 0.7, ready: int = 10, starting: int = 0
) -> ClusterState:
    made = make_state(time_s=time_s, cpu=cpu, ready=ready, desired=ready + starting)
    return replace(made, replicas_starting=starting)


# -- from aggregates to pods ----------------------------------------------------------------------


def test_ready_pods_all_use_the_mean_and_starting_pods_are_pending() -> None:
    ready, fresh, starting = pods_of(state_at(100.0, starting=3), (cpu(70), memory(80)), 100.0)
    assert fresh.count == 0
    assert (ready.count, ready.phase, ready.ready) == (10, PodPhase.RUNNING, True)
    assert ready.samples == {
        "cpu": Sample(700_000, 95.0),
        "memory": Sample(400_000, 95.0),
    }
    assert (starting.count, starting.phase, starting.ready) == (3, PodPhase.PENDING, None)
    assert starting.samples == {}
    assert ready.requests_milli == starting.requests_milli
    assert set(ready.requests_milli.values()) == {REQUEST_MILLI}


def test_what_is_not_measured_is_no_sample() -> None:
    ready, *_ = pods_of(state_at(100.0, cpu=None), (cpu(70), memory(80)), 100.0)
    assert set(ready.samples) == {"memory"}


def test_starting_pods_hold_back_scaling_up() -> None:
    assert decided(started(HpaPolicy()), state_at(15.0, cpu=1.4, ready=10)).target == 20
    # 10 at 140 % and 6 at nothing are 87 %: 1.24 × 16, rounded up.
    found = decided(started(HpaPolicy()), state_at(15.0, cpu=1.4, ready=10, starting=6))
    assert found.target == 20
    found = decided(started(HpaPolicy()), state_at(15.0, cpu=0.8, ready=10, starting=6))
    assert found == Decision(
        16, 0, "CPU 80 % of 70 % on 10 ready, too little to go by with 6 others: keep"
    )


def test_pods_that_just_became_ready_count_like_starting_ones() -> None:
    def after(ready_before: int, ready: int, cpu: float) -> int:
        policy = started(HpaPolicy())
        decided(policy, state_at(0.0, ready=ready_before, starting=16 - ready_before))
        return decided(policy, state_at(15.0, cpu=cpu, ready=ready, starting=16 - ready)).target

    # No sample is wholly of the time of the six: like starting ones, they use nothing.
    assert after(10, 16, 1.4) == after(10, 10, 1.4) == 20
    assert after(10, 16, 0.8) == 16
    # One sync later they count: 1.4 / 0.7 × 16.
    assert after(16, 16, 1.4) == 32


def test_memory_of_a_fresh_pod_counts() -> None:
    _, fresh, _ = pods_of(
        state_at(100.0), (cpu(70), memory(80)), 100.0, ReadyBefore(count=4, time_s=85.0)
    )
    classes = [classify(fresh, metric, 100.0, HpaSettings()) for metric in (cpu(70), memory(80))]
    assert fresh.count == 6
    assert classes == [PodClass.UNREADY, PodClass.READY]


def test_starting_pods_do_not_count_on_the_way_down() -> None:
    policy = started(HpaPolicy(down_stabilization_s=0.0))
    decided(policy, state_at(0.0))
    assert decided(policy, state_at(15.0, cpu=0.35, ready=10, starting=6)).target == 5


# -- time and windows -----------------------------------------------------------------------------


def test_syncs_exactly_one_window_apart_do_not_see_each_other() -> None:
    for behavior in (DEFAULT_BEHAVIOR, None):
        policy = started(HpaPolicy.from_spec(spec_of(cpu(70), behavior=behavior), "mine"))
        found = [decided(policy, state_at(t * 15.0, cpu=0.35)).target for t in range(1, 23)]
        assert found == [10] * 20 + [5] * 2


def test_its_own_windows_and_tolerance() -> None:
    policy = started(HpaPolicy(0.7, tolerance=0.5, down_stabilization_s=30.0))
    found = [
        decided(policy, state_at(t * 15.0, cpu=share)).target
        for t, share in enumerate((0.7, 1.05, 0.35, 0.34, 0.34))
    ]
    assert found == [10, 10, 10, 10, 5]


def test_limits_count_only_what_was_carried_out() -> None:
    slow = Behavior(rules(by_pods(4, 60)), rules(percent(100)))

    def policy() -> HpaPolicy:
        return started(HpaPolicy.from_spec(spec_of(cpu(70), behavior=slow), "mine"))

    shadow = policy()
    found = [decided(shadow, state_at(t * 15.0, cpu=1.4)).target for t in range(3)]
    assert found == [14, 14, 14]  # nobody follows, and the advice stays
    followed = policy()
    assert decided(followed, state_at(0.0, cpu=1.4)).target == 14
    assert decided(followed, state_at(15.0, cpu=1.4, ready=14)).target == 14
    halfway = policy()
    assert decided(halfway, state_at(0.0, cpu=1.4)).target == 14
    assert decided(halfway, state_at(15.0, cpu=1.4, ready=12)).target == 14
    against = policy()
    assert decided(against, state_at(0.0, cpu=1.4)).target == 14
    assert decided(against, state_at(15.0, cpu=1.4, ready=8)).target == 12


def test_copies_go_their_own_ways() -> None:
    policy = started(HpaPolicy())
    decided(policy, state_at(0.0))
    other = copy.deepcopy(policy)
    assert decided(policy, state_at(15.0, cpu=1.4)).target == 20
    assert decided(other, state_at(15.0, cpu=0.35)).target == 10


# -- manifests ------------------------------------------------------------------------------------


def test_a_manifest_is_followed_with_its_own_bounds(tmp_path: Path) -> None:
    path = tmp_path / "my-hpa.yaml"
    path.write_text(MANIFEST)
    policy = load_policy(f"hpa:{path}")
    assert isinstance(policy, HpaPolicy)
    assert (policy.name, policy.action_labels) == ("hpa:my-hpa.yaml", ())
    policy.reset(FACTS)
    assert decided(policy, state_at(0.0, cpu=1.0)).target == 12
    policy.reset(FACTS)
    assert decided(policy, state_at(0.0, ready=20)) == Decision(
        12, -8, "from 20 to maxReplicas, 12"
    )
    assert decided(policy, state_at(15.0, ready=2)) == Decision(3, 1, "from 2 to minReplicas, 3")


def test_facts_bound_the_policies_without_a_manifest() -> None:
    assert decided(started(HpaPolicy()), state_at(0.0, cpu=1.4, ready=30)).target == 40
    policy = started(HpaPolicy(down_stabilization_s=0.0))
    decided(policy, state_at(0.0))
    assert decided(policy, state_at(15.0, cpu=0.01)).target == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: Deployment", "found none."),
        (MANIFEST.replace("maxReplicas: 12", "maxReplicas: 1"), "spec.maxReplicas: expected"),
        (
            MANIFEST.replace(
                "{type: Utilization, averageUtilization: 80}",
                "{type: AverageValue, averageValue: 1Gi}",
            ),
            "found Resource memory with AverageValue.",
        ),
        (MANIFEST.replace("name: memory", "name: storage"), "found Resource storage with"),
    ],
)
def test_manifests_that_cannot_be_followed(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "my-hpa.yaml"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        load_policy(f"hpa:{path}")
    assert caught.value.message.startswith(f"{path}: ")
    assert message in caught.value.message


def test_a_missing_manifest_is_named() -> None:
    with pytest.raises(InputError, match="no such file or directory"):
        load_policy("hpa:nowhere/my-hpa.yaml")


def test_values_cannot_be_followed_on_a_cluster() -> None:
    with pytest.raises(InputError, match="expected metrics cpu or memory"):
        HpaPolicy.from_spec(spec_of(cpu_value(500)), "mine")


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "states", "words"),
    [
        (spec_of(cpu(70)), [state_at(0.0, cpu=0.75)], "CPU 75 % is within 0.1 of 70 %"),
        (spec_of(cpu(70)), [state_at(0.0, cpu=1.4)], "CPU 140 % of 70 % on 10 ready: 20"),
        (
            spec_of(cpu(70)),
            [state_at(0.0, cpu=2.8, starting=4)],
            "CPU 280 % of 70 % on 10 ready and 4 assumed: 40",
        ),
        (
            spec_of(cpu(70), behavior=None),
            [state_at(0.0, cpu=0.35)],
            "CPU 35 % of 70 % on 10 ready: 5, held by the highest of the last 5 min, 10",
        ),
        (
            spec_of(cpu(70), behavior=None),
            [state_at(0.0, cpu=7.0)],
            "CPU 700 % of 70 % on 10 ready: 100, limited to 20 by scale-up rate",
        ),
        (
            spec_of(
                cpu(70), behavior=Behavior(rules(percent(900), window_s=45), rules(percent(9)))
            ),
            [state_at(0.0, cpu=1.4)],
            "CPU 140 % of 70 % on 10 ready: 20, held by the lowest of the last 45 s, 10",
        ),
        (
            spec_of(cpu(70), behavior=Behavior(rules(percent(900)), rules(percent(9)))),
            [state_at(0.0), state_at(15.0, cpu=0.35)],
            "CPU 35 % of 70 % on 10 ready: 5, limited to 9 by scale-down rate",
        ),
        (
            spec_of(cpu(70), memory(20)),
            [state_at(0.0, cpu=1.0)],
            "memory 40 % of 20 % on 10 ready: 20",
        ),
        (
            spec_of(cpu(70), memory(80)),
            [state_at(0.0, cpu=None)],
            "keep: memory 40 % of 80 % on 10 ready: 5, but no scaling down while CPU fails",
        ),
        (spec_of(cpu(70)), [state_at(0.0, cpu=None)], "keep: no CPU metric of ready pods"),
        (
            spec_of(cpu(70), memory(80)),
            [state_at(0.0, ready=0, starting=4)],
            "keep: no usable metric of ready pods",
        ),
        (
            spec_of(cpu(70)),
            [state_at(0.0, ready=0)],
            "keep: an HPA leaves a workload with 0 replicas alone",
        ),
    ],
)
def test_reasons_in_words(spec: HpaSpec, states: list[ClusterState], words: str) -> None:
    policy = started(HpaPolicy.from_spec(spec, "mine"))
    assert [decided(policy, state).reason for state in states][-1] == words


# -- speed ----------------------------------------------------------------------------------------


def test_a_decision_on_60_pods_takes_at_most_100_microseconds() -> None:
    policy = started(HpaPolicy(down_stabilization_s=3600.0))
    situations = [
        make_situation(state_at(turn * 15.0, cpu=0.5 + 0.1 * (turn % 7), ready=50, starting=10))
        for turn in range(300)
    ]
    best_s = []
    for situation in situations:
        begin = time.perf_counter()
        policy.decide(situation)
        best_s.append(time.perf_counter() - begin)
    # The median, so that a busy machine does not decide.
    assert sorted(best_s)[len(best_s) // 2] <= 100e-6
