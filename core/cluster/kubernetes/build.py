"""Puts a real Deployment together: connection, observer, and what may be written."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from core.clock import Clock
from core.cluster.kubernetes.access import Access, LeasedAccess, ReadOnlyAccess
from core.cluster.kubernetes.actuator import Leave, ReplicaActuator
from core.cluster.kubernetes.authority import WriteAuthority
from core.cluster.kubernetes.cluster import KubernetesCluster
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.event_recorder import EventRecorder, NoRecorder
from core.cluster.kubernetes.floor_actuator import FloorActuator
from core.cluster.kubernetes.lease import DURATION_S, DeploymentLease
from core.cluster.kubernetes.metrics.sources import open_metrics
from core.cluster.kubernetes.observer import ClusterObserver
from core.cluster.kubernetes.owners import active_owner, find_owners
from core.cluster.kubernetes.scale_actuator import ScaleActuator
from core.cluster.kubernetes.settings import Actuator, KubernetesSettings, OnExit
from core.cluster.kubernetes.target import Target
from core.errors import ClusterError
from core.state import DeploymentFacts


def open_cluster(
    settings: KubernetesSettings,
    facts: DeploymentFacts,
    clock: Clock,
    rng: np.random.Generator,
    *,
    write: bool,
    holder: str,
    duration_s: float | None = None,
    past: Callable[[Callable[[bool], int | None]], str] | None = None,
    lease_s: float = DURATION_S,
) -> KubernetesCluster:
    """A Deployment to observe and, if asked for, to scale; nothing is asked of the cluster yet.

    Args:
        settings: Which Deployment, how to measure it, how to write.
        facts: What is known about it.
        clock: Paces everything.
        rng: Spreads retries.
        write: Whether it may ever be written to; control has to be confirmed and taken besides.
        holder: Who we are, for the lease.
        duration_s: When it counts as finished; None: never.
        past: Told once how to look what stands there (replicas, or an HPA's floor where the
            argument is True); says what became of what an engine before had begun, in words.
        lease_s: How long the lease lasts without renewal.

    Raises:
        InputError: There is no such kubeconfig, context or secret.
    """
    connection = Connection.open(settings)
    try:
        metrics = open_metrics(connection, settings, facts, clock)
    except BaseException:
        connection.close()
        raise
    observer = ClusterObserver(connection, settings, facts, metrics, clock, rng)
    target = connection.target(settings.deployment)
    access: Access = ReadOnlyAccess()
    if write:
        access = _access(connection, target, settings, clock, holder, lease_s)
    standing = _standing(connection, target, observer)
    return KubernetesCluster(
        target,
        facts,
        observer,
        access,
        EventRecorder(connection, target, clock) if write else NoRecorder(),
        _scaled_by(connection, target),
        clock,
        duration_s,
        recall=(lambda: past(standing)) if past is not None else None,
        closing=connection.close,
    )


def _access(
    connection: Connection,
    target: Target,
    settings: KubernetesSettings,
    clock: Clock,
    holder: str,
    lease_s: float,
) -> Access:
    authority = WriteAuthority(target, allowed=True)
    lease = DeploymentLease(connection, target, holder, clock, lease_s)
    leave = Leave(authority, lease, clock)
    steers_floor = settings.actuator is Actuator.HPA_FLOOR
    actuator: ReplicaActuator = ScaleActuator(connection, target, leave)
    if steers_floor:
        assert settings.floor_min is not None
        assert settings.floor_max is not None
        actuator = FloorActuator(connection, target, leave, settings.floor_min, settings.floor_max)
    return LeasedAccess(
        authority,
        lease,
        actuator,
        restores_at_exit=settings.exit_rule is OnExit.RESTORE,
        hands_back=steers_floor,
    )


def _scaled_by(connection: Connection, target: Target) -> Callable[[], str]:
    def name() -> str:
        try:
            owner = active_owner(find_owners(connection, target))
        except ClusterError:
            # Who it was is good to know, but nothing depends on it.
            return ""
        return str(owner) if owner is not None else ""

    return name


def _standing(
    connection: Connection, target: Target, observer: ClusterObserver
) -> Callable[[bool], int | None]:
    def look(at_floor: bool) -> int | None:
        if not at_floor:
            return observer.view.desired
        owner = active_owner(find_owners(connection, target))
        return owner.min_replicas if owner is not None else None

    return look
