from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.owners import (
    Owner,
    OwnerKind,
    active_owner,
    find_owners,
    is_paused,
    scaling_owners,
)
from core.errors import ClusterError, ClusterProblem
from tests.core.cluster.kubernetes.live import settings
from tests.stack.faults import api_status

if TYPE_CHECKING:
    from tests.stack.stack import Stack


def test_an_hpa_is_found_whatever_version_the_server_has(stack: Stack, namespace: str) -> None:
    connection = Connection.open(settings(stack, namespace))
    stack.create_deployment(namespace, "web", 0)
    stack.create_deployment(namespace, "api", 0)
    stack.create_hpa(namespace, "api", 1, 3)
    assert find_owners(connection, connection.target("web")) == ()
    stack.create_hpa(namespace, "web", 2, 9)
    found = find_owners(connection, connection.target("web"))
    assert found == (Owner(OwnerKind.HPA, "web", 2, 9),)
    assert str(found[0]) == "HorizontalPodAutoscaler web"


def test_a_scaled_object_is_found_and_may_be_paused(stack: Stack, namespace: str) -> None:
    connection = Connection.open(settings(stack, namespace))
    stack.create_deployment(namespace, "web", 0)
    stack.create_scaled_object(namespace, "web")
    (owner,) = find_owners(connection, connection.target("web"))
    assert (owner.kind, owner.name, owner.paused) == (OwnerKind.KEDA, "web", False)
    with stack.api_proxy.inject(api_status(403), path="scaledobjects"):
        assert find_owners(connection, connection.target("web")) == ()


@pytest.mark.parametrize("code", [403, 500])
def test_not_knowing_is_no_freedom(stack: Stack, namespace: str, code: int) -> None:
    connection = Connection.open(settings(stack, namespace))
    with (
        stack.api_proxy.inject(api_status(code), path="horizontalpodautoscalers"),
        pytest.raises(ClusterError) as caught,
    ):
        find_owners(connection, connection.target("web"))
    assert caught.value.problem in (ClusterProblem.FORBIDDEN, ClusterProblem.SERVER)


def test_what_a_paused_scaled_object_made_does_not_scale_either() -> None:
    keda = Owner(OwnerKind.KEDA, "web", 1, 9, paused=True)
    made = Owner(OwnerKind.HPA, "keda-hpa-web", 1, 9, managed_by="web")
    plain = Owner(OwnerKind.HPA, "web", 1, 9)
    assert scaling_owners((made, keda)) == ()
    assert active_owner((made, keda)) is None
    assert scaling_owners((made, keda, plain)) == (plain,)
    awake = replace(keda, paused=False)
    assert scaling_owners((made, awake)) == (made, awake)
    assert active_owner((made, awake)) == awake
    assert active_owner((made,)) == made, "its ScaledObject may not be readable"


@pytest.mark.parametrize(
    ("annotations", "paused"),
    [
        ({}, False),
        ({"paused": "true"}, True),
        ({"paused": "0"}, False),
        ({"paused": "F"}, False),
        ({"paused": "perhaps"}, True),
        ({"paused-replicas": "0"}, True),
    ],
)
def test_a_scaled_object_is_paused_as_keda_sees_it(
    annotations: dict[str, str], paused: bool
) -> None:
    named = {f"autoscaling.keda.sh/{name}": value for name, value in annotations.items()}
    assert is_paused({"metadata": {"annotations": named}}) is paused
