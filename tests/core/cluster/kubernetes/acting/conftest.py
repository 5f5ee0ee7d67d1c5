"""Connections to the tests' cluster, and the parts that write to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from core.clock import SystemClock
from core.cluster.kubernetes.actuator import Leave
from core.cluster.kubernetes.authority import WriteAuthority
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.lease import DeploymentLease
from core.cluster.kubernetes.settings import AccessSettings
from core.cluster.kubernetes.target import Target
from tests.stack.stack import Stack

LEASE_S = 2.0
"""Short, so that tests need not wait."""


@dataclass(frozen=True, slots=True)
class Hand:
    """Everything that writing to one Deployment takes, with the permission given."""

    connection: Connection
    target: Target
    lease: DeploymentLease
    leave: Leave


HandOf = Callable[..., Hand]


@pytest.fixture
def hand(stack: Stack, namespace: str) -> Iterator[HandOf]:
    """Makes hands on the Deployment `web`; call it as the user and through the context wanted."""
    made: list[Hand] = []

    def make(
        holder: str = "first",
        *,
        user: str = "admin",
        context: str = "direct",
        take: bool = True,
        confirmed: bool = True,
        lease_s: float = 15.0,
    ) -> Hand:
        connection = Connection.open(
            AccessSettings(
                kubeconfig=stack.kubeconfig(user),
                context=context,
                namespace=namespace,
                request_timeout_s=1.0,
            )
        )
        target = connection.target("web")
        clock = SystemClock()
        authority = WriteAuthority(target, allowed=True)
        if confirmed:
            authority.confirm(str(target))
        lease = DeploymentLease(connection, target, holder, clock, lease_s)
        if take:
            lease.acquire()
        made.append(Hand(connection, target, lease, Leave(authority, lease, clock)))
        return made[-1]

    yield make
    for one in made:
        one.lease.close()
        one.connection.close()
