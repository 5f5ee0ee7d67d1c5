"""What simulated figures depend on besides their inputs: the code itself."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

import core

_ROOMS: Final = (".", "cluster", "envs", "traffic", "agents", "agents/hpa", "agents/oracle")
"""Packages of `core` whose modules have a say in what a simulated episode comes to."""


@cache
def code_fingerprint() -> str:
    """A hash of version, NumPy and all modules that simulated figures depend on.

    A change of any of them, also one that changes no figure, makes another fingerprint: stored
    figures are never mixed with others of another origin.
    """
    home = Path(core.__file__).parent
    digest = hashlib.sha256(f"{core.__version__} numpy {np.__version__}".encode())
    for room in _ROOMS:
        for path in sorted((home / room).glob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(path.relative_to(home).as_posix().encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(content: Any) -> str:
    """A hash of anything that JSON can hold; equal contents have equal hashes."""
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
