"""Names under which trained policies are kept."""

from __future__ import annotations

import re

from core.errors import InputError
from core.locations import trained_policies_directory

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_RESERVED = frozenset({"ppo", "dqn", "random"})
"""What ships, and the name of broad training traffic."""


def policy_name(text: str) -> str:
    """The name in `text`.

    Raises:
        InputError: Not a name, or taken.
    """
    from core.agents.baselines import BASELINE_NAMES

    name = text.strip()
    if not _NAME.fullmatch(name):
        raise InputError("letters, digits, . _ -")
    reserved = _RESERVED | BASELINE_NAMES
    if name.lower() in reserved or (trained_policies_directory() / name).exists():
        raise InputError("taken")
    return name


def free_name(algorithm: str) -> str:
    """The first of `ppo-1`, `ppo-2` and so on that is free."""
    home = trained_policies_directory()
    number = 1
    while (home / f"{algorithm}-{number}").exists():
        number += 1
    return f"{algorithm}-{number}"
