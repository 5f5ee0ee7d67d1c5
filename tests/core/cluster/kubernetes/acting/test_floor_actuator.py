from __future__ import annotations

from typing import Any

import pytest

from core.cluster.kubernetes.floor_actuator import ORIGINAL_FLOOR, FloorActuator
from core.errors import InputError
from tests.core.cluster.kubernetes.acting.conftest import Hand, HandOf
from tests.stack.faults import Drop
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

HPAS = r"/horizontalpodautoscalers/web"


def actuator(hand: Hand, lowest: int = 1, highest: int = 6) -> FloorActuator:
    made = FloorActuator(hand.connection, hand.target, hand.leave, lowest, highest)
    made.begin()
    return made


def hpa_path(namespace: str) -> str:
    return f"/apis/autoscaling/v1/namespaces/{namespace}/horizontalpodautoscalers/web"


def hpa(stack: Stack, namespace: str) -> dict[str, Any]:
    return stack.get(hpa_path(namespace))


def set_floor(stack: Stack, namespace: str, replicas: int) -> None:
    """Somebody moves the floor of the HPA."""
    stack.send("PATCH", hpa_path(namespace), {"spec": {"minReplicas": replicas}})


def floor(stack: Stack, namespace: str) -> int:
    return int(hpa(stack, namespace)["spec"]["minReplicas"])


def test_the_hpa_follows_its_floor_and_gets_it_back(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    acting = actuator(hand())
    assert acting.setpoint == 2
    assert acting.apply(2, 4).outcome.accepted
    assert acting.setpoint == 4
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the HPA to raise the replicas")
    assert hpa(stack, namespace)["metadata"]["annotations"][ORIGINAL_FLOOR] == "2"
    assert acting.original == 2
    assert acting.restore(4).outcome.accepted
    after = hpa(stack, namespace)
    assert after["spec"]["minReplicas"] == 2
    assert ORIGINAL_FLOOR not in after["metadata"].get("annotations", {})
    assert acting.original is None


def test_the_floor_stays_inside_the_operators_bounds(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 5)
    acting = actuator(hand(), lowest=2, highest=6)
    assert acting.apply(2, 40).outcome.accepted
    assert floor(stack, namespace) == 5, "nor does it pass the HPA's own limit"
    assert not acting.needs(5, 40)
    assert acting.apply(5, 1).outcome.accepted
    assert floor(stack, namespace) == 2


def test_a_floor_that_a_killed_engine_left_is_known(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    first = hand("first")
    assert actuator(first).apply(2, 5).outcome.accepted
    first.lease.release()
    later = FloorActuator((second := hand("second")).connection, second.target, second.leave, 1, 8)
    assert "left behind; it was 2 before" in later.begin()
    assert later.restore(5).outcome.accepted
    assert floor(stack, namespace) == 2


def test_a_floor_that_somebody_set_since_is_no_leftover(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    one = hand()
    assert actuator(one).apply(2, 5).outcome.accepted
    set_floor(stack, namespace, 3)
    later = actuator(one)
    assert later.original is None
    assert later.restore(3).outcome.accepted
    assert floor(stack, namespace) == 3


def test_somebody_elses_floor_is_noticed_and_left_alone(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    acting = actuator(hand())
    set_floor(stack, namespace, 3)
    write = acting.apply(2, 5)
    assert (write.outcome.accepted, write.found) == (False, 3)
    set_floor(stack, namespace, 4)
    looked = acting.look()
    assert looked is not None
    assert looked.found == 4
    assert floor(stack, namespace) == 4


def in_doubt(stack: Stack, namespace: str, hand: HandOf) -> FloorActuator:
    """An actuator that has moved the floor from 2 to 5 without an answer."""
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    acting = actuator(hand(context="proxied"))
    with stack.api_proxy.inject(Drop(), method="PATCH", path=HPAS, query=r"^(?!.*dryRun)"):
        assert acting.apply(2, 5).outcome.in_doubt
    return acting


def test_a_move_without_an_answer_is_known_at_the_next_look(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    acting = in_doubt(stack, namespace, hand)
    set_floor(stack, namespace, 5)
    looked = acting.look()
    assert looked is not None
    assert looked.outcome.accepted, "it is what we asked for, so it is ours"
    assert acting.setpoint == 5


@pytest.mark.parametrize("found", [5, 2, 3], ids=["done", "not-done", "somebody-elses"])
def test_a_move_without_an_answer_is_put_back_if_it_is_ours(
    stack: Stack, namespace: str, hand: HandOf, found: int
) -> None:
    acting = in_doubt(stack, namespace, hand)
    set_floor(stack, namespace, found)
    write = acting.restore(2)
    assert write.outcome.accepted is (found != 3)
    assert floor(stack, namespace) == (3 if found == 3 else 2)


def test_there_must_be_exactly_one_hpa_and_no_keda(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    one = hand()
    with pytest.raises(InputError, match=r"expected one HPA on .*, found none"):
        actuator(one)
    stack.create_hpa(namespace, "web", 2, 8)
    stack.create_scaled_object(namespace, "web")
    with pytest.raises(InputError, match="found ScaledObject web"):
        actuator(one)
