"""Whether a run is alive and whether it sees its service, judged from its file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.runs.guardrails import guardrails_of
from core.runs.reader import RunReader
from core.runs.records import RunState

LATE_INTERVALS: Final = 4
"""Decisions that may be missing before the loop counts as stuck."""
GRACE_S: Final = 30.0
"""Beside those: a turn may wait for a slow API server and a slow Prometheus."""
STARTUP_S: Final = 180.0
"""How long the first decision may take: another engine's lease has to run out before it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer to a probe."""

    ok: bool
    words: str
    """One line: what is so."""


@dataclass(frozen=True, slots=True)
class Health:
    """Both answers at one moment."""

    alive: Verdict
    """Whether the loop turns; if not, only a restart helps."""
    ready: Verdict
    """Whether it is connected and observes; alive is part of it."""


def examine(reader: RunReader, clock: Clock) -> Health:
    """Judge a run by its newest decision and the age of what that was based on.

    Args:
        reader: Of the run.
        clock: Wall times are compared with it.

    Raises:
        RunError: The file cannot be read.
    """
    status, last = reader.status(), reader.last_step()
    if status.state is RunState.PAUSED:
        return _both(Verdict(True, "paused"))
    if not status.state.is_live:
        return _both(Verdict(False, f"{status.state}: {status.message}".rstrip(": ")))
    if last < 0:
        since_s = clock.now() - (status.started_wall_time or clock.now())
        alive = Verdict(since_s <= STARTUP_S, f"no decision yet, {since_s:.0f} s after the start")
        return Health(alive, Verdict(False, alive.words))
    wall_time, age_s = reader.raw_steps(("wall_time", "metrics_age_s"), last, last)[0]
    interval_s = reader.info().interval_s
    silent_s = clock.now() - wall_time
    words = f"decision {last}, {max(0.0, silent_s):.0f} s ago"
    if silent_s > LATE_INTERVALS * interval_s + GRACE_S:
        return _both(Verdict(False, f"stuck: {words}"))
    alive = Verdict(True, words)
    settings = guardrails_of(reader)
    if age_s > settings.stale_after_intervals * interval_s:
        return Health(alive, Verdict(False, f"not observing: newest metrics {age_s:.0f} s old"))
    return Health(alive, alive)


def _both(verdict: Verdict) -> Health:
    return Health(verdict, verdict)
