"""metrics.k8s.io, served behind the API server's own aggregator as metrics-server is."""

from __future__ import annotations

import ssl
import time
from collections import deque

from aiohttp import web

from tests.stack import pod_status
from tests.stack.exposition import cpu_s, memory_bytes
from tests.stack.extensions import Extension
from tests.stack.rest import Json
from tests.stack.service import Service
from tests.stack.service_server import Services

_WINDOW_S = 5.0
_RESOURCE: Json = {"name": "pods", "kind": "PodMetrics", "verbs": ["get", "list"]}


class ResourceMetrics:
    """CPU and memory of every Ready pod of the stack's services."""

    def __init__(self, services: Services, tls: ssl.SSLContext) -> None:
        """Tell what `services` use."""
        self._services = services
        self._past: dict[str, deque[tuple[float, float]]] = {}
        self.extension = Extension("metrics.k8s.io", "v1beta1", _RESOURCE, tls)
        here = f"{self.extension.root}/namespaces/{{namespace}}/pods"
        for path in (f"{self.extension.root}/pods", here, f"{here}/{{name}}"):
            self.extension.routes.get(path)(self._pods)

    async def _pods(self, request: web.Request) -> web.Response:
        namespace = request.match_info.get("namespace")
        name = request.match_info.get("name")
        labels = request.query.get("labelSelector", "")
        found = [
            self._usage(service, pod)
            for service in self._services.all()
            if namespace in (None, service.namespace) and labels in ("", f"app={service.name}")
            for pod in service.pods
            if name in (None, pod)
        ]
        if name is not None:
            return web.json_response(found[0]) if found else web.json_response({}, status=404)
        listing: Json = {"kind": "PodMetricsList", "apiVersion": self.extension.group_version}
        return web.json_response(listing | {"metadata": {}, "items": found})

    def _usage(self, service: Service, pod: str) -> Json:
        use = service.pods[pod]
        now = time.monotonic()
        past = self._past.setdefault(f"{service.namespace}/{pod}", deque([(now, cpu_s(use))]))
        past.append((now, cpu_s(use)))
        while len(past) > 2 and now - past[0][0] > _WINDOW_S:
            past.popleft()
        span_s = past[-1][0] - past[0][0]
        cores = (past[-1][1] - past[0][1]) / span_s if span_s > 0.0 else 0.0
        usage = {
            "cpu": f"{round(cores * 1e9)}n",
            "memory": f"{round(memory_bytes(service) / 1024)}Ki",
        }
        return {
            "kind": "PodMetrics",
            "apiVersion": self.extension.group_version,
            "metadata": {
                "name": pod,
                "namespace": service.namespace,
                "labels": {"app": service.name},
                "creationTimestamp": pod_status.timestamp(),
            },
            "timestamp": pod_status.timestamp(),
            "window": f"{_WINDOW_S:g}s",
            "containers": [{"name": "app", "usage": usage}],
        }
