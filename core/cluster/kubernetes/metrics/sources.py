"""Opens the source of metrics that the settings ask for."""

from __future__ import annotations

from core.clock import Clock
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.metrics.sample import MetricsSource
from core.cluster.kubernetes.settings import KubernetesSettings
from core.state import DeploymentFacts

_SHARE_OF_INTERVAL = 0.4
"""So much of a decision interval may pass with waiting for metrics."""


def sampling_limit_s(settings: KubernetesSettings, facts: DeploymentFacts) -> float:
    """How long one sample may take: what the settings allow, but a part of the interval only."""
    return min(settings.metrics.timeout_s, facts.interval_s * _SHARE_OF_INTERVAL)


def open_metrics(
    connection: Connection, settings: KubernetesSettings, facts: DeploymentFacts, clock: Clock
) -> MetricsSource:
    """Prometheus if there is a URL, metrics.k8s.io otherwise; nothing is asked yet.

    Args:
        connection: To the cluster; not closed by the source.
        settings: Which Deployment, and how to measure it.
        facts: The SLO is needed for queries, the interval limits how long they may take.
        clock: For ages and limits.

    Raises:
        InputError: A secret is not there, or a query has a blank that is not known.
    """
    target = connection.target(settings.deployment)
    limit_s = sampling_limit_s(settings, facts)
    metrics = settings.metrics.model_copy(update={"timeout_s": limit_s})
    if metrics.prometheus_url is None:
        from core.cluster.kubernetes.metrics.resource_metrics import ResourceMetrics

        return ResourceMetrics(connection, target, settings.container, clock)
    from core.cluster.kubernetes.metrics.prometheus import Prometheus
    from core.cluster.kubernetes.metrics.prometheus_metrics import PrometheusMetrics
    from core.cluster.kubernetes.metrics.templates import Blanks

    blanks = Blanks(
        namespace=target.namespace,
        deployment=target.deployment,
        window_s=metrics.window_s,
        slo_ms=facts.slo_ms,
        container=settings.container,
    )
    return PrometheusMetrics(Prometheus(metrics), metrics, blanks, clock)
