"""What a console asks of an engine: insert a command, wait for its answer."""

from __future__ import annotations

import getpass
import json
import socket
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from core.clock import Clock, SystemClock
from core.errors import RunError
from core.runs.database import FILE_NAME, connect, transaction, translated
from core.runs.lock import is_alive
from core.runs.migrations import check_version
from core.runs.rights import OperatorKey, read_key
from core.state import ControlMode

ANSWER_TIMEOUT_S: Final = 5.0
_POLL_S: Final = 0.005


class ExitRule(StrEnum):
    """What becomes of the replicas of a real cluster when its engine ends."""

    HOLD = "hold"
    """They stay as they are."""
    RESTORE = "restore"
    """What was there before control was taken is put back."""


class CommandName(StrEnum):
    """What an engine can be asked to do."""

    PAUSE = "pause"
    RESUME = "resume"
    STEP = "step"
    """Take one decision, then stay paused."""
    SPEED = "speed"
    MODE = "mode"
    OVERRIDE = "override"
    RELEASE = "release"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Command:
    """One command with its arguments; build it with the functions of this class."""

    name: CommandName
    arguments: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def pause(cls) -> Command:
        """Stop the clock before the next decision."""
        return cls(CommandName.PAUSE)

    @classmethod
    def resume(cls) -> Command:
        """Let the clock run again."""
        return cls(CommandName.RESUME)

    @classmethod
    def step(cls) -> Command:
        """Take one decision now and stay paused; answered when its row is in the file."""
        return cls(CommandName.STEP)

    @classmethod
    def speed(cls, value: float | None) -> Command:
        """Run at `value` simulated seconds per second; None: as fast as possible."""
        return cls(CommandName.SPEED, {"value": "max" if value is None else value})

    @classmethod
    def mode(cls, mode: ControlMode, confirmation: str = "") -> Command:
        """Change the control mode; MANUAL pins the replicas that are desired now.

        Args:
            mode: The new mode.
            confirmation: context/namespace/deployment; a real cluster asks for it once before
                anything is scaled.
        """
        return cls(CommandName.MODE, {"value": mode.value} | _confirmed(confirmation))

    @classmethod
    def override(cls, replicas: int, ttl_s: float | None = None, confirmation: str = "") -> Command:
        """Pin `replicas` at once, for `ttl_s` simulated seconds or until released.

        A second override replaces the first, its time to live included; the mode to which a
        release returns stays that before the first. For the confirmation see `mode`.
        """
        arguments: dict[str, object] = {"replicas": replicas, "ttl_s": ttl_s}
        return cls(CommandName.OVERRIDE, arguments | _confirmed(confirmation))

    @classmethod
    def release(cls) -> Command:
        """End the override (or MANUAL) and return to the former mode."""
        return cls(CommandName.RELEASE)

    @classmethod
    def stop(cls, rule: ExitRule | None = None) -> Command:
        """End the run in order; a training keeps what it has learned.

        Args:
            rule: What becomes of the replicas of a real cluster; None: what the run was started
                with.
        """
        return cls(CommandName.STOP, {} if rule is None else {"rule": rule.value})


def _confirmed(confirmation: str) -> dict[str, object]:
    return {"confirmation": confirmation} if confirmation else {}


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What the engine answered."""

    ok: bool
    message: str
    """What was done, or why it was refused, in one line."""


class CommandSender:
    """Sends commands to the engine of one run.

    `post` and `poll` never wait, for a console; `send` waits for the answer, for scripts.

    Args:
        directory: The run directory.
        read_only: Refuse to send anything. The file is then not even opened.
        clock: Paces the waiting; the machine's by default.
    """

    def __init__(
        self, directory: Path, *, read_only: bool = False, clock: Clock | None = None
    ) -> None:
        self._directory = directory
        self._read_only = read_only
        self._clock = clock or SystemClock()
        self._connection: sqlite3.Connection | None = None
        self._issuer = issuer()

    def post(self, command: Command) -> int:
        """Hand in a command and return its number at once.

        Raises:
            RunError: Read-only, no engine works on the run, its key may not be read, or the file
                cannot be written.
        """
        if self._read_only:
            raise RunError(
                f"expected write access for '{command.name}', found a read-only session.",
                "Attach without --read-only.",
            )
        if not is_alive(self._directory):
            raise RunError(
                f"expected a running engine for '{command.name}', found none.",
                "Replay the run, resume it, or start another.",
            )
        key = read_key(self._directory)
        with translated(self._directory / FILE_NAME, "write a command to"):
            return self._insert(self._open(), key, command)

    def _insert(self, connection: sqlite3.Connection, key: OperatorKey, command: Command) -> int:
        with transaction(connection):
            last = connection.execute("SELECT coalesce(max(id), 0) FROM commands").fetchone()[0]
            said = (last + 1, float(self._clock.now()), self._issuer, command.name.value)
            connection.execute(
                "INSERT INTO commands (id, wall_time, issuer, name, arguments, result, proof) "
                "VALUES (?, ?, ?, ?, ?, '', ?)",
                (
                    *said,
                    json.dumps(dict(command.arguments)),
                    key.proof(*said, dict(command.arguments)),
                ),
            )
        return int(last) + 1

    def poll(self, number: int) -> CommandResult | None:
        """The answer to command `number`, or None while there is none.

        Raises:
            RunError: The file cannot be read.
        """
        with translated(self._directory / FILE_NAME, "read"):
            row = (
                self._open()
                .execute("SELECT ok, result FROM commands WHERE id = ?", (number,))
                .fetchone()
            )
        return None if row is None or row[0] is None else CommandResult(bool(row[0]), row[1])

    def send(self, command: Command, timeout_s: float = ANSWER_TIMEOUT_S) -> CommandResult:
        """Hand in a command and wait for the answer.

        Raises:
            RunError: As `post`, or the engine ended or did not answer within `timeout_s`.
        """
        number = self.post(command)
        deadline = self._clock.monotonic() + timeout_s
        while True:
            alive = is_alive(self._directory)
            answer = self.poll(number)
            if answer is not None:
                return answer
            if not alive:
                raise RunError(f"expected an answer to '{command.name}', found the engine gone.")
            if self._clock.monotonic() >= deadline:
                raise RunError(
                    f"expected an answer to '{command.name}' within {timeout_s:g} s, found none.",
                    "The engine may be busy; the command stays in its queue.",
                )
            self._clock.wait(_POLL_S)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = connect(self._directory / FILE_NAME)
            check_version(connection)
            self._connection = connection
        return self._connection


def issuer() -> str:
    """Who sends commands from this process, as user@host, for the audit trail."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{socket.gethostname()}"
