"""The queries that need no configuration: one set for each way in which requests are counted.

All are written so that an empty or undefined result means *not measured*: a share of no requests
is 0/0, and a share of failures exists only where requests carry a status.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from core.cluster.kubernetes.settings import QuerySet
from core.errors import InputError


class QueryName(StrEnum):
    """What is asked for; the value is the field of the settings' overrides."""

    RPS = "rps"
    LATENCY_P50 = "latency_p50"
    LATENCY_P95 = "latency_p95"
    LATENCY_P99 = "latency_p99"
    SLO_VIOLATION = "slo_violation"
    ERRORS = "errors"
    CPU = "cpu"
    MEMORY = "memory"
    QUEUE = "queue"
    FRESHNESS = "freshness"


@dataclass(frozen=True, slots=True)
class Blanks:
    """What templates are filled in with."""

    namespace: str
    deployment: str
    window_s: int
    slo_ms: float
    container: str | None = None

    def fill(self, template: str) -> str:
        """The query.

        Raises:
            InputError: The template has a blank that is not known.
        """
        values = {
            "namespace": self.namespace,
            "deployment": self.deployment,
            "window": f"{self.window_s}s",
            "slo_seconds": f"{self.slo_ms / 1000.0:g}",
            "container": self.container or ".+",
        }

        def replace(match: re.Match[str]) -> str:
            return values.get(match[1], match[0])

        # Not str.format: PromQL's own braces would have to be doubled in every configuration.
        filled = re.sub(r"\{([a-z_]+)\}", replace, template)
        if left := re.search(r"\{([a-z_]+)\}", filled):
            raise InputError(
                f"expected only {', '.join(f'{{{name}}}' for name in values)} in a query, "
                f"found {left[0]}.",
                'Write labels with a value, such as {job="web"}.',
            )
        return filled


_HASH = "([a-z0-9]*[0-9][a-z0-9]*|[b-df-hj-np-tv-z]+)"
"""Of a ReplicaSet. Kubernetes leaves vowels out of it, so that a word is something else, such as
`migrate` in the pods of a Job that is called like us."""
_PODS = f'namespace="{{namespace}}",pod=~"{{deployment}}-{_HASH}-[a-z0-9]{{5}}"'
_CONTAINERS = f'{_PODS},container!="",container!="POD",container=~"{{container}}"'
_REQUESTS = f'{_PODS},container=~"{{container}}"'

CPU = (
    f"sum(rate(container_cpu_usage_seconds_total{{{_CONTAINERS}}}[{{window}}]))"
    f' / sum(kube_pod_container_resource_requests{{resource="cpu",{_REQUESTS}}})'
)
MEMORY = (
    f"sum(container_memory_working_set_bytes{{{_CONTAINERS}}})"
    f' / sum(kube_pod_container_resource_requests{{resource="memory",{_REQUESTS}}})'
)


_KUBE = '{metric}{{namespace="{{namespace}}",deployment="{{deployment}}"}}'
_EXPORTED = '{metric}{{exported_namespace="{{namespace}}",exported_deployment="{{deployment}}"}}'


def _of_deployment(metric: str) -> str:
    """A gauge of kube-state-metrics; its labels are renamed where it is scraped carelessly."""
    forms = " or ".join(form.format(metric=metric) for form in (_KUBE, _EXPORTED))
    return f"max({forms})"


READY_REPLICAS = _of_deployment("kube_deployment_status_replicas_ready")
DESIRED_REPLICAS = _of_deployment("kube_deployment_spec_replicas")
RUNNING_PODS = f"count(count by (pod) (container_memory_working_set_bytes{{{_CONTAINERS}}}))"
"""Where kube-state-metrics is not: pods that run, whether ready or not."""
CPU_REQUEST = (
    f'sum(kube_pod_container_resource_requests{{resource="cpu",{_REQUESTS}}})'
    f' / count(count by (pod) (kube_pod_container_resource_requests{{resource="cpu",{_REQUESTS}}}))'
)
"""Cores that one pod requests."""
STARTUP = (
    f"min by (pod) (kube_pod_status_ready_time{{{_PODS}}})"
    f" - min by (pod) (kube_pod_created{{{_PODS}}})"
)
"""Seconds from creation to ready, one series per pod."""


@dataclass(frozen=True, slots=True)
class RequestMetrics:
    """How one exporter names requests, their duration and their status."""

    name: QuerySet
    counter: str
    """Counts requests."""
    histogram: str
    """Measures their duration; without `_bucket`."""
    unit_s: float
    """Seconds per unit of the histogram."""
    selectors: tuple[str, ...]
    """Each chooses this Deployment's series where labels have these names; no request is counted by
    two of them."""
    status_labels: tuple[str, ...]
    """Any of these holds the HTTP status."""

    def rps(self) -> str:
        """Requests per second."""
        return f"sum({self._rate(self.counter)})"

    def errors(self) -> str:
        """Share of requests that failed, where they have a status."""
        good, total = self._rate(self.counter, self._succeeded()), self._rate(self.counter)
        with_status = " or ".join(
            self._any(self.counter, f'{label}!=""') for label in self.status_labels
        )
        # If all fail there is no series of good ones: that is none, not unknown.
        return f"(1 - (sum({good}) or 0 * sum({total})) / sum({total})) and on() ({with_status})"

    def quantile(self, share: float) -> str:
        """A quantile of the duration, seconds."""
        buckets = f"sum by (le) ({self._rate(f'{self.histogram}_bucket')})"
        scale = "" if self.unit_s == 1.0 else f"{self.unit_s:g} * "
        return f"{scale}histogram_quantile({share:g}, {buckets})"

    def mean(self) -> str:
        """Mean of the duration, seconds; exact, unlike quantiles out of buckets."""
        total, count = self._rate(f"{self.histogram}_sum"), self._rate(f"{self.histogram}_count")
        scale = "" if self.unit_s == 1.0 else f"{self.unit_s:g} * "
        return f"{scale}sum({total}) / sum({count})"

    def bounds(self) -> str:
        """One series per bucket of the histogram."""
        return f"count by (le) ({self._any(f'{self.histogram}_bucket')})"

    def violation(self, weights: dict[str, float]) -> str:
        """Share of requests slower than the SLO or failed.

        Args:
            weights: How much of each bucket (by its `le`) is within the SLO; see
                `core.cluster.kubernetes.metrics.buckets`.
        """
        bucket = f"{self.histogram}_bucket"
        parts = []
        for bound, weight in weights.items():
            le = f'le="{bound}"'
            good = f"sum({self._rate(bucket, f'{self._succeeded()},{le}')})"
            # None, if all of its requests failed; missing, if there is no such bucket.
            part = f"({good} or 0 * sum({self._rate(bucket, le)}))"
            parts.append(part if weight == 1.0 else f"{weight:.6g} * {part}")
        return f"1 - ({' + '.join(parts)}) / sum({self._rate(f'{self.histogram}_count')})"

    def freshness(self) -> str:
        """When the newest sample of the requests was taken, seconds since the epoch."""
        return f"max(timestamp({self._any(self.counter)}))"

    def _succeeded(self) -> str:
        # A label that is not there is empty, and empty is no 5xx: all of them may stand together.
        return ",".join(f'{label}!~"5.."' for label in self.status_labels)

    def _rate(self, metric: str, extra: str = "") -> str:
        return " or ".join(
            f"rate({metric}{{{_joined(selector, extra)}}}[{{window}}])"
            for selector in self.selectors
        )

    def _any(self, metric: str, extra: str = "") -> str:
        return " or ".join(f"{metric}{{{_joined(selector, extra)}}}" for selector in self.selectors)


def _joined(selector: str, extra: str) -> str:
    return f"{selector},{extra}" if extra else selector


REQUEST_METRICS: tuple[RequestMetrics, ...] = (
    RequestMetrics(
        name=QuerySet.GENERIC,
        counter="http_requests_total",
        histogram="http_request_duration_seconds",
        unit_s=1.0,
        # What is counted in front of the pods has no pod, and a Service's name is often the same.
        selectors=(_PODS, 'namespace="{namespace}",service="{deployment}",pod=""'),
        status_labels=("code", "status", "status_code"),
    ),
    RequestMetrics(
        name=QuerySet.INGRESS_NGINX,
        counter="nginx_ingress_controller_requests",
        histogram="nginx_ingress_controller_request_duration_seconds",
        unit_s=1.0,
        # Its own labels are renamed where Prometheus already gave the controller such ones.
        selectors=(
            'exported_namespace="{namespace}",exported_service="{deployment}"',
            'namespace="{namespace}",service="{deployment}"',
        ),
        status_labels=("status",),
    ),
    RequestMetrics(
        name=QuerySet.ISTIO,
        counter="istio_requests_total",
        histogram="istio_request_duration_milliseconds",
        unit_s=0.001,
        selectors=(
            'reporter="destination",destination_workload="{deployment}",'
            'destination_workload_namespace="{namespace}"',
        ),
        status_labels=("response_code",),
    ),
)
"""In the order in which `auto` looks for them."""


def request_metrics(name: QuerySet) -> RequestMetrics:
    """The set of that name; not for `auto`."""
    return next(entry for entry in REQUEST_METRICS if entry.name is name)
