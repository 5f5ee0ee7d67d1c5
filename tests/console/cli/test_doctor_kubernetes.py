"""`doctor --env k8s`: flags, the config file, and what is printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.console.cli.conftest import CommandLine
from tests.stack.users import USERS

if TYPE_CHECKING:
    from tests.stack.stack import Stack


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--context", "prod"), "expected --env k8s beside --context, found --env sim"),
        (("--write",), "expected --env k8s beside --write"),
        (("--env", "k8s"), "expected deployment (--deployment), found none"),
        (("--env", "k8s", "--deployment", "a", "--config", "/none"), "expected a file"),
        (
            ("--env", "k8s", "--deployment", "a", "--prometheus-url", "http://u:SECRET12@p"),
            "expected a URL without a user and password",
        ),
        (("--env", "k8s", "--query-set", "nginx"), "expected one of auto, generic"),
        (("--env", "k8s", "--window", "0"), "expected a whole number"),
    ],
)
def test_wrong_flags(cli: CommandLine, arguments: tuple[str, ...], words: str) -> None:
    answer = cli("doctor", *arguments)
    assert answer.code == 2
    assert words.lower() in answer.err.lower()
    assert "SECRET12" not in answer.err + answer.out
    assert answer.err.count("\n") == 1


def test_without_a_kubeconfig(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    answer = cli("doctor", "--env", "k8s", "--deployment", "web")
    assert answer.code == 1
    assert "FAIL  credentials" in answer.out
    assert "Name one as kubeconfig (flag," in answer.out


def test_a_cluster(cli: CommandLine, stack: Stack, namespace: str, tmp_path: Path) -> None:
    stack.create_deployment(namespace, "web", 0)
    config = tmp_path / "cluster.yaml"
    config.write_text(
        f"kubeconfig: {stack.kubeconfig()}\nnamespace: {namespace}\nmetrics:\n"
        f"  prometheus_url: {stack.prometheus_url}\n  query_set: generic\n",
        encoding="utf-8",
    )
    flags = ("--env", "k8s", "--config", str(config), "--deployment", "web")
    answer = cli("doctor", *flags)
    assert answer.code == 1, "there is no service model, and no request was ever counted"
    assert "ok    API server" in answer.out
    assert f"direct/{namespace}/web: 0 of 0 ready" in answer.out
    assert "FAIL  service model" in answer.out
    assert "FAIL  request rate" in answer.out
    content = cli("doctor", *flags, "--scenario", "flash-crowd", "--json").json
    checks = {check["check"]: check for check in content["checks"]}
    assert not content["ok"]
    assert checks["service model"]["ok"]
    assert {"check", "ok", "required", "found", "hint"} == checks["Kubernetes"].keys()
    assert USERS["admin"].token not in answer.out + str(content)
