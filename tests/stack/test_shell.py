"""The words that break and mend the stack by hand do what they say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack.shell import HELP, Shell
from tests.stack.stack import Deployed, Stack
from tests.stack.waiting import wait_until


@pytest.fixture
def web(stack: Stack, namespace: str) -> Deployed:
    deployed = stack.create_deployment(namespace, "web", replicas=2)
    stack.wait_ready(namespace, "web", 2)
    return deployed


@pytest.fixture
def shell(stack: Stack, web: Deployed) -> Iterator[Shell]:
    with stack.load(web.url, rps=0.0) as load:
        yield Shell(stack, web, load, lambda _: 5.0)


def test_pods_are_broken_and_mended(shell: Shell, stack: Stack, web: Deployed) -> None:
    crashed = shell.run("crash 1")
    wait_until(lambda: len(web.service.pods) == 1, "one pod fewer")
    assert crashed not in web.service.pods
    assert shell.run("recover") == "done"
    stack.wait_ready(web.namespace, "web", 2)
    shell.run("room 3")
    shell.run("scale 4")
    stack_pods = stack.kubelet.behaviour(web.namespace).schedulable_pods
    assert stack_pods == 3
    shell.run("room")
    stack.wait_ready(web.namespace, "web", 4)


def test_traffic_is_changed(shell: Shell, web: Deployed) -> None:
    assert shell.run("rps 40") == "done"
    wait_until(lambda: web.service.gateway, "requests")
    assert shell.run("latency 0.2") == "done"
    assert web.service.extra_latency_s == 0.2
    assert shell.run("wave") == "done"


def test_servers_are_stopped_and_started(shell: Shell, stack: Stack) -> None:
    shell.run("kill prometheus")
    assert not stack.prometheus.running
    shell.run("start prometheus")
    assert stack.query("vector(1)")


def test_what_it_does_not_know_is_answered_with_help(shell: Shell) -> None:
    assert shell.run("dance") == HELP
    assert shell.run("crash 99").startswith("crash: expected 99 ready pods")
    assert shell.run("kill") != "done"
