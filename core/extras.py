"""What not everybody needs is installed on demand: the extras of `pyproject.toml`."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from core.errors import InputError


def require_extra(extra: str, modules: Sequence[str], purpose: str) -> None:
    """Make sure that the modules of an extra are installed, without loading them.

    Args:
        extra: Its name in `pyproject.toml`.
        modules: Whose absence tells that it is missing.
        purpose: What it is needed for.

    Raises:
        InputError: One of them is not there.
    """
    for module in modules:
        if importlib.util.find_spec(module) is None:
            raise InputError(
                f"expected the extra `{extra}` for {purpose}, found no {module}.",
                f"Install it: {install_command(extra)}",
            )


def install_command(extra: str) -> str:
    """What adds an extra to the installation that runs, whichever `pip` the shell would find."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return f"{shlex.quote(str(python))} -m pip install 'rlscale-console[{extra}]'"
