"""What tests do with the stack: connect, create, scale, watch, and ask what happened."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.stack import manifests, users
from tests.stack.audit import AuditLog
from tests.stack.extensions import Extension
from tests.stack.load import Load
from tests.stack.machinery import Machinery
from tests.stack.rest import MERGE_PATCH, Json, Refused
from tests.stack.service import Service, ServiceShape
from tests.stack.waiting import wait_until

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

_TOKEN_S = 3600


@dataclass(frozen=True, slots=True)
class Deployed:
    """A Deployment with the service in front of it."""

    namespace: str
    name: str
    url: str
    service: Service


class Stack:
    """A running cluster. The docstring of `tests.stack` lists what it offers."""

    def __init__(self, machinery: Machinery) -> None:
        """Wrap what runs."""
        self._machinery = machinery
        self._loop = machinery.loop
        self._rest = machinery.rest
        self._numbers = itertools.count(1)
        self._namespaces: list[str] = []
        self._extensions: list[Extension] = []
        self.directory = machinery.folder
        self.ca_file = machinery.keys.ca
        self.api_url = machinery.plane.api_url
        self.api_server = machinery.plane.api_server
        self.controllers = machinery.plane.controllers
        self.prometheus = machinery.prometheus
        self.prometheus_url = machinery.prometheus.url
        self.kubelet = machinery.kubelet
        self.services = machinery.services
        self.service_url = machinery.services.url
        self.api_proxy = machinery.api_proxy
        self.prometheus_proxy = machinery.prometheus_proxy
        self.secure_prometheus_proxy = machinery.secure_prometheus_proxy
        self.audit = AuditLog(machinery.plane.audit_log)

    # Connecting

    def kubeconfig(self, user: str = "admin") -> Path:
        """A kubeconfig for `user` with the contexts "direct" (current) and "proxied"."""
        return self._kubeconfig(user, users.USERS[user].token)

    def service_account(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a token of the ServiceAccount `name`, which is made if needed."""
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        try:
            self.get(f"{accounts}/{name}")
        except Refused:
            self.send("POST", accounts, {"metadata": {"name": name}})
        request: Json = {"spec": {"expirationSeconds": _TOKEN_S}}
        answer = self.send("POST", f"{accounts}/{name}/token", request)
        return self._kubeconfig(f"{namespace}-{name}", answer["status"]["token"])

    def client(self, user: str = "admin") -> ApiClient:
        """The official client, for a test's own reading; close it or use it as a context."""
        from kubernetes import client

        settings = client.Configuration()
        settings.host = self.api_url
        settings.ssl_ca_cert = str(self.ca_file)
        settings.api_key = {"authorization": f"Bearer {users.USERS[user].token}"}
        return client.ApiClient(settings)

    def _kubeconfig(self, name: str, token: str) -> Path:
        servers = {users.DIRECT: self.api_url, users.PROXIED: self.api_proxy.url}
        path = self.directory / f"{name}.kubeconfig"
        return users.write_kubeconfig(path, servers, self.ca_file, name, token)

    # Objects

    def get(self, path: str) -> Json:
        """The object at `path` of the API, as admin."""
        return self._loop.call(self._rest.get(path))

    def send(
        self, method: str, path: str, body: Json | None = None, content_type: str = MERGE_PATCH
    ) -> Json:
        """One request as admin.

        Raises:
            Refused: If the API server says no.
        """
        kind = content_type if method == "PATCH" else "application/json"
        return self._loop.call(self._rest.send(method, path, body, kind))

    def apply(self, manifest: Json) -> Json:
        """Create the object, or change the one there is into it."""
        collection = manifests.collection_path(manifest)
        try:
            return self.send("POST", collection, manifest)
        except Refused as refusal:
            if refusal.status != 409:
                raise
        return self.send("PATCH", f"{collection}/{manifest['metadata']['name']}", manifest)

    def delete(self, path: str) -> None:
        """Delete the object at `path`; that it is gone already is fine."""
        try:
            self.send("DELETE", path)
        except Refused as refusal:
            if refusal.status != 404:
                raise

    def create_namespace(self, name: str | None = None) -> str:
        """A new namespace in which pods can be created; named by number unless told."""
        name = name or f"test-{next(self._numbers)}"
        self.send("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        self._namespaces.append(name)
        account = f"/api/v1/namespaces/{name}/serviceaccounts/default"
        self._wait_for(lambda: bool(self.get(account).get("secrets")), f"accounts in {name}")
        return name

    def create_deployment(
        self,
        namespace: str,
        name: str = "web",
        replicas: int = 2,
        shape: ServiceShape | None = None,
    ) -> Deployed:
        """A Deployment and a service of this shape, reached at the `url` of what is returned."""
        shape = shape or ServiceShape()
        service = self.services.add(namespace, name, shape)
        self.apply(manifests.deployment(namespace, name, replicas, shape))
        return Deployed(namespace, name, f"{self.service_url}/{namespace}/{name}/", service)

    def create_hpa(
        self, namespace: str, name: str, minimum: int, maximum: int, cpu_percent: int = 60
    ) -> None:
        """An HPA on the Deployment `name`, of the same name."""
        self.apply(manifests.hpa(namespace, name, minimum, maximum, cpu_percent))

    def create_scaled_object(self, namespace: str, name: str) -> None:
        """A KEDA object on the Deployment `name`; its API is served until the test's end."""
        extension = self._machinery.scaled_objects.extension
        self._enable(extension, f"namespaces/{namespace}/scaledobjects")
        self.apply(manifests.scaled_object(namespace, name))

    def create_quota(self, namespace: str, pods: int) -> None:
        """Allow no more than `pods` pods in `namespace`."""
        made = self.apply(manifests.quota(namespace, pods))
        path = f"{manifests.collection_path(made)}/{made['metadata']['name']}"
        self._wait_for(lambda: "hard" in self.get(path).get("status", {}), "the quota to count")

    def grant(self, namespace: str, user: str, rules: list[Json]) -> None:
        """Give `user` a Role with these rules in `namespace`; returns when it holds."""
        name = f"of-{user}"
        self.apply(manifests.role(namespace, name, rules))
        self.apply(manifests.role_binding(namespace, name, user))
        for rule in rules:
            self.wait_allowed(namespace, user, rule)

    def wait_allowed(self, namespace: str, user: str, rule: Json) -> None:
        """Wait until the API server lets `user` do the first thing that `rule` names."""
        resource, _, subresource = rule["resources"][0].partition("/")
        attributes = {
            "namespace": namespace,
            "verb": rule["verbs"][0],
            "group": rule["apiGroups"][0],
            "resource": resource,
            "subresource": subresource,
            "name": next(iter(rule.get("resourceNames", [])), ""),
        }
        body: Json = {"spec": {"user": user, "resourceAttributes": attributes}}
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        self._wait_for(
            lambda: bool(self.send("POST", path, body)["status"]["allowed"]),
            f"{user} to be allowed to {rule['verbs'][0]} {rule['resources'][0]}",
        )

    def enable_resource_metrics(self) -> None:
        """Serve metrics.k8s.io until the test's end."""
        self._enable(self._machinery.resource_metrics.extension, "pods")

    def _enable(self, extension: Extension, resource: str) -> None:
        for manifest in extension.registration():
            self.apply(manifest)
        self._extensions.append(extension)
        path = f"{extension.root}/{resource}"
        self._wait_for(lambda: "items" in self.get(path), f"{path} to be served", 20.0)

    # Scaling

    def _scale_path(self, namespace: str, name: str) -> str:
        return f"/apis/apps/v1/namespaces/{namespace}/deployments/{name}"

    def scale(self, namespace: str, name: str, replicas: int) -> None:
        """Set the replica count as somebody with kubectl would."""
        path = f"{self._scale_path(namespace, name)}/scale"
        self.send("PATCH", path, {"spec": {"replicas": replicas}})

    def replicas(self, namespace: str, name: str) -> int:
        """The replica count that is asked for."""
        return int(self.get(self._scale_path(namespace, name))["spec"]["replicas"])

    def roll_out(self, namespace: str, name: str) -> None:
        """Begin to replace all pods by new ones."""
        note = {"annotations": {"tests/revision": str(next(self._numbers))}}
        change: Json = {"spec": {"template": {"metadata": note}}}
        self.send("PATCH", self._scale_path(namespace, name), change)

    def wait_ready(self, namespace: str, name: str, replicas: int, timeout_s: float = 20.0) -> None:
        """Wait until exactly so many pods serve, and the Deployment's status says so."""

        def settled() -> bool:
            status = self.get(self._scale_path(namespace, name))["status"]
            counted = status.get("readyReplicas", 0) == replicas == status.get("replicas", 0)
            return counted and len(self.kubelet.ready_pods(namespace, name)) == replicas

        wait_until(settled, f"{replicas} ready pods of {namespace}/{name}", timeout_s)

    # Traffic and metrics

    def load(
        self, url: str, rps: float | Callable[[float], float], longest_s: float = 900.0
    ) -> Load:
        """Open-loop traffic to `url`, to be used as a context manager.

        `rps` may be a function of the seconds since the start.
        """
        rate = rps if callable(rps) else lambda _: float(rps)
        return Load(self._loop, url, rate, longest_s=longest_s)

    def query(self, promql: str) -> list[dict[str, Any]]:
        """The result of an instant query to Prometheus itself."""
        return self.prometheus.query(promql)

    # Between tests

    def forget(self, namespace: str) -> None:
        """Delete a namespace, without waiting for it, and the services in it."""
        self.services.remove(namespace)
        self.delete(f"/api/v1/namespaces/{namespace}")

    def heal(self) -> None:
        """Undo whatever a test has done."""
        self._machinery.heal()
        while self._extensions:
            self.delete(self._extensions.pop().api_service)
        while self._namespaces:
            self.forget(self._namespaces.pop())

    def _wait_for(self, condition: Callable[[], bool], what: str, timeout_s: float = 10.0) -> None:
        def holds() -> bool:
            try:
                return condition()
            except Refused:
                return False

        wait_until(holds, what, timeout_s)
