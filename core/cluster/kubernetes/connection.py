"""The one way to the Kubernetes API: authenticated, with a timeout on every call.

Every failure comes out as a `ClusterError`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from core.cluster.kubernetes.settings import KubernetesSettings
from core.cluster.kubernetes.target import Target

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

Result = TypeVar("Result")
Json = Mapping[str, Any]


class Connection:
    """An API client for one cluster; threads may share it."""

    def __init__(self, client: ApiClient, context: str, request_timeout_s: float) -> None:
        raise NotImplementedError

    @classmethod
    def open(cls, settings: KubernetesSettings) -> Connection:
        """Read the kubeconfig (or the pod's service account); nothing is asked of the server yet.

        Raises:
            InputError: No kubeconfig, no such context, or it cannot be read.
        """
        raise NotImplementedError

    @property
    def context(self) -> str:
        """Name of the context, or `in-cluster`."""
        raise NotImplementedError

    @property
    def client(self) -> ApiClient:
        """For `kubernetes.client.AppsV1Api(connection.client)` and the like."""
        raise NotImplementedError

    def call(
        self,
        what: str,
        function: Callable[..., Result],
        *arguments: Any,
        timeout_s: float | None = None,
        **options: Any,
    ) -> Result:
        """Call a method of a generated API class, with a timeout, once, without retries.

        Args:
            what: What is being done, for errors: "read Deployment shop/checkout".
            function: Such as `AppsV1Api(connection.client).read_namespaced_deployment`.
            arguments: Of that method.
            timeout_s: In place of the settings' request timeout.
            options: Keyword arguments of that method.

        Raises:
            ClusterError: It failed.
        """
        raise NotImplementedError

    def read(
        self, what: str, function: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Json:
        """Like `call`, but returns the JSON object as it came, which is quicker than the models.

        Raises:
            ClusterError: It failed.
        """
        raise NotImplementedError

    def target(self, settings: KubernetesSettings) -> Target:
        """The Deployment that `settings` mean, by its full name."""
        return Target(self.context, settings.namespace, settings.deployment)

    def close(self) -> None:
        """Let go of all connections."""
        raise NotImplementedError


def list_contexts(kubeconfig: Path | None = None) -> tuple[tuple[str, ...], str]:
    """Names of a kubeconfig's contexts, and the current one.

    Raises:
        InputError: It cannot be read.
    """
    raise NotImplementedError


def list_namespaces(connection: Connection) -> tuple[str, ...]:
    """Names of all namespaces.

    Raises:
        ClusterError: They cannot be listed.
    """
    raise NotImplementedError


def list_deployments(connection: Connection, namespace: str) -> tuple[str, ...]:
    """Names of the Deployments of a namespace.

    Raises:
        ClusterError: They cannot be listed.
    """
    raise NotImplementedError
