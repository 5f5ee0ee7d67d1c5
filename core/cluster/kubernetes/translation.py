"""The one place where errors of the client libraries become ours."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3.exceptions
from kubernetes.client.exceptions import ApiException, OpenApiException
from kubernetes.config.config_exception import ConfigException

from core.cluster.kubernetes.redaction import redact
from core.errors import ClusterError, ClusterProblem

_BY_STATUS = {
    400: ClusterProblem.INVALID,
    401: ClusterProblem.UNAUTHORIZED,
    403: ClusterProblem.FORBIDDEN,
    404: ClusterProblem.NOT_FOUND,
    405: ClusterProblem.INVALID,
    408: ClusterProblem.TIMEOUT,
    409: ClusterProblem.CONFLICT,
    410: ClusterProblem.EXPIRED,
    422: ClusterProblem.INVALID,
    429: ClusterProblem.THROTTLED,
    504: ClusterProblem.TIMEOUT,
}
_HINTS = {
    ClusterProblem.UNREACHABLE: "Check the address in the kubeconfig, the network and the VPN.",
    ClusterProblem.TIMEOUT: "The API server is slow or overloaded; it will be asked again.",
    ClusterProblem.UNAUTHORIZED: "Sign in again: the credentials are wrong or have expired.",
    ClusterProblem.FORBIDDEN: "Grant the missing right: `rlscale-console doctor --env k8s` "
    "lists all that are needed.",
    ClusterProblem.NOT_FOUND: "Check context, namespace and name.",
    ClusterProblem.CONFLICT: "Somebody else changed it at the same time; read it again first.",
    ClusterProblem.THROTTLED: "The API server limits its clients; it will be asked later.",
    ClusterProblem.SERVER: "The API server has a problem of its own; its log says which.",
}
_LONGEST_RETRY_AFTER_S = 300.0
"""No server makes us wait for longer than this without being asked again."""


@contextmanager
def translated(what: str, server: str) -> Iterator[None]:
    """Turn whatever the client libraries raise inside into a `ClusterError`.

    The original is dropped on purpose: its text may hold headers or bodies with secrets.

    Args:
        what: What was to be done: "read Deployment shop/checkout".
        server: Where.

    Raises:
        ClusterError: Something was raised.
    """
    try:
        yield
    except ApiException as error:
        raise _from_status(what, server, error) from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _from_transport(what, server, error) from None
    except ConfigException as error:
        raise no_credentials(what, str(error)) from None
    except (OpenApiException, ValueError, TypeError, LookupError, AttributeError) as error:
        raise ClusterError(
            f"could not {what}: {server} answered what makes no sense "
            f"({type(error).__name__}: {redact(str(error))}).",
            "Is that address a Kubernetes API server?",
            problem=ClusterProblem.SERVER,
        ) from None


def no_credentials(what: str, reason: str) -> ClusterError:
    """The error for credentials that could not be got."""
    return ClusterError(
        f"could not {what}: no credentials ({redact(reason).rstrip('.')}).",
        _HINTS[ClusterProblem.UNAUTHORIZED],
        problem=ClusterProblem.UNAUTHORIZED,
    )


def _from_status(what: str, server: str, error: ApiException) -> ClusterError:
    status = error.status or 0
    if not status:
        # The client's form of a TLS failure.
        return _unreachable(what, server, _tls_words(str(error.reason)))
    problem = _BY_STATUS.get(status, ClusterProblem.SERVER)
    message = _server_message(error.body) or redact(str(error.reason or ""))
    words = f"{status} {message}".strip().rstrip(".")
    return ClusterError(
        f"could not {what}: {words}.",
        _HINTS.get(problem, ""),
        problem=problem,
        retry_after_s=retry_after_s(error.headers or {}),
    )


def _server_message(body: str | None) -> str:
    """The message of the server's Status object, or the beginning of whatever it sent."""
    if not body:
        return ""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return redact(body)
    message = content.get("message") if isinstance(content, dict) else None
    return redact(str(message or ""))


def retry_after_s(headers: Mapping[str, Any]) -> float | None:
    """Seconds to wait according to a Retry-After header, capped; None if there is none.

    A date is taken relative to the server's own Date, so that clocks need not agree.
    """
    text = headers.get("Retry-After")
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            until = parsedate_to_datetime(text)
            since = parsedate_to_datetime(headers["Date"])
            seconds = (until - since).total_seconds()
        except (KeyError, TypeError, ValueError):
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)


def _from_transport(what: str, server: str, error: Exception) -> ClusterError:
    cause = error
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        cause = error.reason
    timeouts = (urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ConnectTimeoutError)
    # NewConnectionError is a kind of ConnectTimeoutError in urllib3, but means a refusal.
    refused = isinstance(cause, urllib3.exceptions.NewConnectionError)
    if isinstance(cause, (*timeouts, TimeoutError)) and not refused:
        return ClusterError(
            f"could not {what}: no answer from {server} in time.",
            _HINTS[ClusterProblem.TIMEOUT],
            problem=ClusterProblem.TIMEOUT,
        )
    if isinstance(cause, urllib3.exceptions.SSLError):
        return _unreachable(what, server, _tls_words(str(cause)))
    return _unreachable(what, server, _transport_words(cause))


def _unreachable(what: str, server: str, words: str) -> ClusterError:
    return ClusterError(
        f"could not {what}: no connection to {server} ({words}).",
        _HINTS[ClusterProblem.UNREACHABLE],
        problem=ClusterProblem.UNREACHABLE,
    )


def _tls_words(text: str) -> str:
    text = redact(text.removeprefix("SSLError"))
    return "its certificate is not trusted" if "CERTIFICATE_VERIFY_FAILED" in text else text


def _transport_words(error: BaseException) -> str:
    """A few words for a broken connection, without the library's object addresses."""
    if isinstance(error, urllib3.exceptions.NameResolutionError):
        return "its name cannot be resolved"
    text = redact(str(error))
    known = ("Connection refused", "Connection reset", "Network is unreachable", "No route to host")
    for words in known:
        if words.lower() in text.lower():
            return words.lower()
    if isinstance(error, (urllib3.exceptions.ProtocolError, ConnectionError)):
        return "the connection broke"
    return text or type(error).__name__
