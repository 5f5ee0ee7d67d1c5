from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3.exceptions
from kubernetes.client.exceptions import ApiException
from kubernetes.config.config_exception import ConfigException

from core.cluster.kubernetes.translation import retry_after_s, translated
from core.errors import ClusterError, ClusterProblem

_SERVER = "https://127.0.0.1:6443"


def _raised(error: Exception) -> ClusterError:
    with pytest.raises(ClusterError) as caught, translated("read Deployment shop/web", _SERVER):
        raise error
    # Tracebacks go to logs: the original must not come along.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    return caught.value


def _answer(status: int, message: str = "", headers: dict[str, str] | None = None) -> ApiException:
    error = ApiException(status=status, reason="Reason", body=json.dumps({"message": message}))
    error.headers = headers
    return error


@pytest.mark.parametrize(
    ("status", "problem", "transient"),
    [
        (400, ClusterProblem.INVALID, False),
        (401, ClusterProblem.UNAUTHORIZED, False),
        (403, ClusterProblem.FORBIDDEN, False),
        (404, ClusterProblem.NOT_FOUND, False),
        (409, ClusterProblem.CONFLICT, False),
        (410, ClusterProblem.EXPIRED, True),
        (422, ClusterProblem.INVALID, False),
        (429, ClusterProblem.THROTTLED, True),
        (500, ClusterProblem.SERVER, True),
        (503, ClusterProblem.SERVER, True),
        (504, ClusterProblem.TIMEOUT, True),
        (302, ClusterProblem.SERVER, True),
    ],
)
def test_statuses(status: int, problem: ClusterProblem, transient: bool) -> None:
    error = _raised(_answer(status, "the server's own words."))
    assert error.problem is problem
    assert error.is_transient is transient
    assert error.message == (
        f"could not read Deployment shop/web: {status} the server's own words."
    )


def test_a_wait_that_the_server_asks_for_is_kept() -> None:
    assert _raised(_answer(429, headers={"Retry-After": "7"})).retry_after_s == 7.0
    assert _raised(_answer(429)).retry_after_s is None


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0.0),
        ({"Retry-After": "86400"}, 300.0),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "whenever"}, None),
        ({"Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT"}, None),
        (
            {
                "Retry-After": "Sun, 01 Mar 2026 12:00:30 GMT",
                "Date": "Sun, 01 Mar 2026 12:00:10 GMT",
            },
            20.0,
        ),
    ],
)
def test_retry_after(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(headers) == expected


_POOL: Any = None


@pytest.mark.parametrize(
    ("error", "problem", "words"),
    [
        (
            urllib3.exceptions.NewConnectionError(_POOL, "[Errno 111] Connection refused"),
            ClusterProblem.UNREACHABLE,
            "connection refused",
        ),
        (
            urllib3.exceptions.MaxRetryError(
                _POOL, "/", urllib3.exceptions.ConnectTimeoutError("late")
            ),
            ClusterProblem.TIMEOUT,
            "in time",
        ),
        (
            urllib3.exceptions.ReadTimeoutError(_POOL, "/", "read timed out"),
            ClusterProblem.TIMEOUT,
            "in time",
        ),
        (
            urllib3.exceptions.ProtocolError("cut", ConnectionResetError(104, "reset by peer")),
            ClusterProblem.UNREACHABLE,
            "the connection broke",
        ),
        (
            urllib3.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED: self-signed"),
            ClusterProblem.UNREACHABLE,
            "certificate is not trusted",
        ),
        (
            ApiException(status=0, reason="SSLError\nCERTIFICATE_VERIFY_FAILED"),
            ClusterProblem.UNREACHABLE,
            "certificate is not trusted",
        ),
        (ConnectionResetError(), ClusterProblem.UNREACHABLE, "the connection broke"),
        (TimeoutError(), ClusterProblem.TIMEOUT, "in time"),
        (
            ConfigException("exec: process returned 1. token=abcdef"),
            ClusterProblem.UNAUTHORIZED,
            "no credentials",
        ),
        (json.JSONDecodeError("no", "<html>", 0), ClusterProblem.SERVER, "makes no sense"),
        (KeyError("metadata"), ClusterProblem.SERVER, "makes no sense"),
    ],
)
def test_transport(error: Exception, problem: ClusterProblem, words: str) -> None:
    found = _raised(error)
    assert found.problem is problem
    assert words in found.message
    assert found.hint
    assert "abcdef" not in str(found)


def test_a_page_of_html_is_not_shown_in_full() -> None:
    error = ApiException(status=502, reason="Bad Gateway", body="<html>" + "x" * 5000)
    assert len(str(_raised(error))) < 500


def test_our_own_errors_pass_through() -> None:
    ours = ClusterError("ours", problem=ClusterProblem.CONFLICT)
    with pytest.raises(ClusterError) as caught, translated("do it", _SERVER):
        raise ours
    assert caught.value is ours
