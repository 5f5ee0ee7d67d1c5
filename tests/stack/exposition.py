"""The metrics of the services, named as applications, gateways and Kubernetes name them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from tests.stack.service import PodUse, Service, Tally

_CONTAINER = "app"
_IDLE_CORES = 0.01
_MEMORY_SHARE = 0.4
_MS = 1000.0


def _labels(**values: str) -> str:
    return ",".join(f'{name}="{value}"' for name, value in values.items() if value)


def _histogram(
    name: str, labels: str, bounds: Iterable[float], tally: Tally, scale: float = 1.0
) -> Iterator[str]:
    below = 0
    for bound, count in zip([*bounds, float("inf")], tally.buckets, strict=True):
        below += count
        edge = "+Inf" if bound == float("inf") else f"{bound * scale:g}"
        yield f'{name}_bucket{{{labels},le="{edge}"}} {below}'
    yield f"{name}_count{{{labels}}} {tally.count}"
    yield f"{name}_sum{{{labels}}} {tally.sum_s * scale:.6f}"


def _uses(service: Service) -> Iterator[tuple[str, PodUse]]:
    yield from service.pods.items()
    yield "", service.unserved


def _http(service: Service) -> Iterator[str]:
    for pod, use in _uses(service):
        for code, tally in use.tallies.items():
            labels = _labels(
                namespace=service.namespace,
                deployment=service.name,
                service=service.name,
                pod=pod,
                method="GET",
                code=code,
            )
            yield f"http_requests_total{{{labels}}} {tally.count}"
            yield from _histogram("http_request_duration_seconds", labels, service.bounds_s, tally)


def _nginx(service: Service) -> Iterator[str]:
    for code, tally in service.gateway.items():
        labels = _labels(
            namespace=service.namespace,
            exported_namespace=service.namespace,
            ingress=service.name,
            service=service.name,
            exported_service=service.name,
            method="GET",
            status=code,
        )
        yield f"nginx_ingress_controller_requests{{{labels}}} {tally.count}"
        name = "nginx_ingress_controller_request_duration_seconds"
        yield from _histogram(name, labels, service.bounds_s, tally)


def _istio(service: Service) -> Iterator[str]:
    for code, tally in service.gateway.items():
        labels = _labels(
            reporter="destination",
            destination_workload=service.name,
            destination_workload_namespace=service.namespace,
            destination_service_name=service.name,
            response_code=code,
        )
        yield f"istio_requests_total{{{labels}}} {tally.count}"
        name = "istio_request_duration_milliseconds"
        yield from _histogram(name, labels, service.bounds_s, tally, _MS)


_NAMINGS = {"http": _http, "nginx": _nginx, "istio": _istio}


def cpu_s(use: PodUse) -> float:
    """CPU seconds of a pod so far, idling included."""
    return use.cpu_s + _IDLE_CORES * max(0.0, time.time() - use.ready_s)


def memory_bytes(service: Service) -> float:
    """Memory that each pod of a service holds."""
    return _MEMORY_SHARE * service.shape.memory_request_bytes


def _cluster(service: Service) -> Iterator[str]:
    """What cAdvisor and kube-state-metrics tell, whatever the application exports."""
    shape = service.shape
    for pod, use in service.pods.items():
        here = {"namespace": service.namespace, "pod": pod}
        # cAdvisor tells each container and, without a container's name, the pod's sum.
        for container in (_CONTAINER, ""):
            labels = _labels(**here, container=container)
            yield f"container_cpu_usage_seconds_total{{{labels}}} {cpu_s(use):.6f}"
            yield f"container_memory_working_set_bytes{{{labels}}} {memory_bytes(service):.0f}"
        requested = {
            ("cpu", "core"): shape.cpu_request_cores,
            ("memory", "byte"): shape.memory_request_bytes,
        }
        for (resource, unit), amount in requested.items():
            labels = _labels(**here, container=_CONTAINER, resource=resource, unit=unit)
            yield f"kube_pod_container_resource_requests{{{labels}}} {amount}"
        yield f"kube_pod_created{{{_labels(**here)}}} {use.created_s:.3f}"
        yield f"kube_pod_status_ready_time{{{_labels(**here)}}} {use.ready_s:.3f}"
    labels = _labels(namespace=service.namespace, deployment=service.name)
    yield f"kube_deployment_status_replicas_ready{{{labels}}} {len(service.pods)}"


def exposition(services: Iterable[Service]) -> str:
    """All metrics in Prometheus' text format."""
    lines: list[str] = []
    for service in services:
        for naming in service.shape.metrics:
            lines += _NAMINGS[naming](service)
        lines += _cluster(service)
    # The text format wants the lines of one metric together.
    lines.sort(key=lambda line: line.partition("{")[0])
    return "\n".join(lines) + "\n"
