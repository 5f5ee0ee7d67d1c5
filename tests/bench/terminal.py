"""A program in a pseudo-terminal: what it writes, when, and what it costs."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect
import psutil

ROOT = Path(__file__).resolve().parents[2]


class Terminal:
    """A Python program on a terminal of its own.

    Args:
        code: The program.
        columns: Width.
        rows: Height.
        environment: Variables besides those of this process.
    """

    def __init__(
        self,
        code: str,
        columns: int = 120,
        rows: int = 40,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        variables = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        for name in ("SSH_CONNECTION", "SSH_TTY", "NO_COLOR"):
            variables.pop(name, None)
        variables.update(environment or {})
        self.started = time.perf_counter()
        self._child = pexpect.spawn(
            sys.executable,
            ["-c", code],
            dimensions=(rows, columns),
            env=variables,
            cwd=str(ROOT),
            timeout=30,
        )
        self._child.delaybeforesend = None
        self.process = psutil.Process(self._child.pid)

    def wait_for(self, text: str, timeout_s: float = 30.0) -> float:
        """Seconds from the start until `text` was written.

        Raises:
            TimeoutError: It was not.
        """
        deadline = time.perf_counter() + timeout_s
        seen = b""
        wanted = text.encode()
        while time.perf_counter() < deadline:
            seen += self._read(0.05)
            if wanted in seen:
                return time.perf_counter() - self.started
        raise TimeoutError(f"expected {text!r} within {timeout_s} s, found {seen[-500:]!r}")

    def drain(self, seconds: float) -> int:
        """Bytes written in the next `seconds`."""
        deadline = time.perf_counter() + seconds
        count = 0
        while (left := deadline - time.perf_counter()) > 0:
            count += len(self._read(min(left, 0.05)))
        return count

    def reaction(self, key: str, timeout_s: float = 2.0) -> float:
        """Seconds from a key to the first byte that it brings about."""
        while self._read(0.0):
            pass
        begin = time.perf_counter()
        self._child.send(key)
        while time.perf_counter() - begin < timeout_s:
            if self._read(0.005):
                return time.perf_counter() - begin
        return timeout_s

    def send(self, keys: str) -> None:
        """Type `keys`."""
        self._child.send(keys)

    def close(self) -> None:
        """End the program."""
        self._child.close(force=True)

    def _read(self, timeout_s: float) -> bytes:
        try:
            return bytes(self._child.read_nonblocking(1 << 16, timeout=timeout_s))
        except pexpect.TIMEOUT:
            return b""
        except pexpect.EOF:
            # Silence would pass for the thrift of a program that has ended.
            raise EOFError("expected the program to go on, found it ended") from None
