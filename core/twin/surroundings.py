"""What only the cluster itself knows: pods that run now, and the bounds of an HPA."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from kubernetes import client

from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.owners import find_owners
from core.cluster.kubernetes.pods import classify, label_selector
from core.cluster.kubernetes.settings import KubernetesSettings
from core.cluster.kubernetes.translation import translated
from core.errors import ClusterError, InputError
from core.twin.recording import Recording


def with_surroundings(
    recording: Recording, settings: KubernetesSettings
) -> tuple[Recording, tuple[str, ...]]:
    """Complete a recording from the API; where that is not possible, say so and go on.

    Args:
        recording: From Prometheus.
        settings: Which Deployment.

    Returns:
        The recording, and what could not be read, one line each.
    """
    try:
        connection = Connection.open(settings)
    except InputError as error:
        return recording, (f"The cluster was not asked for pods and HPAs: {error.message}",)
    notes: list[str] = []
    try:
        try:
            found = _startups(connection, settings.deployment)
            # The history has these and the pods that are gone; only without one they are all.
            if not len(recording.startup_s):
                recording = replace(recording, startup_s=np.array(found, dtype=np.float64))
        except ClusterError as error:
            notes.append(f"Start-up times of the pods that run were not read: {error.message}")
        try:
            recording = _with_bounds(recording, connection, settings.deployment)
        except ClusterError as error:
            notes.append(f"Bounds of an HPA were not read: {error.message}")
    finally:
        connection.close()
    return recording, tuple(notes)


def _startups(connection: Connection, deployment: str) -> list[float]:
    target = connection.target(deployment)
    what = f"list the pods of {target}"
    listing = connection.read(
        f"read Deployment {target}",
        client.AppsV1Api(connection.client).read_namespaced_deployment,
        deployment,
        target.namespace,
    )
    with translated(what, connection.server):
        selector = label_selector(listing["spec"]["selector"])
    pods = connection.read(
        what,
        client.CoreV1Api(connection.client).list_namespaced_pod,
        target.namespace,
        label_selector=selector,
    )
    with translated(what, connection.server):
        reports = [classify(pod) for pod in pods.get("items") or ()]
    return [one.startup_s for one in reports if one.startup_s is not None]


def _with_bounds(recording: Recording, connection: Connection, deployment: str) -> Recording:
    for owner in find_owners(connection, connection.target(deployment)):
        if owner.min_replicas is not None and owner.max_replicas is not None:
            return replace(
                recording, min_replicas=owner.min_replicas, max_replicas=owner.max_replicas
            )
    return recording
