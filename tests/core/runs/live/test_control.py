"""Who controls a Deployment: permission, confirmation, leases, and everybody else."""

from __future__ import annotations

import time

from core.errors import RlscaleError
from core.runs.commands import Command
from core.runs.records import RunState
from core.state import Actor, ControlMode
from tests.core.runs.live.conftest import LiveRunOf
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

LOOKING: list[dict[str, object]] = [
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    {
        "apiGroups": ["autoscaling"],
        "resources": ["horizontalpodautoscalers"],
        "verbs": ["get", "list"],
    },
]


def test_shadow_writes_nothing(stack: Stack, namespace: str, live_run: LiveRunOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.grant(namespace, "limited", LOOKING)
    mark = stack.audit.mark()
    run = live_run("static:5", user="limited")
    run.wait(lambda status: status.step >= 8, "eight decisions")
    assert stack.audit.writes(mark, "limited") == []
    run.end()
    step = run.read().step(5)
    assert (step.mode, step.actor, step.target) == (ControlMode.SHADOW, Actor.NOBODY, 2)
    assert step.decision.target == 5
    status = run.status()
    assert status.environment == f"k8s direct/{namespace}/web"
    assert (status.state, status.scenario) == (RunState.STOPPED, f"{namespace}/web")
    assert stack.audit.entries(mark, "limited") != [], "it did look"
    assert stack.audit.writes(mark, "limited") == []


def test_a_run_that_may_only_look_refuses_control(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:5")
    run.wait(lambda status: status.step >= 1, "the first decisions")
    name = f"direct/{namespace}/web"
    for command in (
        Command.mode(ControlMode.AUTO, name),
        Command.mode(ControlMode.MANUAL, name),
        Command.override(4, None, name),
    ):
        assert run.send(command).startswith("refused: expected a run that may write")
    assert "real cluster" in run.send(Command.speed(10.0))
    assert run.status().mode is ControlMode.SHADOW
    assert run.scalings() == []
    assert stack.replicas(namespace, "web") == 2


def test_control_takes_the_right_confirmation_and_can_be_given_back(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:4", write=True)
    run.wait(lambda status: status.step >= 1, "the first decisions")
    assert "expected the confirmation" in run.send(Command.mode(ControlMode.AUTO))
    wrong = Command.override(5, None, f"direct/{namespace}/webs")
    assert "expected the confirmation" in run.send(wrong)
    assert run.scalings() == []
    name = f"direct/{namespace}/web"
    assert run.send(Command.mode(ControlMode.AUTO, name)) == "mode AUTO"
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the policy's replicas")
    assert run.send(Command.override(5)).startswith("pinned 5"), "confirmed once is enough"
    assert stack.replicas(namespace, "web") == 5
    assert run.send(Command.mode(ControlMode.SHADOW)) == "mode SHADOW"
    lease = stack.get(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/rlscale-web")
    assert not lease["spec"].get("holderIdentity")
    assert run.scalings() == [("policy", 2, 4, True), ("operator", 4, 5, True)]
    told = stack.get(f"/api/v1/namespaces/{namespace}/events")["items"]
    story = [
        event["message"] for event in told if event["source"]["component"] == "rlscale-console"
    ]
    assert any("static:4: replicas 2 → 4, keep 4 replicas" in line for line in story)
    assert any("operator (static:4): replicas 4 → 5" in line for line in story)


def test_two_engines_never_control_one_deployment(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    first = live_run("static:3", ControlMode.AUTO)
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the first engine to scale")
    second = live_run("static:6", ControlMode.AUTO)
    assert second.thread is not None
    second.thread.join(15.0)
    assert isinstance(second.error, RlscaleError)
    assert f"found {first.directory.name}@" in str(second.error)
    assert second.status().state is RunState.FAILED
    beside = live_run("static:6", write=True)
    beside.wait(lambda status: status.step >= 1, "a shadow beside it")
    answer = beside.send(Command.mode(ControlMode.AUTO, f"direct/{namespace}/web"))
    assert answer.startswith("refused: expected nobody else to control")
    assert stack.replicas(namespace, "web") == 3
    first.end()
    answer = beside.send(Command.mode(ControlMode.AUTO))
    assert answer == "mode AUTO", "what was confirmed stays so, and the lease is free at once"
    wait_until(lambda: stack.replicas(namespace, "web") == 6, "the second engine to scale")


def test_somebody_elses_scaling_pauses_until_the_operator_resumes(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:3", ControlMode.AUTO)
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas")
    stack.wait_ready(namespace, "web", 3)
    run.wait_steps(2)
    stack.scale(namespace, "web", 5)
    run.wait(lambda status: status.mode is ControlMode.HOLD, "the pause")
    status = run.status()
    assert (status.former_mode, status.message) == (
        ControlMode.AUTO,
        "somebody else scaled 3 → 5",
    )
    run.wait_steps(3)
    assert stack.replicas(namespace, "web") == 5, "theirs stays"
    assert "somebody else scaled 3 → 5" in run.events("external")
    reader = run.read()
    actors = {reader.step(index).actor for index in range(reader.last_step() + 1)}
    assert Actor.EXTERNAL in actors
    assert run.send(Command.release()) == "released, mode AUTO"
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas again")
    run.wait(lambda status: not status.message, "nothing to be said any more")


def test_an_override_ends_by_the_clock_though_decisions_are_paused(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:3", ControlMode.AUTO)
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas")
    run.send(Command.pause())
    time.sleep(1.0)
    run.send(Command.override(5, 1.0))
    assert run.status().mode is ControlMode.MANUAL, "its time begins when it is given"
    run.wait(lambda status: status.mode is ControlMode.AUTO, "the override to end", 10.0)
    assert run.status().paused
    assert stack.replicas(namespace, "web") == 5, "nobody decides"
    run.send(Command.resume())
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas again")


def test_a_lost_lease_stops_everything_at_once(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:3", ControlMode.AUTO)
    wait_until(lambda: stack.replicas(namespace, "web") == 3, "the policy's replicas")
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/rlscale-web"
    stack.send("PATCH", path, {"spec": {"holderIdentity": "another"}})
    run.wait(lambda status: status.mode is ControlMode.HOLD, "the stop")
    assert "found another" in run.status().message
    assert run.send(Command.release()).startswith("refused: expected nobody else to control")
    assert run.status().mode is ControlMode.HOLD
