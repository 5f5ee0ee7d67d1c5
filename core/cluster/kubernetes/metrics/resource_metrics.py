"""Measures CPU and memory through metrics.k8s.io, where there is no Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from kubernetes import client
from kubernetes.utils.quantity import parse_quantity

from core.clock import Clock
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.metrics.sample import MetricsSample
from core.cluster.kubernetes.pods import label_selector
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.translation import translated
from core.errors import ClusterError, ClusterProblem

Json = Mapping[str, Any]

MISSING_NOTICE = (
    "no Prometheus: CPU and memory only, from metrics.k8s.io; request rate, latency, errors and "
    "SLO violations are not known"
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the pods of a Deployment use of what they requested."""

    cpu: float | None
    memory: float | None
    taken_at_s: float | None
    """Time of the newest sample, seconds since the epoch; None if there is none."""


class ResourceMetrics:
    """Asks the resource metrics API, which metrics-server implements.

    Args:
        connection: To the cluster; not closed by this.
        target: Whose pods.
        container: The one to look at; None means all of a pod.
        clock: For the age of samples.
    """

    def __init__(
        self, connection: Connection, target: Target, container: str | None, clock: Clock
    ) -> None:
        self._connection = connection
        self._target = target
        self._container = container
        self._clock = clock

    @property
    def measures_traffic(self) -> bool:
        """Never."""
        return False

    def sample(self) -> MetricsSample:
        """Measure now."""
        notices = [MISSING_NOTICE]
        try:
            deployment = self._read_deployment()
            usage = self._read_usage(deployment)
        except ClusterError as error:
            message = error.message
            if error.problem is ClusterProblem.NOT_FOUND and "metrics of" in message:
                message = (
                    "metrics.k8s.io does not exist here: install metrics-server or give a "
                    "prometheus_url."
                )
            return MetricsSample(problems=(message,), notices=tuple(notices))
        for name, value in (("CPU", usage.cpu), ("memory", usage.memory)):
            if value is None and usage.taken_at_s is not None:
                notices.append(f"the pods request no {name}, so its share is not known")
        age_s = None
        if usage.taken_at_s is not None:
            age_s = max(self._clock.now() - usage.taken_at_s, 0.0)
        return MetricsSample(
            cpu_utilization=usage.cpu,
            memory_utilization=usage.memory,
            age_s=age_s,
            notices=tuple(notices),
        )

    def _read_deployment(self) -> Json:
        return self._connection.read(
            f"read Deployment {self._target}",
            client.AppsV1Api(self._connection.client).read_namespaced_deployment,
            self._target.deployment,
            self._target.namespace,
        )

    def _read_usage(self, deployment: Json) -> Usage:
        what = f"read the resource metrics of {self._target}"
        with translated(what, self._connection.server):
            selector = label_selector(deployment["spec"]["selector"])
        listing = self._connection.read(
            what,
            client.CustomObjectsApi(self._connection.client).list_namespaced_custom_object,
            "metrics.k8s.io",
            "v1beta1",
            self._target.namespace,
            "pods",
            label_selector=selector,
        )
        with translated(what, self._connection.server):
            containers = deployment["spec"]["template"]["spec"]["containers"]
            return usage_of(listing.get("items") or (), containers, self._container)

    def close(self) -> None:
        """Nothing to let go of."""


def usage_of(pods: Iterable[Json], containers: Iterable[Json], only: str | None) -> Usage:
    """Used of requested, over all pods that have a sample.

    Args:
        pods: PodMetrics objects.
        containers: Of the Deployment's template, with their requests.
        only: Name of the container to look at; None means all.

    Raises:
        ValueError: A quantity cannot be read.
    """
    requested: dict[str, Json] = {
        item["name"]: (item.get("resources") or {}).get("requests") or {}
        for item in containers
        if only is None or item["name"] == only
    }
    used = {"cpu": Decimal(0), "memory": Decimal(0)}
    wanted = {"cpu": Decimal(0), "memory": Decimal(0)}
    known = {
        name: bool(requested) and all(name in requests for requests in requested.values())
        for name in used
    }
    taken_at_s: float | None = None
    for pod in pods:
        moment = datetime.fromisoformat(pod["timestamp"]).timestamp()
        taken_at_s = moment if taken_at_s is None else max(taken_at_s, moment)
        for item in pod["containers"]:
            requests = requested.get(item["name"])
            if requests is None:
                # Injected beside the template's own: its request is not known from here.
                continue
            for name in used:
                used[name] += _quantity(item["usage"][name])
                wanted[name] += _quantity(requests.get(name, 0))
    shares = {
        name: float(used[name] / wanted[name]) if known[name] and wanted[name] > 0 else None
        for name in used
    }
    return Usage(shares["cpu"], shares["memory"], taken_at_s)


def _quantity(text: str | int) -> Decimal:
    value: Decimal = parse_quantity(text)
    return value
