from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import InputError, RunError
from core.runs.commands import Command, CommandResult, CommandSender, ExitRule
from core.runs.desk import CommandDesk, refuse_waiting
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import CommandRecord, RunState
from core.runs.rights import ensure_key, read_key
from core.runs.store import RunWriter
from core.state import ControlMode
from tests.core.runs.clocks import ManualClock
from tests.core.runs.factory import insert_command, write_run


class Recorder:
    """Controls that write down what they are asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def pause(self) -> str:
        self.asked.append("pause")
        return "paused"

    def resume(self) -> str:
        self.asked.append("resume")
        return "resumed"

    def step_once(self) -> str:
        self.asked.append("step")
        return "step 7"

    def set_speed(self, speed: float | None) -> str:
        self.asked.append(("speed", speed))
        return "speed"

    def set_mode(self, mode: ControlMode, confirmation: str) -> str:
        self.asked.append(mode)
        return f"mode {mode}"

    def override(self, replicas: int, ttl_s: float | None, confirmation: str) -> str:
        if replicas > 40:
            raise InputError("expected 2 to 40 replicas, found more.")
        self.asked.append((replicas, ttl_s))
        return "pinned"

    def release(self) -> str:
        self.asked.append("release")
        return "released"

    def stop(self, reason: str, rule: ExitRule | None) -> str:
        self.asked.append(reason.split("@")[0])
        return "stopping"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", 3, state=RunState.RUNNING)


def test_commands_are_carried_out_in_order_and_answered(directory: Path) -> None:
    with EngineLock(directory):
        writer, controls = RunWriter(directory, SystemClock()), Recorder()
        sender, desk = CommandSender(directory), CommandDesk(writer, controls)
        commands = [
            Command.pause(),
            Command.step(),
            Command.speed(10),
            Command.speed(None),
            Command.mode(ControlMode.HOLD),
            Command.override(12, 90.0),
            Command.override(12),
            Command.release(),
            Command.resume(),
            Command.stop(),
        ]
        numbers = [sender.post(command) for command in commands]
        assert sender.poll(numbers[0]) is None
        assert desk.serve()
        assert not desk.serve()
        answers = [sender.poll(number) for number in numbers]
    assert all(answer is not None and answer.ok for answer in answers)
    assert answers[1] == CommandResult(ok=True, message="step 7")
    assert controls.asked[:-1] == [
        "pause",
        "step",
        ("speed", 10.0),
        ("speed", None),
        ControlMode.HOLD,
        (12, 90.0),
        (12, None),
        "release",
        "resume",
    ]
    assert str(controls.asked[-1]).startswith("stopped by ")
    trail = RunReader(directory).commands_after(0)
    assert [record.name for record in trail] == [command.name for command in commands]
    assert all("@" in record.issuer and record.done_wall_time for record in trail)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("explode", "{}", "expected a command (pause, resume,"),
        ("speed", "{}", "found value = {}: Field required"),
        ("speed", '{"value": -1}', "found value = -1"),
        ("speed", '{"value": "fast"}', "found value = 'fast'"),
        ("speed", '{"value": 1e9}', "found value = 1000000000.0"),
        ("mode", '{"value": "TURBO"}', "found value = 'TURBO'"),
        ("override", '{"replicas": 2.5}', "found replicas = 2.5"),
        ("override", '{"replicas": "2"}', "found replicas = '2'"),
        ("override", '{"replicas": 99}', "expected 2 to 40 replicas"),
        ("override", '{"replicas": 9, "ttl_s": "long"}', "found ttl_s = 'long'"),
        ("pause", '{"why": "x"}', "found why = 'x'"),
        ("stop", "[]", "found arguments = []"),
        ("stop", "{nonsense", "found arguments = '{nonsense'"),
    ],
)
def test_the_engine_refuses_what_makes_no_sense(
    directory: Path, name: str, arguments: str, message: str
) -> None:
    insert_command(directory, name, arguments)
    writer, controls = RunWriter(directory, ManualClock()), Recorder()
    CommandDesk(writer, controls).serve()
    record = RunReader(directory).commands_after(0)[0]
    assert record.ok is False
    assert message in record.result
    assert "\n" not in record.result
    assert controls.asked == []


@pytest.mark.parametrize(
    ("column", "nonsense"),
    [
        ("arguments", "'" + 100_000 * "[" + "'"),
        ("arguments", "CAST(X'FF7B7D' AS TEXT)"),
        ("name", "CAST(X'FFFE' AS TEXT)"),
        ("name", "X'7374'"),
        ("issuer", "17"),
    ],
)
def test_the_engine_survives_what_is_no_text(directory: Path, column: str, nonsense: str) -> None:
    insert_command(directory, "stop", "{}")
    connection = sqlite3.connect(directory / "run.db")
    connection.execute(f"UPDATE commands SET {column} = {nonsense}")
    connection.commit()
    connection.close()
    writer, controls = RunWriter(directory, ManualClock()), Recorder()
    CommandDesk(writer, controls).serve()
    assert writer.unanswered_commands() == []
    assert controls.asked == []
    writer.close()


def served(directory: Path) -> tuple[Recorder, list[CommandRecord]]:
    """Let an engine answer what waits; what it was asked, and the whole trail."""
    writer, controls = RunWriter(directory, ManualClock()), Recorder()
    CommandDesk(writer, controls).serve()
    writer.close()
    return controls, RunReader(directory).commands_after(0)


def test_a_command_without_a_proof_is_refused(directory: Path) -> None:
    connection = sqlite3.connect(directory / "run.db")
    connection.execute(
        "INSERT INTO commands (wall_time, issuer, name, arguments, result) "
        "VALUES (0, 'root@here', 'stop', '{}', '')"
    )
    connection.commit()
    connection.close()
    controls, [record] = served(directory)
    assert controls.asked == []
    assert record.ok is False
    assert "expected proof of the operator's key for 'stop'" in record.result


@pytest.mark.parametrize(
    "change",
    ["id = 7", "wall_time = 1", "issuer = 'y'", "name = 'stop'", "arguments = '{\"value\": 60.0}'"],
)
def test_a_proof_fits_its_own_command_alone(directory: Path, change: str) -> None:
    insert_command(directory, "speed", '{"value": 10.0}')
    connection = sqlite3.connect(directory / "run.db")
    connection.execute(f"UPDATE commands SET {change}")
    connection.commit()
    connection.close()
    controls, [record] = served(directory)
    assert (controls.asked, record.ok) == ([], False)


def test_a_proof_of_another_run_does_not_serve(directory: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", 3, state=RunState.RUNNING)
    assert (other / "operator.key").read_bytes() != (directory / "operator.key").read_bytes()
    insert_command(directory, "pause", "{}", key_of=other)
    assert served(directory)[0].asked == []
    insert_command(directory, "pause", "{}")
    assert served(directory)[0].asked == ["pause"]


def test_who_may_not_read_the_key_may_not_command(directory: Path) -> None:
    (directory / "operator.key").unlink()
    with (
        EngineLock(directory),
        pytest.raises(RunError, match=r"found none: operator\.key: no such file") as caught,
    ):
        CommandSender(directory).send(Command.pause())
    assert "Attach with --read-only" in caught.value.hint
    assert RunReader(directory).commands_after(0) == []


def test_a_key_that_anybody_could_guess_is_none(directory: Path) -> None:
    (directory / "operator.key").write_bytes(b"")
    for take in (read_key, ensure_key):
        with pytest.raises(RunError, match=r"expected a key of 64 bytes in .*, found 0"):
            take(directory)


def test_a_key_that_cannot_be_made_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"operator\.key, found: no such file"):
        ensure_key(tmp_path / "nowhere")


def test_an_older_run_gets_its_key_and_its_column(directory: Path) -> None:
    (directory / "operator.key").unlink()
    connection = sqlite3.connect(directory / "run.db")
    connection.execute("ALTER TABLE commands DROP COLUMN proof")
    connection.execute(
        "INSERT INTO commands (wall_time, issuer, name, arguments, done_wall_time, ok, result) "
        "VALUES (0, 'x', 'pause', '{}', 1, 1, 'paused')"
    )
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    assert [one.proof for one in RunReader(directory).commands_after(0)] == [""]
    with EngineLock(directory):
        writer, controls = RunWriter(directory, SystemClock()), Recorder()
        CommandSender(directory).post(Command.resume())
        CommandDesk(writer, controls).serve()
    assert controls.asked == ["resume"]
    assert (directory / "operator.key").stat().st_mode & 0o777 == 0o600


def test_a_read_only_sender_sends_nothing(directory: Path) -> None:
    with EngineLock(directory):
        sender = CommandSender(directory, read_only=True)
        for command in (Command.pause(), Command.stop()):
            with pytest.raises(RunError, match="found a read-only session"):
                sender.send(command)
            with pytest.raises(RunError, match="found a read-only session"):
                sender.post(command)
    assert RunReader(directory).commands_after(0) == []


def test_without_an_engine_nothing_is_sent(directory: Path) -> None:
    with pytest.raises(RunError, match="expected a running engine for 'pause', found none"):
        CommandSender(directory).send(Command.pause())
    assert RunReader(directory).commands_after(0) == []


def test_no_answer_in_time(directory: Path) -> None:
    with EngineLock(directory):
        sender = CommandSender(directory, clock=ManualClock())
        with pytest.raises(RunError, match="within 5 s, found none"):
            sender.send(Command.pause())


def test_an_engine_that_ends_meanwhile(directory: Path) -> None:
    lock = EngineLock(directory)
    sender = CommandSender(directory, clock=ManualClock())
    number = sender.post(Command.pause())
    lock.release()
    assert sender.poll(number) is None
    with EngineLock(directory):
        writer = RunWriter(directory, ManualClock())
        refuse_waiting(writer, "the engine was lost before it could answer")
        answer = sender.poll(number)
    assert answer == CommandResult(ok=False, message="the engine was lost before it could answer")
