"""Questions to a cluster, asked in a process that can be ended at any moment."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from core.subprocesses import module_command, module_environment

_LONGEST_S = 120.0
"""A process that takes longer than this is ended; every call in it has a shorter limit."""


class Inquiry:
    """One question; `answers` is for a worker, `cancel` for anyone.

    Args:
        request: As `Request` of the module has it, ready for JSON.
        module: What is run to answer it.
        longest_s: When it is ended, whatever it does.
    """

    def __init__(
        self,
        request: dict[str, Any],
        module: str = "core.cluster.kubernetes.inquiry",
        longest_s: float = _LONGEST_S,
    ) -> None:
        self._request = request
        self._module = module
        self._longest_s = longest_s
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._cancelled = False

    def answers(self) -> Iterator[dict[str, Any]]:
        """Fields of `Answer`, each as soon as it comes; a problem if the process fails."""
        with self._lock:
            if self._cancelled:
                return
            process = self._process = subprocess.Popen(
                module_command(self._module),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env=module_environment(),
                # A program that a kubeconfig names for its credentials must not ask the terminal.
                start_new_session=True,
            )
        limit = threading.Timer(self._longest_s, self.cancel)
        limit.daemon = True
        limit.start()
        try:
            yield from self._read(process)
        finally:
            limit.cancel()
            self._end(process)

    def _read(self, process: subprocess.Popen[str]) -> Iterator[dict[str, Any]]:
        if process.stdin is None or process.stdout is None:
            return
        # If it has ended before it read anything, its exit code says so below.
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(self._request))
            process.stdin.close()
        for line in process.stdout:
            yield json.loads(line)
        if process.wait() != 0 and not self._cancelled:
            yield {
                "problem": "the question could not be asked",
                "hint": "Try rlscale-console doctor.",
            }

    def cancel(self) -> None:
        """Nobody waits for the answer any more."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                _kill(self._process)

    def _end(self, process: subprocess.Popen[str]) -> None:
        _kill(process)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def _kill(process: subprocess.Popen[str]) -> None:
    """End it with everything that it started, such as a program that gets credentials."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
