"""Sends what the operator wants to the engine, one after another, without holding up the screen."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.errors import RlscaleError
from core.runs.commands import Command, CommandSender


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command."""

    command: Command
    ok: bool
    message: str


class Commander:
    """A queue of commands and the thread that sends them.

    In a read-only session every command is still handed to the sender, which refuses it: the
    refusal lives where the write would happen, not in the keys.

    Args:
        directory: The run.
        read_only: Whether this console may only look.
        answered: Called from the thread with every answer.
    """

    def __init__(
        self, directory: Path, *, read_only: bool, answered: Callable[[Answer], None]
    ) -> None:
        self._directory = directory
        self._read_only = read_only
        self._answered = answered
        self._queue: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="run-commands", daemon=True)
        self._thread.start()

    def send(self, command: Command) -> None:
        """Hand in a command; the answer comes through `answered`."""
        self._queue.put(command)

    def stop(self) -> None:
        """End the thread once what was handed in is sent."""
        self._queue.put(None)
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        sender = CommandSender(self._directory, read_only=self._read_only)
        while (command := self._queue.get()) is not None:
            try:
                result = sender.send(command)
                answer = Answer(command, result.ok, result.message)
            except RlscaleError as error:
                answer = Answer(command, False, str(error))
            self._answered(answer)
        sender.close()
