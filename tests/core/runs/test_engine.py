"""Engines as real processes: what an operator and a crash can do to them."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from core.errors import InputError, RunError
from core.locations import runs_directory
from core.runs.catalogue import delete_run, list_runs, stop_run
from core.runs.commands import Command, CommandResult, CommandSender
from core.runs.config import InferenceConfig
from core.runs.execution import execute
from core.runs.launch import launch, restart, resume, start_engine
from core.runs.lock import is_alive
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunState
from core.runs.summary import summarise
from core.state import Actor, ControlMode
from tests.core.runs.clocks import ManualClock, wait_until
from tests.core.runs.conftest import engine_of

pytestmark = pytest.mark.usefixtures("engines")

SLOW = InferenceConfig(policy="hpa", scenario="baseline-steady", speed=1.0)


def wait_for(directory: Path, *states: RunState) -> RunReader:
    reader = RunReader(directory)
    wait_until(lambda: reader.status().state in states, directory=directory)
    return reader


def test_a_run_from_launch_to_stop_under_command() -> None:
    directory = launch(SLOW)
    assert is_alive(directory)
    reader = wait_for(directory, RunState.RUNNING)
    sender = CommandSender(directory)

    def send(command: Command) -> CommandResult:
        return sender.send(command, timeout_s=5.0)

    assert send(Command.pause()).ok
    assert reader.status().state is RunState.PAUSED
    first = reader.status().step
    assert send(Command.step()) == CommandResult(ok=True, message=f"step {first + 1}")
    assert reader.last_step() == first + 1, "the row is there when the answer is"
    assert send(Command.speed(60)).message == "speed 60×"
    assert send(Command.mode(ControlMode.SHADOW)).ok
    assert send(Command.override(9, ttl_s=20.0)).message == "pinned 9 replicas for 20 s"
    status = reader.status()
    assert (status.mode, status.override_target, status.former_mode) == (
        ControlMode.MANUAL,
        9,
        ControlMode.SHADOW,
    )
    assert status.override_remaining_s == 20.0
    newest = reader.step(reader.last_step())
    assert (newest.target, newest.actor) == (9, Actor.OPERATOR), "applied at once"
    send(Command.step())
    assert reader.status().override_remaining_s == pytest.approx(5.0)
    assert reader.step(reader.last_step()).state.replicas_desired == 9
    send(Command.step())
    assert reader.status().mode is ControlMode.SHADOW, "its time is over"
    refused = send(Command.release())
    assert not refused.ok
    assert "expected an override to release" in refused.message
    assert not send(Command.override(1_000)).ok
    assert send(Command.override(7)).ok
    assert send(Command.release()).message == "released, mode SHADOW"
    assert send(Command.resume()).ok
    before = reader.last_step()
    wait_until(lambda: reader.last_step() >= before + 2, directory=directory)
    assert send(Command.stop()).ok
    wait_for(directory, RunState.STOPPED)
    assert reader.status().message.startswith("stopped by ")
    assert engine_of(directory).wait(10) == 0
    assert not is_alive(directory)
    assert (directory / "engine.log").read_text() == ""
    with pytest.raises(RunError, match="expected a running engine"):
        sender.send(Command.pause())


def test_commands_are_answered_promptly_even_in_real_time() -> None:
    directory = launch(SLOW)
    wait_for(directory, RunState.RUNNING)
    sender = CommandSender(directory)
    seconds: list[float] = []
    for _ in range(5):
        for command in (Command.mode(ControlMode.HOLD), Command.mode(ControlMode.AUTO)):
            started = time.monotonic()
            sender.send(command)
            seconds.append(time.monotonic() - started)
    # The engine looks every 20 ms; the median is robust against a busy test machine.
    assert np.median(seconds) < 0.1, seconds


def test_a_whole_run_ends_as_finished_with_its_figures() -> None:
    directory = launch(SLOW.model_copy(update={"speed": None}))
    reader = wait_for(directory, RunState.FINISHED)
    steps = RunReader(directory).scenario().duration_s // 15
    assert reader.status().step == steps
    assert engine_of(directory).wait(10) == 0
    summary = summarise(reader)
    assert summary.as_dict()["steps"] == steps
    assert summary.figures.requests > 0
    messages = [event.message for event in reader.events_after(0)]
    assert messages[0] == "engine started"
    assert messages[-1] == "finished"


def test_files_belong_to_the_owner_only() -> None:
    directory = launch(SLOW)
    wait_for(directory, RunState.RUNNING)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert {"run.db", "run.db-wal", "engine.lock", "engine.log"} <= set(modes)


def test_a_killed_engine_leaves_a_readable_run_that_restarts() -> None:
    directory = launch(SLOW.model_copy(update={"speed": 60.0, "seed": 5}))
    reader = wait_for(directory, RunState.RUNNING)
    wait_until(lambda: reader.last_step() >= 3, directory=directory)
    os.kill(engine_of(directory).pid, signal.SIGKILL)
    engine_of(directory).wait(10)
    assert reader.status().state is RunState.LOST
    assert RunReader(directory).step(2).state.time_s == 30.0
    assert summarise(reader).figures.steps >= 3
    connection = sqlite3.connect(directory / "run.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    with pytest.raises(InputError, match="Restart it instead"):
        resume(directory)
    again = restart(directory)
    assert again != directory
    second = wait_for(again, RunState.RUNNING)
    assert second.info().parent == directory.name
    assert second.info().seed == 5
    wait_until(lambda: second.last_step() >= 3, directory=again)
    for index in range(3):
        assert second.step(index).state == reader.step(index).state, "the same seed, the same run"
    stop_run(again)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_end_a_run_in_order(number: signal.Signals) -> None:
    directory = launch(SLOW)
    reader = wait_for(directory, RunState.RUNNING)
    os.kill(engine_of(directory).pid, number)
    assert engine_of(directory).wait(10) == 0
    status = reader.status()
    assert (status.state, status.message) == (RunState.STOPPED, f"stopped by {number.name}")


def test_an_engine_outlives_who_started_it_in_a_session_of_its_own() -> None:
    directory = launch(SLOW)
    assert os.getsid(engine_of(directory).pid) == engine_of(directory).pid


def test_the_inference_engine_loads_no_training_library(tmp_path: Path) -> None:
    directory = launch(SLOW)
    wait_for(directory, RunState.RUNNING)
    maps = Path(f"/proc/{engine_of(directory).pid}/maps")
    if not maps.exists():
        pytest.skip("needs /proc")
    loaded = maps.read_text()
    assert "numpy" in loaded
    for library in ("torch", "gymnasium", "pandas"):
        assert f"/{library}/" not in loaded


def test_a_broken_policy_fails_in_one_line_and_logs_the_rest(tmp_path: Path) -> None:
    directory = launch(SLOW)
    wait_for(directory, RunState.RUNNING)
    stop_run(directory)
    wait_for(directory, RunState.STOPPED)
    connection = sqlite3.connect(directory / "run.db")
    connection.executescript(
        "UPDATE status SET state = 'starting', step = -1; DELETE FROM steps;"
        "UPDATE meta SET value = json_set(value, '$.policy', 'nonsense') WHERE key = 'config'"
    )
    connection.close()
    # It may hold the lock for a moment before it fails, so starting may or may not raise.
    with suppress(RunError):
        start_engine(directory)
    assert engine_of(directory).wait(10) == 2
    status = RunReader(directory).status()
    assert status.state is RunState.FAILED
    assert "found 'nonsense'" in status.message
    assert "\n" not in status.message
    assert "Traceback" in (directory / "engine.log").read_text()


def test_what_cannot_run_is_refused_before_anything_is_created() -> None:
    for config in (
        SLOW.model_copy(update={"policy": "nonsense"}),
        SLOW.model_copy(update={"scenario": "nonsense"}),
        InferenceConfig(policy="hpa", mode=ControlMode.MANUAL, override_replicas=5_000),
    ):
        with pytest.raises(InputError):
            launch(config)
    assert list_runs() == []


def test_an_engine_starts_from_any_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('the wrong core')")
    monkeypatch.chdir(tmp_path)
    stop_run(launch(SLOW))


def test_two_engines_never_share_a_run() -> None:
    directory = launch(SLOW)
    wait_for(directory, RunState.RUNNING)
    with pytest.raises(RunError, match="found an engine working on it"):
        execute(directory, ManualClock())
    assert RunReader(directory).status().state is RunState.RUNNING
    with pytest.raises(RunError, match="live engine"):
        delete_run(directory)


def test_a_run_that_has_begun_is_not_begun_again() -> None:
    directory = launch(SLOW)
    wait_for(directory, RunState.RUNNING)
    stop_run(directory)
    wait_for(directory, RunState.STOPPED)
    engine_of(directory).wait(10)
    with pytest.raises(RunError, match="Restart it as a new run"):
        execute(directory, ManualClock())
    assert RunReader(directory).status().state is RunState.STOPPED


def test_the_catalogue_sees_live_runs() -> None:
    directory = launch(SLOW)
    wait_for(directory, RunState.RUNNING)
    (entry,) = list_runs()
    assert entry.directory == directory
    assert entry.directory.parent == runs_directory()
    assert entry.status is not None
    assert entry.status.state is RunState.RUNNING
    assert entry.run_id.split("-", 2)[2].startswith("hpa-baseline-steady-")
    kinds = {event.kind for event in RunReader(directory).events_after(0)}
    assert kinds == {EventKind.ENGINE}
