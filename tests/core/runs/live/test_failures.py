"""What the writing side does when the cluster does not do what it should."""

from __future__ import annotations

from itertools import pairwise

import pytest

from core.runs.commands import Command
from core.runs.records import RunState
from core.state import Actor, ControlMode
from core.traffic.scenario import GuardrailSettings
from tests.core.runs.live.conftest import LiveRunOf
from tests.stack.behaviour import PodBehaviour
from tests.stack.faults import Answer, Drop, api_status, lost_answer
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

SCALE = r"/deployments/web/scale"
REAL = r"^(?!.*dryRun)"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (api_status(403), "forbidden"),
        (api_status(429, retry_after_s=1), "asked"),
        (Drop(), "connection"),
    ],
    ids=["403", "429", "dropped"],
)
def test_a_scaling_that_fails_degrades_and_is_tried_again_in_peace(
    stack: Stack, namespace: str, live_run: LiveRunOf, fault: Answer, words: str
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:4", ControlMode.HOLD, write=True, context="proxied")
    run.wait(lambda status: status.step >= 1, "the first decisions")
    with stack.api_proxy.inject(fault, method="PATCH", path=SCALE) as injected:
        name = f"proxied/{namespace}/web"
        assert run.send(Command.mode(ControlMode.AUTO, name)) == "mode AUTO"
        run.wait(lambda status: words in status.degraded.lower(), f"{words!r} in the header")
        before = (injected.hits, run.status().step)
        run.wait_steps(4)
        decisions = run.status().step - before[1]
        assert injected.hits - before[0] <= 2 * (decisions + 1), "no busy loop"
        assert run.status().state is RunState.RUNNING
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the scaling in the end")
    run.wait(lambda status: not status.degraded, "the header to be calm again")
    assert run.status().mode is ControlMode.AUTO
    accepted = [row for row in run.scalings() if row[3] is True]
    assert accepted == [("policy", 2, 4, True)]
    # A server that asks to wait is told in turns: that it asked, and that this is heeded.
    said = run.events("scaling")
    assert len(set(said)) <= 3
    assert all(one != other for one, other in pairwise(said)), "what goes on is said once"


def test_a_write_whose_answer_never_came_is_found_out(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:4", ControlMode.HOLD, write=True, context="proxied")
    run.wait(lambda status: status.step >= 1, "the first decisions")
    with stack.api_proxy.inject(lost_answer(), method="PATCH", path=SCALE, query=REAL) as lost:
        run.send(Command.mode(ControlMode.AUTO, f"proxied/{namespace}/web"))
        wait_until(lambda: lost.hits, "the write to be sent")
        run.wait(lambda _: ("policy", 2, 4, True) in run.scalings(), "the outcome")
        assert lost.hits == 1, "never blindly again"
    run.wait_steps(2)
    assert run.status().mode is ControlMode.AUTO, "it was us"
    assert run.scalings() == [("policy", 2, 4, True)]


def test_a_deleted_deployment_ends_nothing_and_a_new_one_is_not_ours(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:3", ControlMode.AUTO)
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas")
    stack.delete(f"/apis/apps/v1/namespaces/{namespace}/deployments/web")
    run.wait(lambda status: status.degraded, "the header to say so")
    run.wait_steps(3)
    assert run.status().state is RunState.RUNNING
    stack.create_deployment(namespace, "web", 2)
    run.wait(lambda status: status.mode is ControlMode.HOLD, "the pause")
    assert "made anew" in run.status().message
    assert stack.replicas(namespace, "web") == 2


def test_without_the_api_server_nothing_is_written_and_afterwards_all_goes_on(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    careful = GuardrailSettings(stale_after_intervals=4, fallback_after_intervals=12)
    run = live_run("static:3", ControlMode.AUTO, context="proxied", guardrails=careful)
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas")
    run.wait_steps(2)
    stack.api_proxy.refuse()
    run.wait(lambda status: "metrics too old: holding" in status.degraded, "holding")
    run.wait(lambda status: "reactive baseline" in status.degraded, "the fallback")
    held = run.status().step
    run.wait_steps(3)
    stack.api_proxy.accept()
    run.wait(lambda status: not status.degraded, "recovery")
    events = run.events("degraded")
    assert any("holding" in line for line in events)
    assert any("reactive baseline in control" in line for line in events)
    assert run.status().mode is ControlMode.AUTO
    assert stack.replicas(namespace, "web") == 3
    assert run.read().step(held).actor in (Actor.FALLBACK, Actor.GUARDRAIL)


@pytest.mark.parametrize(
    ("behaviour", "words"),
    [
        (PodBehaviour(schedulable_pods=2), "node"),
        (PodBehaviour(crash_looping=True), "crash"),
    ],
    ids=["unschedulable", "crash-looping"],
)
def test_pods_that_never_become_ready_are_said_and_make_nobody_run_wild(
    stack: Stack, namespace: str, live_run: LiveRunOf, behaviour: PodBehaviour, words: str
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    stack.kubelet.configure(namespace, behaviour)
    run = live_run("static:5", ControlMode.AUTO)
    wait_until(lambda: stack.replicas(namespace, "web") == 5, "the policy's replicas")
    run.wait(lambda status: words in status.degraded.lower(), "the header to say why")
    run.wait_steps(3)
    assert stack.replicas(namespace, "web") == 5
    assert run.scalings() == [("policy", 2, 5, True)]
    step = run.read().step(run.status().step)
    assert step.state.replicas_ready == 2


def test_a_quota_is_said(stack: Stack, namespace: str, live_run: LiveRunOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.wait_ready(namespace, "web", 2)
    stack.create_quota(namespace, 3)
    run = live_run("static:5", ControlMode.AUTO)
    run.wait(lambda status: "quota" in status.degraded.lower(), "the header to say why")
    assert run.status().mode is ControlMode.AUTO
    assert stack.replicas(namespace, "web") == 5
