from __future__ import annotations

import pytest

from core.cluster.kubernetes.lease import lease_name
from core.errors import RunError
from tests.core.cluster.kubernetes.acting.conftest import LEASE_S, HandOf
from tests.stack.faults import api_status
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases/rlscale-web"


def holder(stack: Stack, namespace: str) -> str:
    return str(stack.get(LEASES.format(namespace))["spec"]["holderIdentity"])


def test_two_engines_never_hold_it(stack: Stack, namespace: str, hand: HandOf) -> None:
    first, second = hand("first"), hand("second", take=False)
    assert first.lease.held
    with pytest.raises(RunError, match=r"expected nobody else to control .*, found first"):
        second.lease.acquire()
    assert not second.lease.held
    first.lease.release()
    assert not first.lease.held
    second.lease.acquire()
    assert second.lease.held
    assert holder(stack, namespace) == "second"


def test_a_living_holder_is_not_waited_out(stack: Stack, namespace: str, hand: HandOf) -> None:
    first = hand("first", lease_s=LEASE_S)
    second = hand("second", take=False, lease_s=LEASE_S)
    with pytest.raises(RunError, match="found first"):
        second.lease.acquire(patient=True)
    assert first.lease.held


def test_a_dead_holder_is_waited_out(stack: Stack, namespace: str, hand: HandOf) -> None:
    hand("first", lease_s=LEASE_S).connection.close()
    # Without its thread nothing renews it: as after a kill.
    lease = stack.get(LEASES.format(namespace))
    spec = {**lease["spec"], "holderIdentity": "killed"}
    stack.send("PATCH", LEASES.format(namespace), {"spec": spec})
    second = hand("second", take=False, lease_s=LEASE_S)
    second.lease.acquire(patient=True)
    assert second.lease.held
    assert holder(stack, namespace) == "second"


def test_whoever_loses_it_stops_at_once(stack: Stack, namespace: str, hand: HandOf) -> None:
    first = hand("first", lease_s=LEASE_S)
    stack.send("PATCH", LEASES.format(namespace), {"spec": {"holderIdentity": "thief"}})
    wait_until(lambda: not first.lease.held, "the loss to be noticed", 2 * LEASE_S)
    wait_until(lambda: first.lease.taken_by, "the reason to be known", 2 * LEASE_S)
    assert "found thief" in first.lease.taken_by
    assert not first.lease.wanted
    first.lease.release()
    assert holder(stack, namespace) == "thief", "what is not ours is not released"


def test_without_renewal_it_is_not_held_and_with_it_again(
    stack: Stack, namespace: str, hand: HandOf
) -> None:
    first = hand("first", context="proxied", lease_s=LEASE_S)
    with stack.api_proxy.inject(api_status(503), path="/leases/"):
        wait_until(lambda: not first.lease.held, "the lease to run out", 2 * LEASE_S)
        assert first.lease.wanted, "nobody took it, so it may come back"
        assert not first.lease.taken_by
    wait_until(lambda: first.lease.held, "the lease to be renewed", 2 * LEASE_S)


def test_names_of_leases_are_valid_and_differ() -> None:
    assert lease_name("web") == "rlscale-web"
    long = ["a" * 100 + "1", "a" * 100 + "2"]
    names = {lease_name(name) for name in long}
    assert len(names) == 2
    assert all(len(name) <= 63 for name in names)
