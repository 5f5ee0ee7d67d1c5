"""The console in a real pseudo-terminal: keys go in, a screen comes out."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self

import pexpect
import pyte

DEADLINE_S = 90.0
"""Generous: the machine may be busy with other tests."""


class Terminal:
    """A terminal in which `rlscale-console` runs.

    Args:
        arguments: Of the command.
        command: What runs in it instead of `rlscale-console`.
        environment: Added to the environment of this process.
        columns: Width in cells.
        rows: Height in cells.
    """

    def __init__(
        self,
        *arguments: str,
        command: Sequence[str] = (sys.executable, "-m", "console.cli"),
        environment: Mapping[str, str] | None = None,
        columns: int = 80,
        rows: int = 24,
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._received = 0
        self._process = pexpect.spawn(
            command[0],
            [*command[1:], *arguments],
            dimensions=(rows, columns),
            env={**os.environ, "TERM": "xterm-256color", **(environment or {})},
            timeout=DEADLINE_S,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.close(force=True)

    @property
    def text(self) -> str:
        """What stands on the screen, one line per row."""
        return "\n".join(self._screen.display)

    def press(self, keys: str) -> None:
        """Send keys as a terminal does."""
        self._process.send(keys)

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read until the screen matches `pattern`; fails after a deadline, showing the screen."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            found = re.search(pattern, self.text)
            if found is not None:
                return found
            if time.monotonic() > deadline or not self.read():
                raise AssertionError(f"expected {pattern!r} on the screen, found:\n{self.text}")

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        """Read until `condition` holds; fails after a deadline, showing the screen."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > deadline or not self.read():
                raise AssertionError(f"expected {what}, found:\n{self.text}")

    def hang_up(self) -> None:
        """Take the terminal away, as a lost line does, and wait until the process has ended."""
        # The kernel tells the process; pexpect's own close would kill it after a moment.
        self._process.ptyproc.fileobj.close()
        deadline = time.monotonic() + DEADLINE_S
        while self._process.isalive():
            if time.monotonic() > deadline:
                raise AssertionError("expected the end of a console without a terminal")
            time.sleep(0.05)

    def wait_for_silence(self) -> None:
        """Read until nothing came for a second."""
        deadline = time.monotonic() + DEADLINE_S
        while self.bytes_within(1.0):
            if time.monotonic() > deadline:
                raise AssertionError(f"expected silence, found:\n{self.text}")

    def bytes_within(self, seconds: float) -> int:
        """Read for so long; how much came."""
        before, deadline = self._received, time.monotonic() + seconds
        while (left_s := deadline - time.monotonic()) > 0 and self.read(min(left_s, 0.1)):
            pass
        return self._received - before

    def wait_for_end(self) -> int:
        """Read until the process has ended, and return its exit code."""
        deadline = time.monotonic() + DEADLINE_S
        while self.read():
            if time.monotonic() > deadline:
                raise AssertionError(f"expected the end, found:\n{self.text}")
        self._process.close()
        return int(self._process.exitstatus or 0)

    def read(self, within_s: float = 0.1) -> bool:
        """Take what arrives within a moment; False once the process has closed the terminal."""
        try:
            found = self._process.read_nonblocking(65_536, timeout=within_s)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self._received += len(found)
        self._stream.feed(found)
        return True
