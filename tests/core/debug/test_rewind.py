"""Every moment of a run comes back bit for bit, and what cannot come back says so."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest

from core.debug.rewind import Rewind
from core.errors import InputError, RunError
from core.locations import shipped_policies_directory
from core.runs.branch import create_branch
from core.runs.commands import Command
from core.runs.config import InferenceConfig
from core.runs.creation import create_run
from core.runs.execution import execute
from core.runs.reader import RunReader
from core.runs.records import RunKind
from core.runs.replay import recorded_orders
from core.runs.session import StopFlag
from core.state import Actor, ControlMode
from tests.core.debug.factory import EVENTFUL, ORDERS, STEPS, OperatorClock
from tests.core.runs.clocks import ManualClock
from tests.core.runs.factory import write_run


def rewind(directory: Path) -> Rewind:
    return Rewind(RunReader(directory))


@pytest.mark.parametrize("run", ["operated_run", "plain_run", "dqn_run", "hpa_run"])
def test_every_moment_is_the_recorded_one(run: str, request: pytest.FixtureRequest) -> None:
    past = rewind(request.getfixturevalue(run))
    for index in (0, 1, 17, 16, 40, STEPS, 39, STEPS - 1):
        moment = past.moment(index)
        assert moment.is_exact
        assert moment.step == past.recording.step(index)
        assert moment.situation.state == moment.step.state
        assert tuple(moment.situation.observation.tolist()) == moment.step.observation
        assert moment.history.state.state(0) == moment.step.state
        assert moment.steps_left == STEPS - index
    assert past.difference == past.policy_difference == past.policy_problem == ""


def test_the_eventful_run_is_eventful(operated_run: Path) -> None:
    steps = RunReader(operated_run).steps(0, STEPS)
    assert {step.mode for step in steps} == set(ControlMode)
    assert {step.actor for step in steps} == set(Actor) - {Actor.EXTERNAL}
    scalings = RunReader(operated_run).scalings_after(0)
    assert {scaling.accepted for scaling in scalings} == {True, False}


def test_orders_are_found_where_they_were_given(operated_run: Path) -> None:
    reader = RunReader(operated_run)
    orders = recorded_orders(reader)
    # One order asked for the mode that was in force, which changes nothing.
    assert [order.name for order in orders] == [
        command.name for at_s, command in ORDERS if at_s != 530.0
    ]
    for order, (at_s, _) in zip(orders, [one for one in ORDERS if one[0] != 530.0], strict=True):
        assert order.step == pytest.approx(at_s / 15, abs=1.1)


def test_the_policy_decides_again_as_it_did(operated_run: Path, hpa_run: Path) -> None:
    for run in (operated_run, hpa_run):
        past = rewind(run)
        for index in (3, 22, 58, 59):
            moment = past.moment(index)
            assert moment.policy is not None
            decision = moment.policy.decide(moment.situation)
            assert decision.target == moment.step.decision.target
            assert decision.reason == moment.step.decision.reason


def test_the_guardrails_rule_again_as_they_did(plain_run: Path) -> None:
    past = rewind(plain_run)
    steps = RunReader(plain_run).steps(0, STEPS)
    guarded = [step.index for step in steps if step.actor is Actor.GUARDRAIL]
    assert len(guarded) > 5
    for index in guarded[::3]:
        moment = past.moment(index)
        wanted = np.array([moment.step.decision.target])
        ruled = moment.guardrails.rule(wanted, moment.history.state)
        assert int(ruled.targets[0]) == moment.step.target


def test_a_moment_goes_its_own_way(plain_run: Path) -> None:
    past = rewind(plain_run)
    first = past.moment(20)
    first.simulator.scale(np.array([30]))
    states = first.simulator.advance()
    first.history.push(states)
    first.guardrails.rule(np.array([30]), states)
    again = past.moment(20)
    assert again.is_exact
    assert again.history.state.state(0) == again.step.state
    assert past.moment(21).is_exact


def test_a_policy_that_is_gone_leaves_the_past_as_it_was(orphaned_run: Path) -> None:
    past = rewind(orphaned_run)
    moment = past.moment(30)
    assert moment.is_exact
    assert moment.policy is None
    assert "mine" in past.policy_problem


def test_a_policy_that_was_replaced_is_noticed(orphaned_run: Path) -> None:
    bundle = orphaned_run.parent / "mine"
    shutil.copytree(shipped_policies_directory() / "dqn", bundle)
    try:
        past = rewind(orphaned_run)
    finally:
        shutil.rmtree(bundle)
    assert past.moment(30).is_exact
    assert "wants" in past.policy_difference


def test_another_past_is_noticed(plain_run: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(plain_run, tmp_path / "copy"))
    connection = sqlite3.connect(copied / "run.db")
    with connection:
        connection.execute("UPDATE steps SET latency_p95_ms = 1.5 WHERE step = 12")
        connection.execute("UPDATE meta SET value = '\"0.0.1\"' WHERE key = 'program_version'")
    connection.close()
    past = rewind(copied)
    assert past.moment(11).is_exact
    assert past.moment(12).difference.startswith("step 12: latency_p95_ms is")
    assert "recorded by version 0.0.1" in past.moment(13).difference
    assert past.moment(11).is_exact


def test_a_branch_has_a_past_like_any_run(operated_run: Path, tmp_path: Path) -> None:
    directory = create_branch(operated_run, 50, home=tmp_path, policy="hpa", mode=ControlMode.AUTO)
    execute(directory, ManualClock())
    past = rewind(directory)
    for index in (STEPS, 20, 49, 50, 51):
        assert past.moment(index).is_exact


def test_a_live_run_is_followed(tmp_path: Path) -> None:
    directory = create_run(
        InferenceConfig(policy="hpa", scenario="eventful", speed=60.0, paused=True),
        home=tmp_path,
        scenario=EVENTFUL,
    )
    stop, clock = StopFlag(), OperatorClock(directory, ())
    orders: list[Command] = [Command.step(), Command.override(7), Command.step(), Command.step()]
    past: list[Rewind] = []
    seen: list[int] = []

    def look(*_: object) -> None:
        # Called by the session between two turns, as a console would look at any moment.
        reader = RunReader(directory)
        if (newest := reader.last_step()) < 0:
            return
        if not past:
            past.append(Rewind(reader))
        assert past[0].moment(newest).is_exact
        seen.append(newest)
        if orders:
            clock._sender.post(orders.pop(0))
        elif newest >= 3:
            stop.request("seen enough")

    execute(directory, clock, stop=stop, on_progress=look)
    assert sorted(set(seen)) == [0, 1, 2, 3]
    assert past[0].moment(2).is_exact
    assert past[0].moment(2).control.override_target == 7


def test_progress_is_told_and_may_end_it(plain_run: Path) -> None:
    past = rewind(plain_run)
    told: list[tuple[int, int]] = []

    class Enough(Exception):
        pass

    def tell(done: int, total: int) -> None:
        told.append((done, total))
        raise Enough

    with pytest.raises(Enough):
        past.moment(STEPS, tell)
    assert told == [(64, STEPS + 1)]
    assert past.moment(STEPS).is_exact


def test_several_threads_may_ask_at_once(plain_run: Path) -> None:
    past = rewind(plain_run)
    found: dict[int, bool] = {}

    def ask(index: int) -> None:
        found[index] = past.moment(index).is_exact

    threads = [threading.Thread(target=ask, args=(index,)) for index in (60, 5, 33, 34)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == dict.fromkeys((60, 5, 33, 34), True)


def test_what_has_no_past_to_go_back_in(tmp_path: Path, plain_run: Path) -> None:
    training = write_run(tmp_path / "training", 20, kind=RunKind.TRAINING)
    with pytest.raises(RunError, match="a policy's run to go back in"):
        rewind(training)
    with pytest.raises(InputError, match=f"a step from 0 to {STEPS}, found {STEPS + 1}"):
        rewind(plain_run).moment(STEPS + 1)
    with pytest.raises(InputError, match="found -1"):
        rewind(plain_run).moment(-1)
    cluster = Path(shutil.copytree(plain_run, tmp_path / "cluster"))
    connection = sqlite3.connect(cluster / "run.db")
    with connection:
        connection.execute("UPDATE meta SET value = '\"k8s a/b/c\"' WHERE key = 'environment'")
    connection.close()
    with pytest.raises(RunError, match="a simulator run to go back in, found k8s a/b/c"):
        rewind(cluster)
