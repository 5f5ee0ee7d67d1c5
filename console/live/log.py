"""The event log: what was scaled and why, what people and guardrails did, newest first."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from console.live.signs import ACTOR_SERIES, MUTED, Signs
from console.themes import Series, SeriesPalette
from core.state import Actor
from core.times import clock

if TYPE_CHECKING:
    from core.runs.columns import Steps
    from core.runs.records import Event

_ACTOR_WIDTH = 10


@dataclass(frozen=True, slots=True)
class LogLine:
    """One thing that happened."""

    step: int
    time_s: float
    who: str
    """Actor, or the kind of the event where nobody acted."""
    text: str
    actor: Actor = Actor.NOBODY

    @property
    def searched(self) -> str:
        """What a filter looks at."""
        return f"{clock(self.time_s)} {self.who} {self.text}"


def scaling_lines(steps: Steps, known: int = 0) -> list[LogLine]:
    """One line per step that changed the replicas, with the policy's own words.

    While others are in control, the policy goes on advising: one line whenever that changes.

    Args:
        steps: What happened.
        known: How many of the first steps have had their lines already.
    """
    lines = []
    for index in range(known, len(steps)):
        before, target = steps.replicas_desired[index], steps.target[index]
        actor = steps.actor[index]
        advised = _advised(steps, index)
        if advised is not None and (index == 0 or advised != _advised(steps, index - 1)):
            lines.append(
                LogLine(
                    int(steps.step[index]),
                    float(steps.time_s[index]),
                    Actor.POLICY.value,
                    f"would {before:.0f} → {advised:.0f}  {steps.policy_reason[index]}".rstrip(),
                )
            )
        if before == target or actor in (Actor.GUARDRAIL, Actor.NOBODY):
            continue
        reason = steps.policy_reason[index] if actor is Actor.POLICY else ""
        lines.append(
            LogLine(
                int(steps.step[index]),
                float(steps.time_s[index]),
                actor.value,
                f"{before:.0f} → {target:.0f}  {reason}".rstrip(),
                actor,
            )
        )
    return lines


def _advised(steps: Steps, index: int) -> float | None:
    """What the policy would have asked for where it was not asked, if that is something else."""
    advised = float(steps.policy_target[index])
    asked = steps.actor[index] not in (Actor.OPERATOR, Actor.EXTERNAL, Actor.NOBODY)
    if asked or math.isnan(advised) or advised == steps.target[index]:
        return None
    return advised


def event_lines(events: Sequence[Event], started_wall_time: float | None = None) -> list[LogLine]:
    """One line per event.

    Args:
        events: What happened.
        started_wall_time: If given, times are wall time since then, as suits a training, whose
            simulated time begins anew with every episode.
    """
    return [
        LogLine(
            event.step,
            event.time_s
            if started_wall_time is None
            else max(event.wall_time - started_wall_time, 0.0),
            event.kind.value if event.actor is Actor.NOBODY else event.actor.value,
            event.message,
            event.actor,
        )
        for event in events
    ]


def matcher(pattern: str) -> re.Pattern[str]:
    """A filter as a pattern; what is no valid pattern is searched as it stands."""
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error:
        return re.compile(re.escape(pattern), re.IGNORECASE)


def render_log(
    lines: Sequence[LogLine],
    pattern: str,
    signs: Signs,
    palette: SeriesPalette,
    width: int,
    height: int,
) -> list[Content]:
    """The newest lines that match, newest first, cut to `width`."""
    if pattern:
        wanted = matcher(pattern)
        lines = [line for line in lines if wanted.search(line.searched)]
    if not lines:
        words = (
            f"Nothing in the log matches {pattern!r}." if pattern else "Nothing has happened yet."
        )
        return [Content.styled(f" {words}", MUTED)]
    shown = list(lines)[-height:][::-1]
    return [signs.cut(_render(line, signs, palette), width) for line in shown]


def _render(line: LogLine, signs: Signs, palette: SeriesPalette) -> Content:
    series = ACTOR_SERIES.get(line.actor, Series.AXIS)
    return Content.assemble(
        (f" {clock(line.time_s)} ", MUTED),
        (f"{line.who:<{_ACTOR_WIDTH}} ", palette.color(series)),
        signs.words(line.text),
    )
