"""What `debug` prints, and what it starts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.output import duration, number, percent, print_json, print_table

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


def branch(directory: Path, step: int, arguments: argparse.Namespace) -> int:
    """Start a new run that goes on from a decision, as fast as it can."""
    from core.runs.launch import launch_branch
    from core.state import ControlMode

    made = launch_branch(
        directory,
        step,
        policy=arguments.then,
        target=arguments.target,
        mode=ControlMode.AUTO,
    )
    if arguments.json:
        print_json({"run": made.name, "directory": made, "parent": directory.name, "step": step})
    else:
        print(f"Started {made.name}, which repeats {directory.name} up to decision {step}.")
        print(f"Compare: rlscale-console debug {directory.name} --versus {made.name}")
    return 0


def print_versus(first: Path, second: Path, *, as_json: bool) -> int:
    """Print where two runs of the same scenario and seed differ, and their totals."""
    from core.debug.pair import Difference, Pair

    pair = Pair(first, second)
    try:
        last = pair.last
        found = {kind.value: pair.differences(kind) for kind in Difference}
        totals = [reader.totals(max(last, 0)) for reader in pair.readers]
        names = [(info.run_id, info.policy) for info in pair.infos]
    finally:
        pair.close()
    if as_json:
        runs = [
            {
                "run": run_id,
                "policy": policy,
                "slo_violation_ratio": total.slo_violation_ratio,
                "pod_hours": total.pod_hours,
                "churn": total.churn,
                "reward": total.reward,
            }
            for (run_id, policy), total in zip(names, totals, strict=True)
        ]
        print_json({"steps": last + 1, "runs": runs, "differences": found})
        return 0
    rows = [
        [
            run_id,
            percent(total.slo_violation_ratio, 3),
            number(total.pod_hours, 2),
            number(total.churn, 0),
            number(total.reward, 2),
        ]
        for (run_id, _), total in zip(names, totals, strict=True)
    ]
    heads = ["run", "over SLO", "pod·h", "churn", "return"]
    print_table(heads, rows, right=heads[1:], whole=["run"])
    for kind, steps in found.items():
        first_one = f", first at {steps[0]}" if len(steps) else ""
        print(f"differ in {kind}: {len(steps):,} of {last + 1:,} decisions{first_one}")
    return 0
