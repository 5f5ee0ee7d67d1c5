"""What `debug` prints for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console.cli.output import duration, number, percent, print_table

if TYPE_CHECKING:
    from core.debug.debugger import Debugger
    from core.debug.estimates import Estimate
    from core.debug.whatif import Outcome, WhatIf

_SHOWN_HITS = 20
_SHOWN_LABELS = 2


def print_hits(debugger: Debugger, text: str, hits: Sequence[int]) -> None:
    """Print at which decisions a condition holds, the first ones with what was decided."""
    steps = "decision" if len(hits) == 1 else "decisions"
    print(f"{text}: {len(hits):,} {steps} of {debugger.newest + 1:,}")
    rows: list[list[object]] = []
    for index in hits[:_SHOWN_HITS]:
        step = debugger.recording.step(index)
        asked = f"{step.state.replicas_desired} → {step.target}"
        rows.append(
            [
                index,
                duration(step.state.time_s),
                number(step.state.latency_p95_ms, 0),
                asked,
                step.guardrail or step.decision.reason,
            ]
        )
    if rows:
        heads = ["step", "time", "p95 ms", "replicas", "reason"]
        print_table(heads, rows, right=["step", "time", "p95 ms"], whole=["replicas"])
    if len(hits) > _SHOWN_HITS:
        print(f"and {len(hits) - _SHOWN_HITS:,} more; --json lists all")


def print_what_if(found: WhatIf) -> None:
    """Print what would have come of each alternative."""
    samples = found.asking.samples
    chance = f"{samples} samples on the same chance" if samples else "on the run's own chance"
    print(f"Decision {found.step}, the next {found.steps} intervals, {chance}:")
    rows = [
        [
            _label(one),
            one.granted,
            _written(one.latency_p95_ms, 1.0, 0),
            _written(one.violation_ratio, 100.0, 2),
            _written(one.pod_hours, 1.0, 2),
            _written(one.reward, 1.0, 3),
            None if one.as_decided else _written(one.advantage, 1.0, 3, sign="+"),
        ]
        for one in found.outcomes
    ]
    heads = ["instead", "asked", "p95 ms", "over SLO %", "pod·h", "return", "against decided"]
    print_table(heads, rows, right=heads[1:])
    if found.note:
        print(f"Note: {found.note}.")


def _label(one: Outcome) -> str:
    shown = ", ".join(one.labels[:_SHOWN_LABELS])
    rest = len(one.labels) - _SHOWN_LABELS
    weight = "" if one.weight is None else f" ({percent(one.weight, 0)})"
    return f"{shown} and {rest} more{weight}" if rest > 0 else f"{shown}{weight}"


def _written(found: Estimate | None, factor: float, digits: int, *, sign: str = "") -> str | None:
    if found is None:
        return None
    spread = (found.high - found.low) / 2.0 * factor
    mean = f"{found.mean * factor:{sign},.{digits}f}"
    return mean if spread == 0.0 else f"{mean} ±{spread:.{digits}f}"
