"""A server as a child process that can be stopped, killed, frozen and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.stack.waiting import wait_until

_LOG_LINES_SHOWN = 15


class Server:
    """One program with its arguments; the same ones at every start."""

    def __init__(
        self, name: str, command: Sequence[str | Path], log: Path, ready: Callable[[], bool]
    ) -> None:
        """Remember how to start it. `ready` says whether it answers, and never raises."""
        self.name = name
        self.log = log
        # The kernel ends the server if this process dies without a chance to.
        guard = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        self._command = [*guard, *(str(part) for part in command)]
        self._ready = ready
        self._process: subprocess.Popen[bytes] | None = None
        self._paused = False

    @property
    def running(self) -> bool:
        """Whether the process is there, frozen or not."""
        return self._process is not None and self._process.poll() is None

    def launch(self) -> None:
        """Start the process without waiting for it to answer."""
        if self.running:
            return
        self._paused = False
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, timeout_s: float = 20.0) -> None:
        """Wait until it answers.

        Raises:
            RuntimeError: If it ends instead, or does not answer in time; with the end of its log.
        """

        def answers() -> bool:
            if not self.running:
                raise RuntimeError(f"{self.name} ended while starting:\n{self.tail()}")
            return self._ready()

        try:
            wait_until(answers, f"{self.name} to answer", timeout_s)
        except TimeoutError as error:
            raise RuntimeError(f"{error}:\n{self.tail()}") from error

    def start(self, timeout_s: float = 20.0) -> None:
        """Start it and wait until it answers."""
        self.launch()
        self.wait_ready(timeout_s)

    def ask_to_stop(self) -> None:
        """Send SIGTERM (and let it run, if it is frozen) without waiting."""
        self.resume()
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, timeout_s: float = 1.5) -> None:
        """Stop it in good order; kill it if that takes longer than `timeout_s`."""
        self.ask_to_stop()
        if self._process is None:
            return
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None and self.running:
            self._process.kill()
            self._process.wait()
        self._paused = False

    def pause(self) -> None:
        """Freeze it: connections are taken by the kernel, nothing is answered."""
        if self._process is not None and self.running:
            self._process.send_signal(signal.SIGSTOP)
            # Until all its threads stand still it may answer once more.
            os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)
            self._paused = True

    def resume(self) -> None:
        """Let a frozen one go on."""
        if self._paused and self._process is not None and self.running:
            self._process.send_signal(signal.SIGCONT)
        self._paused = False

    def heal(self, timeout_s: float = 20.0) -> None:
        """Have it running and answering, whatever was done to it."""
        self.resume()
        if not self.running:
            self.start(timeout_s)

    def tail(self) -> str:
        """The last lines of its log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return "(no log)"
        return "\n".join(lines[-_LOG_LINES_SHOWN:])
