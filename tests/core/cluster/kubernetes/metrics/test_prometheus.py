"""Every way in which Prometheus can fail or mislead, met by the one connection to it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core.cluster.kubernetes.metrics.prometheus import Prometheus
from core.cluster.kubernetes.settings import MetricsSettings
from core.errors import ClusterError, ClusterProblem, InputError
from tests.core.cluster.kubernetes.live import CLOCK
from tests.stack.faults import (
    Answer,
    Delay,
    Drop,
    Fault,
    Hang,
    Skew,
    no_samples,
    not_a_number,
    not_json,
    prometheus_error,
    two_series,
)

if TYPE_CHECKING:
    from tests.stack.stack import Stack

_LIMIT_S = 0.5
_SECRET = "s3cr3t-s3cr3t"


def _open(url: str, **values: Any) -> Prometheus:
    return Prometheus(MetricsSettings(prometheus_url=url, **values))


@pytest.fixture
def prometheus(stack: Stack) -> Iterator[Prometheus]:
    opened = _open(stack.prometheus_proxy.url)
    yield opened
    opened.close()


def _fails(prometheus: Prometheus, query: str = "vector(1)") -> ClusterError:
    began = time.monotonic()
    with pytest.raises(ClusterError) as caught:
        prometheus.single("rps", query, _LIMIT_S)
    assert time.monotonic() - began < 4 * _LIMIT_S
    return caught.value


def test_a_value_with_the_servers_time(prometheus: Prometheus) -> None:
    reading = prometheus.single("rps", "vector(42)", _LIMIT_S)
    assert reading.value == 42.0
    assert reading.server_time_s == pytest.approx(CLOCK.now(), abs=2.0)
    assert prometheus.single("rps", "time()", _LIMIT_S).value == pytest.approx(CLOCK.now(), abs=2.0)
    assert prometheus.is_ready(_LIMIT_S)


@pytest.mark.parametrize("query", ["nothing_of_this_name", "vector(0) / 0", "vector(1) / 0"])
def test_empty_and_undefined_is_missing(prometheus: Prometheus, query: str) -> None:
    assert prometheus.single("rps", query, _LIMIT_S).value is None


@pytest.mark.parametrize(
    "fault",
    [not_a_number(), not_a_number("+Inf"), not_a_number("-Inf"), no_samples()],
    ids=["NaN", "+Inf", "-Inf", "empty"],
)
def test_what_is_no_number_is_missing(stack: Stack, prometheus: Prometheus, fault: Fault) -> None:
    with stack.prometheus_proxy.inject(fault):
        assert prometheus.single("rps", "vector(1)", _LIMIT_S).value is None


@pytest.mark.parametrize(
    ("fault", "problem", "words"),
    [
        (not_json(), ClusterProblem.SERVER, "makes no sense"),
        (Answer(200, '{"status": "success"}'), ClusterProblem.SERVER, "makes no sense"),
        (
            Answer(200, '{"data": {"result": [{"value": [1]}]}}'),
            ClusterProblem.SERVER,
            "makes no sense",
        ),
        (
            prometheus_error(400, "bad_data", "parse error: no closing bracket"),
            ClusterProblem.INVALID,
            "400 parse error: no closing bracket",
        ),
        (prometheus_error(422, "execution", "too many samples"), ClusterProblem.INVALID, "422"),
        (prometheus_error(503, "timeout", "query timed out"), ClusterProblem.SERVER, "503"),
        (Answer(401, "Unauthorized", "text/plain"), ClusterProblem.UNAUTHORIZED, "401"),
        (Answer(429, "slow down", "text/plain"), ClusterProblem.THROTTLED, "429"),
        (Answer(502, "<html>bad gateway</html>", "text/html"), ClusterProblem.SERVER, "502"),
        (two_series(), ClusterProblem.INVALID, "query rps gave 2 series"),
        (Drop(), ClusterProblem.UNREACHABLE, "no connection"),
        (Hang(), ClusterProblem.TIMEOUT, "no answer in time"),
        (Delay(1.0), ClusterProblem.TIMEOUT, "no answer in time"),
    ],
)
def test_failures(
    stack: Stack, prometheus: Prometheus, fault: Fault, problem: ClusterProblem, words: str
) -> None:
    with stack.prometheus_proxy.inject(fault) as injected:
        error = _fails(prometheus)
    assert error.problem is problem
    assert words in error.message
    assert error.hint or problem is ClusterProblem.THROTTLED
    assert injected.hits <= 2, "one more attempt where the connection broke, no more"
    assert prometheus.single("rps", "vector(1)", _LIMIT_S).value == 1.0


def test_refused_connections(stack: Stack, prometheus: Prometheus) -> None:
    with stack.prometheus_proxy.refusing():
        error = _fails(prometheus)
        with pytest.raises(ClusterError, match=r"no connection to Prometheus at .*: refused"):
            prometheus.is_ready(_LIMIT_S)
    assert error.problem is ClusterProblem.UNREACHABLE
    assert "refused" in error.message


def test_a_server_that_starts_is_not_ready(stack: Stack, prometheus: Prometheus) -> None:
    with stack.prometheus_proxy.inject(Answer(503, "Service Unavailable", "text/plain")):
        assert not prometheus.is_ready(_LIMIT_S)
    with stack.prometheus_proxy.inject(Answer(404, "", "text/plain"), path="/-/ready"):
        assert prometheus.is_ready(_LIMIT_S), "others that speak the API have no such page"


def test_times_are_the_servers_own(stack: Stack, prometheus: Prometheus) -> None:
    with stack.prometheus_proxy.inject(Skew(600.0)):
        found = prometheus.single("rps", "vector(1)", _LIMIT_S).server_time_s
    assert found == pytest.approx(CLOCK.now() + 600.0, abs=2.0)


def test_a_bearer_token_is_read_anew_each_time(stack: Stack, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{_SECRET}\n", encoding="utf-8")
    prometheus = _open(
        stack.secure_prometheus_proxy.url, bearer_token_file=file, ca_file=stack.ca_file
    )
    stack.secure_prometheus_proxy.require(f"Bearer {_SECRET}")
    assert prometheus.single("rps", "vector(1)", _LIMIT_S).value == 1.0
    stack.secure_prometheus_proxy.require("Bearer another")
    error = _fails(prometheus)
    assert error.problem is ClusterProblem.UNAUTHORIZED
    assert _SECRET not in str(error)
    file.write_text("another", encoding="utf-8")
    assert prometheus.single("rps", "vector(1)", _LIMIT_S).value == 1.0
    file.unlink()
    with pytest.raises(InputError, match="expected a secret in"):
        prometheus.single("rps", "vector(1)", _LIMIT_S)


def test_basic_auth_wins_over_the_netrc_of_whoever_runs_it(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password wrong\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("PROMETHEUS_PASSWORD", _SECRET)
    prometheus = _open(
        stack.prometheus_proxy.url,
        basic_auth_user="reader",
        basic_auth_password_env="PROMETHEUS_PASSWORD",
    )
    expected = base64.b64encode(f"reader:{_SECRET}".encode()).decode()
    stack.prometheus_proxy.require(f"Basic {expected}")
    assert prometheus.single("rps", "vector(1)", _LIMIT_S).value == 1.0
    assert prometheus.is_ready(_LIMIT_S)


def test_a_server_that_echoes_the_secret_does_not_get_it_shown(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", _SECRET)
    prometheus = _open(stack.prometheus_proxy.url, bearer_token_env="TOKEN")
    with stack.prometheus_proxy.inject(Answer(500, f"no user {_SECRET}", "text/plain")):
        error = _fails(prometheus)
    assert _SECRET not in f"{error} {error!r}"
    assert error.__cause__ is None
    assert error.__suppress_context__


def test_a_certificate_that_is_not_trusted(stack: Stack, tmp_path: Path) -> None:
    error = _fails(_open(stack.secure_prometheus_proxy.url))
    assert error.problem is ClusterProblem.UNREACHABLE
    assert "ca_file" in error.message
    with pytest.raises(InputError, match="found no file"):
        _open(stack.secure_prometheus_proxy.url, ca_file=tmp_path / "none")


def test_secrets_that_are_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOKEN", raising=False)
    with pytest.raises(InputError, match="variable TOKEN, found none"):
        _open("http://127.0.0.1:9", bearer_token_env="TOKEN")
