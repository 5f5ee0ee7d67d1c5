"""KEDA's ScaledObjects: an API that keeps them, without the operator that would act on them.

Not a CustomResourceDefinition: the API server of the test assets, built with a newer Go than it
was written for, crashes on the first custom object.
"""

from __future__ import annotations

import json
import ssl

from aiohttp import web

from tests.stack.extensions import Extension
from tests.stack.faults import status_object
from tests.stack.rest import Json

_RESOURCE: Json = {
    "name": "scaledobjects",
    "singularName": "scaledobject",
    "kind": "ScaledObject",
    "verbs": ["create", "delete", "get", "list"],
}


class ScaledObjects:
    """The objects there are, by namespace and name."""

    def __init__(self, tls: ssl.SSLContext) -> None:
        """Keep none yet."""
        self.extension = Extension("keda.sh", "v1alpha1", _RESOURCE, tls)
        self._kept: dict[tuple[str, str], Json] = {}
        here = f"{self.extension.root}/namespaces/{{namespace}}/scaledobjects"
        routes = self.extension.routes
        routes.get(f"{self.extension.root}/scaledobjects")(self._list)
        routes.get(here)(self._list)
        routes.post(here)(self._create)
        routes.get(f"{here}/{{name}}")(self._get)
        routes.delete(f"{here}/{{name}}")(self._delete)

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()

    async def _list(self, request: web.Request) -> web.Response:
        namespace = request.match_info.get("namespace")
        items = [kept for key, kept in self._kept.items() if namespace in (None, key[0])]
        listing: Json = {"kind": "ScaledObjectList", "apiVersion": self.extension.group_version}
        return web.json_response(listing | {"metadata": {}, "items": items})

    async def _create(self, request: web.Request) -> web.Response:
        manifest: Json = json.loads(await request.read())
        manifest["metadata"]["namespace"] = namespace = request.match_info["namespace"]
        self._kept[namespace, manifest["metadata"]["name"]] = manifest
        return web.json_response(manifest, status=201)

    async def _get(self, request: web.Request) -> web.Response:
        kept = self._kept.get(self._key(request))
        return web.json_response(kept) if kept else _missing(request)

    async def _delete(self, request: web.Request) -> web.Response:
        kept = self._kept.pop(self._key(request), None)
        return web.json_response(kept) if kept else _missing(request)

    def _key(self, request: web.Request) -> tuple[str, str]:
        return request.match_info["namespace"], request.match_info["name"]


def _missing(request: web.Request) -> web.Response:
    message = f'scaledobjects.keda.sh "{request.match_info["name"]}" not found'
    return web.json_response(status_object(404, message), status=404)
