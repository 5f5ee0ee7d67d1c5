"""A branch has the past of the run it came from, to the last bit, and a future of its own."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from core.debug.rewind import Rewind
from core.errors import InputError, RunError
from core.runs.branch import create_branch
from core.runs.execution import execute
from core.runs.launch import launch_branch, restart
from core.runs.reader import RunReader
from core.runs.records import RunKind, RunState
from core.runs.session import StopFlag
from core.state import Actor, ControlMode, Step
from tests.core.debug.factory import ORDERS, STEPS, played
from tests.core.runs.clocks import ManualClock, wait_until
from tests.core.runs.conftest import engines
from tests.core.runs.factory import write_run

__all__ = ["engines"]


@pytest.fixture(scope="module")
def parent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("parent"), "ppo", orders=ORDERS)


def branched(parent: Path, home: Path, step: int, **choices: object) -> RunReader:
    directory = create_branch(parent, step, home=home, **choices)  # type: ignore[arg-type]
    execute(directory, ManualClock())
    return RunReader(directory)


def steps(reader: RunReader) -> list[Step]:
    return reader.steps(0, STEPS)


def same(one: Step, other: Step) -> bool:
    # All but the wall time.
    names = ("state", "mode", "actor", "decision", "target", "guardrail", "reward", "observation")
    return all(getattr(one, name) == getattr(other, name) for name in names)


def test_without_a_change_only_later_orders_are_missing(parent: Path, tmp_path: Path) -> None:
    before = steps(RunReader(parent))
    reader = branched(parent, tmp_path, 68)
    after = steps(reader)
    # The last orders came after step 66: nobody repeats them at and after step 68.
    assert [same(*pair) for pair in zip(before, after, strict=True)][:70] == [True] * 70
    assert after[-1].mode is ControlMode.SHADOW
    assert before[-1].mode is ControlMode.AUTO
    assert reader.info().parent == parent.name
    assert reader.status().state is RunState.FINISHED
    assert any("repeated the first 68 decisions" in one.message for one in reader.events_after(0))


def test_another_policy_goes_on(parent: Path, tmp_path: Path) -> None:
    before, reader = steps(RunReader(parent)), branched(parent, tmp_path, 12, policy="hpa")
    after = steps(reader)
    assert all(same(*pair) for pair in zip(before[:12], after[:12], strict=True))
    assert after[12].state == before[12].state
    assert "CPU" in after[12].decision.reason
    assert reader.info().policy == "hpa"
    assert after[40].state != before[40].state


def test_an_operator_s_wish_instead_of_the_policy_s(parent: Path, tmp_path: Path) -> None:
    before = steps(RunReader(parent))
    after = steps(branched(parent, tmp_path, 10, target=before[10].decision.target + 3))
    assert after[10].decision.target == before[10].decision.target + 3
    assert "instead of" in after[10].decision.reason
    assert after[10].target == after[10].decision.target
    assert after[11].decision.reason.startswith("cover the")


def test_the_policy_can_be_put_back_in_control(parent: Path, tmp_path: Path) -> None:
    before = steps(RunReader(parent))
    assert before[50].mode is ControlMode.MANUAL
    after = steps(branched(parent, tmp_path, 50, mode=ControlMode.AUTO))
    assert after[49].mode is ControlMode.MANUAL
    assert {step.mode for step in after[50:]} == {ControlMode.AUTO}
    assert Actor.POLICY in {step.actor for step in after[50:]}


def test_a_branch_at_the_start_is_the_same_run_again(parent: Path, tmp_path: Path) -> None:
    before, after = steps(RunReader(parent)), steps(branched(parent, tmp_path, 0))
    assert [step.state for step in after[:20]] == [step.state for step in before[:20]]


@pytest.mark.parametrize("step", [0, 1])
@pytest.mark.parametrize("mode", [ControlMode.AUTO, ControlMode.MANUAL, ControlMode.HOLD])
def test_the_mode_holds_from_the_very_step(step: int, mode: ControlMode, tmp_path: Path) -> None:
    shadow = played(tmp_path, "ppo", mode=ControlMode.SHADOW)
    reader = branched(shadow, tmp_path, step, mode=mode)
    after = steps(reader)
    assert {one.mode for one in after[:step]} <= {ControlMode.SHADOW}
    assert {one.mode for one in after[step:]} == {mode}
    desired = RunReader(shadow).step(step).state.replicas_desired
    if mode is ControlMode.MANUAL:
        assert {one.target for one in after[step:-1]} == {desired}
    again = Rewind(reader)
    assert again.moment(STEPS - 5).control.mode is mode
    assert again.moment(STEPS - 5).is_exact


def test_a_branch_of_a_branch_and_its_restart_need_nobody_else(
    parent: Path, tmp_path: Path, engines: None
) -> None:
    first = branched(parent, tmp_path, 60, policy="hpa")
    kept = steps(first)
    second = branched(first.directory, tmp_path, 70)
    assert all(same(*pair) for pair in zip(kept, steps(second), strict=True))
    assert second.info().parent == first.info().run_id
    shutil.rmtree(first.directory)
    again = restart(second.directory)
    wait_until(lambda: RunReader(again).status().state is RunState.FINISHED, directory=again)
    assert all(same(*pair) for pair in zip(kept, steps(RunReader(again)), strict=True))


def test_an_engine_begins_on_a_branch(parent: Path, engines: None) -> None:
    directory = launch_branch(parent, 30, paused=True, speed=10.0)
    reader = RunReader(directory)
    wait_until(lambda: reader.status().state is RunState.PAUSED, directory=directory)
    assert reader.last_step() == 30


def test_a_stop_is_heeded_while_the_past_is_repeated(parent: Path, tmp_path: Path) -> None:
    stop = StopFlag()
    stop.request("enough")
    directory = create_branch(parent, 40, home=tmp_path)
    assert execute(directory, ManualClock(), stop=stop) is RunState.STOPPED
    assert RunReader(directory).last_step() == 0


def test_another_past_is_refused(parent: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(parent, tmp_path / "copy"))
    connection = sqlite3.connect(copied / "run.db")
    with connection:
        connection.execute("UPDATE steps SET latency_p95_ms = 1.5 WHERE step = 12")
    connection.close()
    directory = create_branch(copied, 20, home=tmp_path)
    with pytest.raises(RunError, match="expected step 12 as in copy, found that latency_p95_ms"):
        execute(directory, ManualClock())
    assert RunReader(directory).status().state is RunState.FAILED


def test_what_cannot_be_branched(parent: Path, tmp_path: Path) -> None:
    for step in (-1, STEPS, STEPS + 1):
        with pytest.raises(InputError, match=f"a step from 0 to {STEPS - 1} to branch at"):
            create_branch(parent, step, home=tmp_path)
    with pytest.raises(InputError, match="expected a policy"):
        create_branch(parent, 3, policy="nobody", home=tmp_path)
    training = write_run(tmp_path / "training", 20, kind=RunKind.TRAINING)
    with pytest.raises(RunError, match="a policy's run in the simulator"):
        create_branch(training, 3, home=tmp_path)
