"""How an engine on a cluster ends, and what the next one makes of it."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from core.cluster.kubernetes.settings import Actuator, OnExit
from core.runs.commands import Command
from core.runs.launch import start_engine
from core.runs.records import RunState
from core.state import ControlMode
from tests.core.runs.conftest import engine_of
from tests.core.runs.live.conftest import LiveRunOf
from tests.stack.faults import Hang, api_status, lost_answer
from tests.stack.stack import Stack
from tests.stack.waiting import wait_until

SCALE = r"/deployments/web/scale"
HPAS = r"/horizontalpodautoscalers/web"
REAL = r"^(?!.*dryRun)"
FLOOR: dict[str, Any] = {"actuator": Actuator.HPA_FLOOR, "floor_min": 1, "floor_max": 6}


def hpa_floor(stack: Stack, namespace: str) -> int:
    path = f"/apis/autoscaling/v1/namespaces/{namespace}/horizontalpodautoscalers/web"
    return int(stack.get(path)["spec"]["minReplicas"])


def lease_holder(stack: Stack, namespace: str) -> str:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/rlscale-web"
    return str(stack.get(path)["spec"].get("holderIdentity", ""))


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize(
    ("number", "rule", "left"),
    [(signal.SIGHUP, OnExit.RESTORE, 2), (signal.SIGTERM, OnExit.HOLD, 4)],
    ids=["hangup-restore", "terminate-hold"],
)
def test_a_signal_ends_it_in_order_and_restores_if_asked_to(
    stack: Stack,
    namespace: str,
    live_run: LiveRunOf,
    number: signal.Signals,
    rule: OnExit,
    left: int,
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:4", ControlMode.AUTO, begin=False, on_exit=rule)
    start_engine(run.directory)
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the policy's replicas")
    engine = engine_of(run.directory)
    engine.send_signal(number)
    assert engine.wait(20) == 0
    assert stack.replicas(namespace, "web") == left
    status = run.status()
    assert (status.state, status.message) == (RunState.STOPPED, f"stopped by {number.name}")
    restored = [("operator", 4, 2, True)] if rule is OnExit.RESTORE else []
    assert run.scalings() == [("policy", 2, 4, True), *restored]
    assert lease_holder(stack, namespace) == ""


@pytest.mark.parametrize("floor", [False, True], ids=["scale", "hpa-floor"])
@pytest.mark.parametrize("earlier", [(), (3,)], ids=["first-write", "later-write"])
def test_what_was_set_without_an_answer_is_put_back_too(
    stack: Stack, namespace: str, live_run: LiveRunOf, earlier: tuple[int, ...], floor: bool
) -> None:
    stack.create_deployment(namespace, "web", 2)
    changes: dict[str, Any] = {}
    if floor:
        stack.create_hpa(namespace, "web", 2, 8)
        changes = FLOOR
    # The next look is a minute away: whoever stops the run is faster.
    run = live_run(
        "static:2",
        ControlMode.AUTO,
        context="proxied",
        interval_s=60.0,
        on_exit=OnExit.RESTORE,
        **changes,
    )
    run.wait(lambda status: status.step >= 0, "the first decision")
    for replicas in earlier:
        run.send(Command.override(replicas))
    before = (2, *earlier)[-1]
    with stack.api_proxy.inject(
        lost_answer(), method="PATCH", path=HPAS if floor else SCALE, query=REAL
    ) as lost:
        run.send(Command.override(5))
        assert lost.hits >= 1, "once more after each conflict with a controller"
    assert run.scalings()[-1] == ("operator", before, 5, None)
    run.end()
    assert (hpa_floor(stack, namespace) if floor else stack.replicas(namespace, "web")) == 2
    assert run.scalings()[-2:] == [("operator", before, 5, True), ("operator", 5, 2, True)]
    assert run.events("external") == [], "it was us"


def test_what_cannot_be_put_back_is_tried_again_and_said(
    stack: Stack, namespace: str, live_run: LiveRunOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runs.helm._TRIES_AFTER_S", (0.1, 0.2))
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:4", ControlMode.AUTO, on_exit=OnExit.RESTORE, context="proxied")
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the policy's replicas")
    run.wait_steps(1)
    with stack.api_proxy.inject(api_status(403), method="PATCH", path=SCALE, query=REAL) as refused:
        run.end()
        assert refused.hits > 1
    status = run.status()
    assert status.state is RunState.FAILED
    assert status.message.startswith("4 replicas stay, not the 2 that were found: 4 → 2 refused")
    assert status.message.endswith("Scale it yourself.")
    assert run.scalings()[-1] == ("operator", 4, 2, False)
    assert lease_holder(stack, namespace) == ""


def test_by_default_the_replicas_stay(stack: Stack, namespace: str, live_run: LiveRunOf) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:4", ControlMode.AUTO)
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the policy's replicas")
    run.end()
    assert stack.replicas(namespace, "web") == 4
    assert lease_holder(stack, namespace) == ""


def test_what_somebody_else_set_is_not_restored_over(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    run = live_run("static:4", ControlMode.AUTO, on_exit=OnExit.RESTORE)
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the policy's replicas")
    run.wait_steps(1)
    stack.scale(namespace, "web", 6)
    run.wait(lambda status: status.mode is ControlMode.HOLD, "the pause")
    run.end()
    assert stack.replicas(namespace, "web") == 6


@pytest.mark.usefixtures("engines")
def test_what_a_killed_engine_had_begun_is_found_out_by_the_next(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    killed = live_run("static:4", ControlMode.AUTO, begin=False, context="proxied")
    # The write hangs on its way; its intent must be in the file already.
    with stack.api_proxy.inject(Hang(), method="PATCH", path=SCALE, query=REAL) as hanging:
        start_engine(killed.directory)
        wait_until(lambda: hanging.hits, "the write to be on its way")
        engine = engine_of(killed.directory)
        engine.kill()
        engine.wait(10)
    assert killed.scalings() == [("policy", 2, 4, None)]
    assert killed.status().state is RunState.LOST
    stack.scale(namespace, "web", 4)
    run = live_run("static:4", context="proxied")
    run.wait(lambda status: status.step >= 1, "the first decisions")
    (words,) = run.events("control")
    assert f"2 → 4 of {killed.directory.name}, which was killed, had been carried out" in words
    assert killed.scalings() == [("policy", 2, 4, True)]
    assert words in killed.events("scaling")
    run.end()
    again = live_run("static:4", context="proxied")
    again.wait(lambda status: status.step >= 1, "the first decisions")
    assert again.events("control") == [], "it is told once"


def test_what_is_recorded_of_a_floor_is_what_was_set(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 3)
    run = live_run("static:8", ControlMode.AUTO, **FLOOR)
    wait_until(lambda: hpa_floor(stack, namespace) == 3, "the floor below the HPA's maximum")
    run.wait_steps(3)
    assert run.scalings() == [("policy", 2, 3, True)]


def test_the_floor_of_an_hpa_is_moved_and_put_back(
    stack: Stack, namespace: str, live_run: LiveRunOf
) -> None:
    stack.create_deployment(namespace, "web", 2)
    stack.create_hpa(namespace, "web", 2, 8)
    run = live_run("static:4", ControlMode.AUTO, **FLOOR)
    wait_until(lambda: stack.replicas(namespace, "web") == 4, "the HPA to follow its floor")
    run.wait_steps(3)
    assert run.status().mode is ControlMode.AUTO, "the HPA is no stranger"
    assert any("scaled 2 → 4" in line for line in run.events("external"))
    assert run.scalings() == [("policy", 2, 4, True)]
    assert run.send(Command.mode(ControlMode.SHADOW)) == "mode SHADOW"
    assert hpa_floor(stack, namespace) == 2
    assert run.scalings()[1:] == [("operator", 4, 2, True)]
    assert run.send(Command.mode(ControlMode.AUTO)) == "mode AUTO"
    wait_until(lambda: hpa_floor(stack, namespace) == 4, "the floor again")
    run.end()
    assert hpa_floor(stack, namespace) == 2
    assert run.scalings()[-1] == ("operator", 4, 2, True)
