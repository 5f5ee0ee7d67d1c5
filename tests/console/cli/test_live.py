"""`run --env k8s` and `train --env k8s`: what they refuse, and what they print."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from core.locations import runs_directory
from core.runs.catalogue import find_live_run, list_runs
from core.runs.commands import Command, CommandSender
from tests.console.cli.conftest import CommandLine
from tests.stack.waiting import wait_until

if TYPE_CHECKING:
    from tests.stack.stack import Stack

MODEL = (
    *("--pod-capacity", "20", "--slo", "500", "--startup", "1"),
    *("--min-replicas", "1", "--max-replicas", "8"),
)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "prod", "cluster": {"server": "https://127.0.0.1:9"}}],
        "users": [{"name": "me", "user": {"token": "secret"}}],
        "contexts": [{"name": "prod", "context": {"cluster": "prod", "user": "me"}}],
    }
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mode", "auto"), "expected --write with --mode AUTO, found none"),
        (("--mode", "manual", "--replicas", "3"), "expected --write with --mode MANUAL"),
        (("--confirm", "prod/default/web"), "expected --write beside --confirm"),
        (("--mode", "auto", "--write"), "expected --confirm prod/default/web beside --write"),
        (
            ("--mode", "auto", "--write", "--confirm", "prod/default/cart", *MODEL),
            "expected the confirmation 'prod/default/web', found 'prod/default/cart'",
        ),
        (("--write", "--confirm", "web", *MODEL), "found 'web'"),
        (("--speed", "10"), "a cluster lives in real time"),
        ((), "expected a service model, found none for pod_capacity_rps"),
        ((), "--pod-capacity, --slo, --min-replicas, --max-replicas, --startup, or the --scenario"),
        (("--kubeconfig", "nope", *MODEL), "Name one as kubeconfig (flag"),
        (("--policy", "oracle", *MODEL), "oracle"),
    ],
)
def test_a_run_is_refused_in_one_line(
    cli: CommandLine, kubeconfig: Path, arguments: tuple[str, ...], words: str
) -> None:
    where = ("--env", "k8s", "--kubeconfig", str(kubeconfig), "--deployment", "web")
    answer = cli("run", *where, "--headless", *arguments)
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1
    assert not runs_directory().exists(), "nothing was made"


@pytest.mark.parametrize("flag", [("--write",), ("--confirm", "a/b/c"), ("--duration", "5")])
def test_flags_for_clusters_need_one(cli: CommandLine, flag: tuple[str, ...]) -> None:
    answer = cli("run", "--headless", *flag)
    assert answer.code == 2
    assert f"expected --env k8s beside {flag[0]}" in answer.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--algo", "ppo"), "PPO learns only from its own choices"),
        (("--from", "ppo", *MODEL), "found PPO at"),
        (("--from", "nonsense"), "expected a DQN policy's name"),
        (("--mode", "auto"), "expected --write with --mode AUTO"),
        (("--scenario", "flash-crowd,bursty"), "expected one scenario fitted to the service"),
    ],
)
def test_a_training_is_refused_in_one_line(
    cli: CommandLine, kubeconfig: Path, arguments: tuple[str, ...], words: str
) -> None:
    where = ("--env", "k8s", "--kubeconfig", str(kubeconfig), "--deployment", "web")
    answer = cli("train", *where, *arguments)
    assert answer.code == 2
    assert words in answer.err
    assert answer.err.count("\n") == 1


def test_a_shadow_run_prints_its_figures(cli: CommandLine, stack: Stack, namespace: str) -> None:
    stack.create_deployment(namespace, "web", 1)
    answer = cli(
        *("run", "--env", "k8s", "--kubeconfig", str(stack.kubeconfig())),
        *("--namespace", namespace, "--deployment", "web"),
        *("--prometheus-url", stack.prometheus_url, "--interval", "0.4", *MODEL),
        *("--policy", "hpa", "--headless", "--json", "--duration", "1.5"),
    )
    assert answer.code == 0, answer.err
    content = answer.json
    assert content["scenario"] == f"{namespace}/web"
    assert content["steps"] >= 3
    assert content["churn"] == 0
    assert "score" in content


def test_a_training_that_is_stopped_by_command_has_ended_in_order(
    cli: CommandLine, stack: Stack, namespace: str
) -> None:
    pytest.importorskip("stable_baselines3")
    stack.create_deployment(namespace, "web", 1)

    def stop() -> str:
        def begun() -> bool:
            statuses = [entry.status for entry in list_runs()]
            return any(status is not None and status.step >= 1 for status in statuses)

        wait_until(begun, "the first decisions", 60.0)
        sender = CommandSender(find_live_run())
        try:
            return sender.send(Command.stop(), timeout_s=10.0).message
        finally:
            sender.close()

    with ThreadPoolExecutor(1) as elsewhere:
        stopping = elsewhere.submit(stop)
        answer = cli(
            *("train", "--env", "k8s", "--kubeconfig", str(stack.kubeconfig())),
            *("--namespace", namespace, "--deployment", "web"),
            *("--prometheus-url", stack.prometheus_url, "--interval", "0.4", *MODEL),
        )
        assert stopping.result() == "stopping"
    assert answer.code == 0, answer.err
    assert "not judged, since it was stopped early" in answer.out
    assert "run --policy dqn-1 " in answer.out
    assert cli("policy", "show", "dqn-1").code == 0
