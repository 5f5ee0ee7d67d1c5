"""Names under which trained policies are kept."""

from __future__ import annotations

import re
from pathlib import Path

from core.errors import InputError
from core.locations import trained_policies_directory
from core.runs.reservations import is_reserved

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_BASELINES = "hpa rule keda kpa predictive oracle threshold static"
"""Written out: Setup cannot wait for `core.agents.baselines` when it judges what is typed."""
_TAKEN = frozenset({"ppo", "dqn", "random", *_BASELINES.split()})


def policy_name(text: str) -> str:
    """The name in `text`.

    Raises:
        InputError: Not a name, or taken.
    """
    name = text.strip()
    if not _NAME.fullmatch(name):
        raise InputError("letters, digits, . _ -")
    if name.lower() in _TAKEN or _is_taken(trained_policies_directory() / name):
        raise InputError("taken")
    return name


def free_name(algorithm: str) -> str:
    """The first of `ppo-1`, `ppo-2` and so on that is free."""
    home = trained_policies_directory()
    number = 1
    while _is_taken(home / f"{algorithm}-{number}"):
        number += 1
    return f"{algorithm}-{number}"


def _is_taken(policy: Path) -> bool:
    return policy.exists() or is_reserved(policy)
