"""Running modules of this program as processes of their own."""

from __future__ import annotations

import os
import sys
from pathlib import Path


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
