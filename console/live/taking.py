"""When an operator takes control of a real cluster, and what that will mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.state import ControlMode

if TYPE_CHECKING:
    from console.live.snapshot import Snapshot

_ACTING = (ControlMode.AUTO, ControlMode.MANUAL)


def takes_control(snapshot: Snapshot, mode: ControlMode) -> bool:
    """Whether entering `mode` makes a run scale a real cluster that it did not scale before."""
    return bool(snapshot.info.target) and mode in _ACTING and snapshot.status.mode not in _ACTING


def mode_words(snapshot: Snapshot, mode: ControlMode) -> str:
    """What `mode` will do, in one line."""
    facts = snapshot.facts
    limits = f", {facts.min_replicas}…{facts.max_replicas} replicas" if facts is not None else ""
    if mode is ControlMode.AUTO:
        return f"as {snapshot.status.policy} decides{limits}"
    return f"only as you say{limits}"
