from __future__ import annotations

import pytest

from core.cluster.kubernetes.actuator import ATTEMPTS
from core.cluster.kubernetes.scale_actuator import ScaleActuator
from core.errors import InputError
from tests.core.cluster.kubernetes.acting.conftest import Hand, HandOf
from tests.stack.faults import Answer, Drop, Hang, Rewrite, api_status
from tests.stack.stack import Stack

SCALE = r"/deployments/web/scale"
REAL = r"^(?!.*dryRun)"
"""Queries without a dry run."""


def actuator(hand: Hand) -> ScaleActuator:
    made = ScaleActuator(hand.connection, hand.target, hand.leave)
    made.begin()
    return made


def test_replicas_are_set_after_a_dry_run(stack: Stack, namespace: str, hand: HandOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand())
    mark = stack.audit.mark()
    write = acting.apply(2, 4)
    assert (write.outcome.accepted, write.found) == (True, None)
    assert stack.replicas(namespace, "web") == 4
    calls = [
        (entry.verb, entry.dry_run, (entry.request or {}).get("spec"))
        for entry in stack.audit.entries(mark, "admin", namespace)
        if entry.subresource == "scale"
    ]
    # Starting pods may touch the Deployment meanwhile; then all three are repeated.
    assert calls[-3:] == [
        ("get", False, None),
        ("patch", True, {"replicas": 4}),
        ("patch", False, {"replicas": 4}),
    ]
    assert acting.original == 2
    assert acting.restore(4).outcome.accepted
    assert stack.replicas(namespace, "web") == 2


def test_a_write_carries_the_version_that_was_looked_at(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    """Between the look and the write somebody scales: theirs stays."""
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand(context="proxied"))
    found = stack.get(f"/apis/apps/v1/namespaces/{namespace}/deployments/web")
    stack.scale(namespace, "web", 7)

    def as_before(answer: dict[str, dict[str, object]]) -> dict[str, dict[str, object]]:
        answer["metadata"]["resourceVersion"] = found["metadata"]["resourceVersion"]
        answer["spec"]["replicas"] = 2
        return answer

    # The proxy answers the dry run, so that only the write itself meets the change.
    proxy, dry_run = stack.api_proxy, Answer(200, "{}")
    with (
        proxy.inject(Rewrite(as_before), method="GET", path=SCALE),
        proxy.inject(dry_run, method="PATCH", path=SCALE, query="dryRun") as dry,
    ):
        write = acting.apply(2, 4)
        assert dry.hits == ATTEMPTS, "a conflict is tried again, after another look"
    assert not write.outcome.accepted
    assert "kept changing" in write.outcome.message
    assert stack.replicas(namespace, "web") == 7


def test_somebody_elses_replicas_are_left_alone(stack: Stack, namespace: str, hand: HandOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand())
    stack.scale(namespace, "web", 5)
    write = acting.apply(2, 4)
    assert (write.outcome.accepted, write.found) == (False, 5)
    assert "somebody else set the replicas to 5" in write.outcome.message
    assert stack.replicas(namespace, "web") == 5


def test_one_conflict_is_no_matter(stack: Stack, namespace: str, hand: HandOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand(context="proxied"))
    with stack.api_proxy.inject(
        api_status(409), method="PATCH", path=SCALE, query=REAL, times=1
    ) as conflict:
        assert acting.apply(2, 3).outcome.accepted
        assert conflict.hits == 1
    assert stack.replicas(namespace, "web") == 3


def test_an_hpa_is_named_and_left_in_charge(stack: Stack, namespace: str, hand: HandOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand())
    stack.create_hpa(namespace, "web", 2, 5)
    mark = stack.audit.mark()
    write = acting.apply(2, 4)
    assert write.outcome.message == "HorizontalPodAutoscaler web scales the Deployment"
    with pytest.raises(InputError, match=r"found HorizontalPodAutoscaler web.*hpa-floor"):
        acting.begin()
    assert stack.audit.writes(mark, "admin", namespace) == []


def test_a_keda_object_is_named_and_left_in_charge(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_scaled_object(namespace, "web")
    with pytest.raises(InputError, match=r"found ScaledObject web.*Pause or delete"):
        actuator(hand())


def test_nothing_is_written_without_the_lease_or_the_permission(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    without_lease = actuator(hand("a", take=False))
    without_permission = actuator(hand("b", confirmed=False))
    mark = stack.audit.mark()
    assert "lease" in without_lease.apply(2, 4).outcome.message
    assert "confirmed permission" in without_permission.apply(2, 4).outcome.message
    scalings = [entry for entry in stack.audit.entries(mark) if entry.subresource == "scale"]
    assert scalings == []


def test_what_is_forbidden_is_said(stack: Stack, namespace: str, hand: HandOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    groups: list[dict[str, object]] = [
        {"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get"]},
        {
            "apiGroups": ["autoscaling"],
            "resources": ["horizontalpodautoscalers"],
            "verbs": ["get", "list"],
        },
        {
            "apiGroups": ["coordination.k8s.io"],
            "resources": ["leases"],
            "verbs": ["get", "create", "update"],
        },
    ]
    stack.grant(namespace, "limited", groups)
    acting = actuator(hand(user="limited"))
    write = acting.apply(2, 4)
    assert not write.outcome.accepted
    assert not write.outcome.in_doubt
    assert "forbidden" in write.outcome.message.lower()
    assert stack.replicas(namespace, "web") == 2


def test_a_deleted_deployment_is_said(stack: Stack, namespace: str, hand: HandOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand())
    stack.delete(f"/apis/apps/v1/namespaces/{namespace}/deployments/web")
    write = acting.apply(2, 4)
    assert not write.outcome.accepted
    assert "found none" in write.outcome.message or "not found" in write.outcome.message


def test_a_server_that_asks_to_wait_is_not_asked_again(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand(context="proxied"))
    with stack.api_proxy.inject(
        api_status(429, retry_after_s=30), method="PATCH", path=SCALE
    ) as throttled:
        assert not acting.apply(2, 4).outcome.accepted
        again = acting.apply(2, 4).outcome
        assert throttled.hits == 1
    assert "asked not to be called again for 30 s" in again.message
    assert stack.replicas(namespace, "web") == 2


@pytest.mark.parametrize("fault", [api_status(500), Drop(), Hang()], ids=["500", "dropped", "slow"])
def test_a_write_without_an_answer_is_in_doubt(
    stack: Stack, namespace: str, hand: HandOf, fault: Answer | Drop | Hang
) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand(context="proxied"))
    with stack.api_proxy.inject(fault, method="PATCH", path=SCALE, query=REAL) as injected:
        write = acting.apply(2, 4)
        assert injected.hits == 1, "never tried blindly once more"
    assert not write.outcome.accepted
    assert write.outcome.in_doubt


def test_nothing_counts_as_restored_that_was_not_looked_at(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand())
    assert acting.apply(2, 4).outcome.accepted
    assert acting.apply(4, 2).outcome.accepted
    stack.scale(namespace, "web", 5)
    assert acting.standing() == 5
    write = acting.restore(2)
    assert (write.outcome.accepted, write.found) == (False, 5)
    mark = stack.audit.mark()
    assert acting.restore(5).outcome.accepted
    assert acting.restore(2).outcome.accepted, "it is as it was found"
    writes = [entry.request for entry in stack.audit.writes(mark, "admin", namespace)]
    assert all((request or {})["spec"] == {"replicas": 2} for request in writes)
    assert stack.replicas(namespace, "web") == 2


def test_a_dry_run_without_an_answer_is_no_doubt(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    acting = actuator(hand(context="proxied"))
    with stack.api_proxy.inject(Hang(), method="PATCH", path=SCALE, query="dryRun"):
        write = acting.apply(2, 4)
    assert not write.outcome.accepted
    assert not write.outcome.in_doubt
    assert stack.replicas(namespace, "web") == 2
