"""Names of policies that are spoken for: a training gives its policy a name only at its end."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Final

from core.runs.lock import is_alive

_SUFFIX: Final = ".training"
_STARTING_S: Final = 20.0
"""From the creation of a run until its engine surely holds the lock."""


def reserve(policy: Path, run: Path) -> None:
    """Note beside the future directory of a policy which run will make it.

    Notes of runs that are over are thrown away; one that cannot be written reserves nothing.
    """
    note = _note(policy)
    with contextlib.suppress(OSError):
        policy.parent.mkdir(parents=True, exist_ok=True)
        for other in policy.parent.glob(f".*{_SUFFIX}"):
            if not _is_current(other):
                other.unlink()
        note.write_text(str(run), encoding="utf-8")


def is_reserved(policy: Path) -> bool:
    """Whether a training that goes on will write that directory."""
    return _is_current(_note(policy))


def _note(policy: Path) -> Path:
    return policy.with_name(f".{policy.name}{_SUFFIX}")


def _is_current(note: Path) -> bool:
    try:
        run = Path(note.read_text(encoding="utf-8"))
        is_new = time.time() - note.stat().st_mtime < _STARTING_S
    except (OSError, ValueError):
        return False
    return run.is_dir() and (is_new or is_alive(run))
