"""Settings and parts for tests against the running stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from core.clock import SystemClock
from core.cluster.kubernetes.settings import KubernetesSettings

if TYPE_CHECKING:
    from tests.stack.stack import Stack

CLOCK = SystemClock()

SERVICE: dict[str, Any] = {
    "pod_capacity_rps": 20.0,
    "slo_ms": 500.0,
    "min_replicas": 1,
    "max_replicas": 20,
    "startup_median_s": 1.0,
    "interval_s": 1.0,
}


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def settings(
    stack: Stack,
    namespace: str,
    *,
    user: str = "admin",
    context: str = "proxied",
    metrics: dict[str, Any] | None = None,
    **values: Any,
) -> KubernetesSettings:
    """The Deployment `web`, through both fault proxies."""
    measured = {"prometheus_url": stack.prometheus_proxy.url, "window_s": 3, "timeout_s": 2.0}
    return KubernetesSettings.model_validate(
        {
            "kubeconfig": stack.kubeconfig(user),
            "context": context,
            "namespace": namespace,
            "deployment": "web",
            "request_timeout_s": 2.0,
            "metrics": {**measured, **(metrics or {})},
            **SERVICE,
            **values,
        }
    )
