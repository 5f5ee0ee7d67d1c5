"""The one way to the Kubernetes API: authenticated, with a timeout on every call.

Every failure comes out as a `ClusterError`. Nothing is retried in here: whoever calls knows when
it makes sense to ask again.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeVar

from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

from core.cluster.kubernetes.complaints import listen, take_complaint
from core.cluster.kubernetes.kubeconfig import (
    DEFAULT_NAMESPACE,
    IN_CLUSTER,
    kubeconfig_files,
    pinned,
)
from core.cluster.kubernetes.redaction import redact
from core.cluster.kubernetes.settings import AccessSettings
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.translation import no_credentials, translated
from core.errors import ClusterError, ClusterProblem, InputError

if TYPE_CHECKING:
    from urllib3 import HTTPResponse

Result = TypeVar("Result")
Json = Mapping[str, Any]

_USER_AGENT = "rlscale-console"


class Connection:
    """An API client for one cluster; threads may share it.

    Args:
        configuration: Of the generated client.
        load: Reads the credentials into a configuration, at the start and after a 401.
        context: Name of the context, or `in-cluster`.
        namespace: Where the Deployment is.
        request_timeout_s: How long a call may take.
    """

    def __init__(
        self,
        configuration: client.Configuration,
        load: Callable[[client.Configuration], None],
        context: str,
        namespace: str,
        request_timeout_s: float,
    ) -> None:
        self._load = load
        self._context = context
        self._namespace = namespace
        self._timeout_s = request_timeout_s
        self._renewing = threading.Lock()
        # Otherwise urllib3 itself would sleep for as long as a Retry-After header says.
        configuration.retries = False
        self._client = client.ApiClient(configuration)
        self._client.user_agent = _USER_AGENT

    @classmethod
    def open(cls, settings: AccessSettings) -> Self:
        """Read the kubeconfig (or the pod's service account); nothing is asked of the server yet.

        Raises:
            InputError: No kubeconfig, no such context, or it cannot be read.
        """
        settings = pinned(settings)

        def load(configuration: client.Configuration) -> None:
            if settings.in_cluster:
                config.load_incluster_config(configuration)
                return
            files = kubeconfig_files(settings.kubeconfig)
            config.load_kube_config(
                config_file=_separated(files),
                context=settings.context,
                client_configuration=configuration,
                persist_config=False,
            )
            if complaint := take_complaint():
                raise ConfigException(complaint)

        configuration = client.Configuration()
        listen()
        try:
            load(configuration)
        except (ConfigException, OSError, ValueError, TypeError, KeyError) as error:
            where = "the pod's service account" if settings.in_cluster else "the kubeconfig"
            raise InputError(
                f"expected credentials in {where}, found: {redact(str(error)).rstrip('.')}.",
                "Run inside a pod, or give a kubeconfig."
                if settings.in_cluster
                else "Check the context's cluster and user; does kubectl work with it?",
            ) from None
        return cls(
            configuration,
            load,
            settings.context or IN_CLUSTER,
            settings.namespace or DEFAULT_NAMESPACE,
            settings.request_timeout_s,
        )

    @property
    def context(self) -> str:
        """Name of the context, or `in-cluster`."""
        return self._context

    @property
    def namespace(self) -> str:
        """The settings' namespace, or the context's."""
        return self._namespace

    def target(self, deployment: str) -> Target:
        """A Deployment of the namespace, by its full name."""
        return Target(self._context, self._namespace, deployment)

    @property
    def server(self) -> str:
        """Address of the API server."""
        return str(self._client.configuration.host)

    @property
    def client(self) -> client.ApiClient:
        """For `kubernetes.client.AppsV1Api(connection.client)` and the like."""
        return self._client

    @property
    def verifies_certificate(self) -> bool:
        """Whether the server has to prove who it is."""
        return bool(self._client.configuration.verify_ssl)

    def call(
        self,
        what: str,
        function: Callable[..., Result],
        *arguments: Any,
        timeout_s: float | tuple[float, float] | None = None,
        **options: Any,
    ) -> Result:
        """Call a method of a generated API class, with a timeout, once, without retries.

        Args:
            what: What is being done, for errors: "read Deployment shop/checkout".
            function: Such as `AppsV1Api(connection.client).read_namespaced_deployment`.
            arguments: Of that method.
            timeout_s: In place of the settings' request timeout; two: to connect, and between
                two pieces of the answer.
            options: Keyword arguments of that method.

        Raises:
            ClusterError: It failed.
        """
        timeout_s = self._timeout_s if timeout_s is None else timeout_s
        try:
            with translated(what, self.server):
                return function(*arguments, _request_timeout=timeout_s, **options)
        except ClusterError as error:
            if complaint := take_complaint():
                # New credentials were needed and not got: that is why we were sent away.
                raise no_credentials(what, complaint) from None
            if error.problem is ClusterProblem.UNAUTHORIZED:
                self._renew()
            raise

    def read(
        self, what: str, function: Callable[..., Any], *arguments: Any, **options: Any
    ) -> Json:
        """Like `call`, but returns the JSON object as it came, which is quicker than the models.

        Raises:
            ClusterError: It failed.
        """
        response = self.stream(what, function, *arguments, **options)
        with translated(what, self.server):
            try:
                content = json.loads(response.data)
            finally:
                response.release_conn()
            if not isinstance(content, dict):
                raise ValueError("no JSON object")
            return content

    def stream(
        self, what: str, function: Callable[..., Any], *arguments: Any, **options: Any
    ) -> HTTPResponse:
        """Like `call`, but returns the open response; the caller reads and closes it.

        Raises:
            ClusterError: It failed.
        """
        response: HTTPResponse = self.call(
            what, function, *arguments, _preload_content=False, **options
        )
        return response

    def _renew(self) -> None:
        """Read the credentials again, for the next call: somebody may have signed in meanwhile."""
        if not self._renewing.acquire(blocking=False):
            return
        try:
            # What is wrong with them was already told by the 401.
            with suppress(ConfigException, OSError, ValueError, TypeError, KeyError, InputError):
                self._load(self._client.configuration)
        finally:
            self._renewing.release()

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()


def list_namespaces(connection: Connection) -> tuple[str, ...]:
    """Names of all namespaces, sorted.

    Raises:
        ClusterError: They cannot be listed.
    """
    api = client.CoreV1Api(connection.client)
    return _names(connection, "list namespaces", api.list_namespace)


def list_deployments(connection: Connection, namespace: str) -> tuple[str, ...]:
    """Names of the Deployments of a namespace, sorted.

    Raises:
        ClusterError: They cannot be listed.
    """
    api = client.AppsV1Api(connection.client)
    what = f"list Deployments in {namespace}"
    return _names(connection, what, api.list_namespaced_deployment, namespace)


def _names(
    connection: Connection, what: str, function: Callable[..., Any], *arguments: Any
) -> tuple[str, ...]:
    listing = connection.read(what, function, *arguments)
    with translated(what, connection.server):
        return tuple(sorted(item["metadata"]["name"] for item in listing.get("items") or ()))


def _separated(files: tuple[Any, ...]) -> str:
    return config.kube_config.ENV_KUBECONFIG_PATH_SEPARATOR.join(str(file) for file in files)
