"""APIs that others add to a cluster, served behind the API server's own aggregator."""

from __future__ import annotations

import ssl

from aiohttp import web

from tests.stack.ports import free_port
from tests.stack.rest import Json

_NAMESPACE = "kube-system"


class Extension:
    """One API group on a port of its own, and what tells the API server of it."""

    def __init__(self, group: str, version: str, resource: Json, tls: ssl.SSLContext) -> None:
        """Serve `group/version` with one namespaced `resource`, as discovery describes it."""
        self.group_version = f"{group}/{version}"
        self.root = f"/apis/{group}/{version}"
        self._group = group
        self._version = version
        self._resource = resource
        self._tls = tls
        self._port = free_port()
        self._runner: web.AppRunner | None = None
        self.routes = web.RouteTableDef()

    @property
    def api_service(self) -> str:
        """Path of the APIService."""
        name = f"{self._version}.{self._group}"
        return f"/apis/apiregistration.k8s.io/v1/apiservices/{name}"

    def registration(self) -> list[Json]:
        """The Service that leads here and the APIService that names it."""
        name = self._group.replace(".", "-")
        # The aggregator resolves the name of such a Service itself; there is no cluster network.
        service: Json = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": _NAMESPACE},
            "spec": {
                "type": "ExternalName",
                "externalName": "localhost",
                "ports": [{"port": self._port}],
            },
        }
        api: Json = {
            "apiVersion": "apiregistration.k8s.io/v1",
            "kind": "APIService",
            "metadata": {"name": f"{self._version}.{self._group}"},
            "spec": {
                "group": self._group,
                "version": self._version,
                "groupPriorityMinimum": 100,
                "versionPriority": 100,
                "insecureSkipTLSVerify": True,
                "service": {"name": name, "namespace": _NAMESPACE, "port": self._port},
            },
        }
        return [service, api]

    async def open(self) -> None:
        """Begin to listen."""
        application = web.Application()
        application.router.add_get(self.root, self._discovery)
        application.add_routes(self.routes)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, ssl_context=self._tls).start()

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _discovery(self, _request: web.Request) -> web.Response:
        resource = {"namespaced": True, "singularName": ""} | self._resource
        document: Json = {"kind": "APIResourceList", "apiVersion": "v1"}
        document |= {"groupVersion": self.group_version, "resources": [resource]}
        return web.json_response(document)
