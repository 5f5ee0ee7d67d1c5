"""Running modules of this program as processes of their own."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Final

_SIGNAL_AT_PARENTS_END: Final = 1
"""PR_SET_PDEATHSIG."""


def module_command(module: str, *arguments: str) -> list[str]:
    """The command line that runs one of our modules with this interpreter.

    Args:
        module: Its full name, such as `core.runs.engine`.
        arguments: What it is given.
    """
    # -P: a directory named core, wherever the operator happens to stand, is not this one.
    return [sys.executable, "-P", "-m", module, *arguments]


def module_environment() -> dict[str, str]:
    """A copy of this process's environment in which our modules are found from anywhere."""
    environment = dict(os.environ)
    paths = [str(Path(__file__).resolve().parents[1]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    return environment


def end_with_parent() -> None:
    """Let the kernel send SIGTERM to this process when the one that started it has ended (Linux).

    For a process that nobody would miss, and that must not stay behind when its starter is killed.
    """
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_SIGNAL_AT_PARENTS_END, signal.SIGTERM, 0, 0, 0)
