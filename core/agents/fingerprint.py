"""What simulated figures depend on besides their inputs: the code itself."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

import core

_SIMULATION: Final = (
    *("state.py", "summary.py", "cluster/*", "traffic/*", "envs/history.py", "agents/hpa/*"),
    *("agents/evaluation.py", "agents/grid.py", "agents/guarded.py", "agents/rule_batch.py"),
)
"""What has a say in how an HPA or a rate rule fares in the simulator."""
_EVERYTHING: Final = (*_SIMULATION, "*", "envs/*", "agents/*", "agents/oracle/*")
"""What has a say in how any policy fares there."""


def code_fingerprint() -> str:
    """A hash of all code that simulated figures depend on, of any policy.

    It covers version, NumPy and modules. A change of any of them, also one that changes no
    figure, makes another hash: stored figures are never mixed with others of another origin.
    """
    return _hash_of(_EVERYTHING)


def rival_fingerprint() -> str:
    """As `code_fingerprint`, of what HPAs and rate rules depend on; learning is no part of it."""
    return _hash_of(_SIMULATION)


@cache
def _hash_of(patterns: tuple[str, ...]) -> str:
    home = Path(core.__file__).parent
    digest = hashlib.sha256(f"{core.__version__} numpy {np.__version__}".encode())
    for path in sorted({path for pattern in patterns for path in home.glob(pattern)}):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(path.relative_to(home).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(content: Any) -> str:
    """A hash of anything that JSON can hold; equal contents have equal hashes."""
    text = json.dumps(content, sort_keys=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
