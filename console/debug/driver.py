"""Drives a living engine on: one decision, or decision by decision up to a breakpoint."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from console.debug.view import Done
from core.errors import RlscaleError
from core.runs.commands import Command, CommandSender

if TYPE_CHECKING:
    from core.debug.debugger import Debugger


class Driver:
    """Asks the engine of a run for decisions, from a thread of its own while it runs on.

    Args:
        directory: The run.
        done: Called from the thread with what came of running on.
    """

    def __init__(self, directory: Path, done: Callable[[Done], None]) -> None:
        self._directory = directory
        self._done = done
        self._halt = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether the run is driven on."""
        return self._thread is not None and self._thread.is_alive()

    def step(self, debugger: Debugger, present: int) -> Done:
        """Take one decision; the engine then stays paused."""
        sender = CommandSender(self._directory)
        try:
            answer = sender.send(Command.step())
        finally:
            sender.close()
        if not answer.ok:
            return Done(answer.message, failed=True)
        return Done(goto=debugger.newest)

    def run_on(self, debugger: Debugger, until: int | None = None) -> None:
        """Take decisions until a breakpoint stops, the scenario ends, or `halt` is called.

        Args:
            debugger: The run.
            until: A step to stop at instead, whatever breakpoints say.
        """
        if self.running:
            return
        self._halt.clear()
        self._thread = threading.Thread(
            target=self._run, args=(debugger, until), name="debug-drive", daemon=True
        )
        self._thread.start()

    def halt(self) -> None:
        """Stop where the run stands."""
        self._halt.set()

    def stop(self) -> None:
        """Halt and wait for it, for a moment at most."""
        self.halt()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def _run(self, debugger: Debugger, until: int | None) -> None:
        sender = CommandSender(self._directory)
        try:
            done = self._until_stop(debugger, sender, until)
        except RlscaleError as error:
            done = Done(str(error), failed=True, goto=debugger.newest)
        finally:
            sender.close()
        self._done(done)

    def _until_stop(self, debugger: Debugger, sender: CommandSender, until: int | None) -> Done:
        while not self._halt.is_set():
            answer = sender.send(Command.step())
            newest = debugger.newest
            if not answer.ok:
                return Done(answer.message, goto=newest)
            if until is not None:
                if newest >= until:
                    return Done(goto=newest)
                continue
            points = debugger.breakpoints.at(newest)
            if points:
                return Done(f"stopped at {points[0].text}", goto=newest)
        return Done("halted", goto=debugger.newest)
