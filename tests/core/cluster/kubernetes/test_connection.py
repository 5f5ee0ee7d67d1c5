"""Every way in which the API server can fail, met by the one connection to it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kubernetes import client
from kubernetes.config import incluster_config

from core.cluster.kubernetes.connection import Connection, list_deployments, list_namespaces
from core.cluster.kubernetes.settings import AccessSettings
from core.errors import ClusterError, ClusterProblem, InputError
from tests.core.cluster.kubernetes.live import settings
from tests.stack.faults import Answer, Delay, Drop, Hang, api_status
from tests.stack.users import USERS

if TYPE_CHECKING:
    from tests.stack.stack import Stack


@pytest.fixture
def connection(stack: Stack, namespace: str) -> Iterator[Connection]:
    opened = Connection.open(settings(stack, namespace, request_timeout_s=0.5))
    yield opened
    opened.close()


def _fails(connection: Connection) -> ClusterError:
    with pytest.raises(ClusterError) as caught:
        list_deployments(connection, connection.namespace)
    assert USERS["admin"].token not in f"{caught.value!r} {caught.value}"
    return caught.value


def test_names_of_what_there_is(stack: Stack, namespace: str, connection: Connection) -> None:
    assert list_deployments(connection, namespace) == ()
    stack.create_deployment(namespace, "web", replicas=0)
    stack.create_deployment(namespace, "api", replicas=0)
    assert list_deployments(connection, namespace) == ("api", "web")
    assert {"default", "kube-system", namespace} <= set(list_namespaces(connection))
    assert str(connection.target("web")) == f"proxied/{namespace}/web"


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        (401, ClusterProblem.UNAUTHORIZED),
        (403, ClusterProblem.FORBIDDEN),
        (404, ClusterProblem.NOT_FOUND),
        (409, ClusterProblem.CONFLICT),
        (410, ClusterProblem.EXPIRED),
        (429, ClusterProblem.THROTTLED),
        (500, ClusterProblem.SERVER),
        (503, ClusterProblem.SERVER),
    ],
)
def test_refusals(stack: Stack, connection: Connection, code: int, problem: ClusterProblem) -> None:
    with stack.api_proxy.inject(api_status(code, "in its own words")) as fault:
        error = _fails(connection)
    assert error.problem is problem
    assert f"{code} in its own words" in error.message
    assert fault.hits == 1, "nothing is retried behind the caller's back"


def test_a_wait_that_is_asked_for_is_passed_on_and_not_slept(
    stack: Stack, connection: Connection
) -> None:
    stack.api_proxy.inject(api_status(429, retry_after_s=30))
    began = time.monotonic()
    assert _fails(connection).retry_after_s == 30.0
    assert time.monotonic() - began < 5.0


@pytest.mark.parametrize("fault", [Hang(), Delay(3.0)], ids=["hangs", "slow"])
def test_no_call_lasts_longer_than_its_timeout(
    stack: Stack, connection: Connection, fault: Hang | Delay
) -> None:
    with stack.api_proxy.inject(fault):
        began = time.monotonic()
        assert _fails(connection).problem is ClusterProblem.TIMEOUT
        assert time.monotonic() - began < 2.8


def test_broken_and_refused_connections(stack: Stack, connection: Connection) -> None:
    with stack.api_proxy.inject(Drop()):
        assert _fails(connection).problem is ClusterProblem.UNREACHABLE
    with stack.api_proxy.refusing():
        error = _fails(connection)
    assert error.problem is ClusterProblem.UNREACHABLE
    assert "refused" in error.message
    assert list_deployments(connection, connection.namespace) == ()


@pytest.mark.parametrize("body", ["<html>login</html>", "[]", "null", '{"items": [{}]}', ""])
def test_answers_that_make_no_sense(stack: Stack, connection: Connection, body: str) -> None:
    with stack.api_proxy.inject(Answer(200, body)):
        error = _fails(connection)
    assert error.problem is ClusterProblem.SERVER
    assert "makes no sense" in error.message


def test_a_certificate_of_somebody_else(stack: Stack, namespace: str, tmp_path: Path) -> None:
    content = json.loads(stack.kubeconfig().read_text(encoding="utf-8"))
    for cluster in content["clusters"]:
        del cluster["cluster"]["certificate-authority"]
    file = tmp_path / "config"
    file.write_text(json.dumps(content), encoding="utf-8")
    opened = Connection.open(AccessSettings(kubeconfig=file))
    error = _fails(opened)
    assert error.problem is ClusterProblem.UNREACHABLE
    assert "certificate is not trusted" in error.message


def test_new_credentials_are_picked_up_after_a_refusal(
    stack: Stack, namespace: str, tmp_path: Path
) -> None:
    good = stack.kubeconfig().read_text(encoding="utf-8")
    file = tmp_path / "config"
    file.write_text(good.replace(USERS["admin"].token, "expired-token"), encoding="utf-8")
    opened = Connection.open(AccessSettings(kubeconfig=file, namespace=namespace))
    error = _fails(opened)
    assert error.problem is ClusterProblem.UNAUTHORIZED
    assert "expired-token" not in str(error)
    file.write_text(good, encoding="utf-8")
    assert _fails(opened).problem is ClusterProblem.UNAUTHORIZED
    assert list_deployments(opened, namespace) == ()


def test_with_the_account_of_a_pod(
    stack: Stack, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = json.loads(stack.service_account(namespace, "engine").read_text(encoding="utf-8"))
    token = tmp_path / "token"
    token.write_text(content["users"][0]["user"]["token"], encoding="utf-8")
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(token))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(stack.ca_file))
    host, port = stack.api_url.removeprefix("https://").split(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    opened = Connection.open(AccessSettings(in_cluster=True, namespace=namespace))
    assert opened.context == "in-cluster"
    # It is known, and may do nothing yet.
    error = _fails(opened)
    assert error.problem is ClusterProblem.FORBIDDEN
    assert f"system:serviceaccount:{namespace}:engine" in error.message
    version = opened.read("ask", client.VersionApi(opened.client).get_code)
    assert version["major"] == "1"


def test_outside_of_a_pod_there_is_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(InputError, match="pod's service account"):
        Connection.open(AccessSettings(in_cluster=True))


def test_a_program_for_credentials_that_fails(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    script = "import sys; print('cannot sign in, token=SECRET12', file=sys.stderr); sys.exit(3)"
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": sys.executable,
        "args": ["-c", script],
    }
    content = {
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "me"}}],
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "me", "user": {"exec": plugin}}],
    }
    file = tmp_path / "config"
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Connection.open(AccessSettings(kubeconfig=file))
    assert "exec: process returned 3. cannot sign in" in str(caught.value)
    captured = capfd.readouterr()
    assert "SECRET12" not in str(caught.value) + captured.err + captured.out + caplog.text


def test_a_context_without_its_cluster(tmp_path: Path) -> None:
    file = tmp_path / "config"
    contexts = [{"name": "prod", "context": {"cluster": "gone", "user": "me"}}]
    users = [{"name": "me", "user": {"token": "SECRET12"}}]
    content = {"contexts": contexts, "users": users, "clusters": [], "current-context": "prod"}
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        Connection.open(AccessSettings(kubeconfig=file))
    assert "gone" in str(caught.value)
    assert "SECRET12" not in str(caught.value)
