"""The HTTP server of all services, and their metrics."""

from __future__ import annotations

from aiohttp import web

from tests.stack import pod_status
from tests.stack.exposition import exposition
from tests.stack.kubelet import Kubelet
from tests.stack.loop import LoopThread
from tests.stack.ports import free_port
from tests.stack.rest import Json
from tests.stack.service import Service, ServiceShape


def _ready_since(pod: Json) -> tuple[str, float, float]:
    ready = next(c for c in pod["status"]["conditions"] if c["type"] == "Ready")
    created = pod_status.seconds(pod["metadata"]["creationTimestamp"])
    name = str(pod["metadata"]["name"])
    return name, created, pod_status.seconds(ready["lastTransitionTime"])


class Services:
    """`/<namespace>/<deployment>/…` is a request to that service, `/metrics` tells of all."""

    def __init__(self, loop: LoopThread, kubelet: Kubelet) -> None:
        """Serve on a free port; capacity follows the pods that `kubelet` sees."""
        self._loop = loop
        self._kubelet = kubelet
        self._services: dict[tuple[str, str], Service] = {}
        self.target = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.target}"
        self._runner: web.AppRunner | None = None
        kubelet.on_change(self._follow)

    async def open(self) -> None:
        """Begin to listen."""
        application = web.Application()
        application.router.add_get("/metrics", self._metrics)
        application.router.add_route("*", "/{namespace}/{deployment}{rest:.*}", self._request)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        host, port = self.target.split(":")
        await web.TCPSite(self._runner, host, int(port), backlog=1024).start()

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def add(self, namespace: str, name: str, shape: ServiceShape) -> Service:
        """Put a service in front of the Deployment `name`."""
        service = Service(namespace, name, shape, seed=len(self._services))
        self._services[namespace, name] = service
        self._loop.loop.call_soon_threadsafe(self._follow, namespace)
        return service

    def remove(self, namespace: str) -> None:
        """Forget the services of `namespace`."""
        for key in [key for key in self._services if key[0] == namespace]:
            self._services.pop(key)

    def all(self) -> list[Service]:
        """The services there are."""
        return list(self._services.values())

    def _follow(self, namespace: str) -> None:
        for (where, name), service in self._services.items():
            if where == namespace:
                ready = self._kubelet.ready_pods(namespace, name)
                service.set_pods([_ready_since(pod) for pod in ready])

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(text=exposition(self.all()), content_type="text/plain")

    async def _request(self, request: web.Request) -> web.Response:
        key = request.match_info["namespace"], request.match_info["deployment"]
        service = self._services.get(key)
        if service is None:
            return web.Response(status=404, text=f"no service {key[0]}/{key[1]}\n")
        status = await service.serve()
        return web.Response(status=status, text=f"{status}\n")
