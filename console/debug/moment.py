"""The panel of the moment: what was decided and asked, the state, the reward."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from textual.content import Content

from console.charts.text import short_number
from console.debug.pieces import beside, heading, signed
from console.debug.view import Picture
from console.live.decision import Drawing
from console.live.signs import ACTOR_SERIES, MUTED, Signs
from console.themes import Series
from core.state import ClusterState, RewardComponents

if TYPE_CHECKING:
    from core.debug.explain import Explanation

_SIDE_BY_SIDE = 64
_REASON_LINES = 3

_ROWS: tuple[tuple[str, str, float, str], ...] = (
    # Name, field of the state, factor, unit.
    ("traffic", "rps", 1.0, "rps"),
    ("latency p50", "latency_p50_ms", 1.0, "ms"),
    ("latency p95", "latency_p95_ms", 1.0, "ms"),
    ("latency p99", "latency_p99_ms", 1.0, "ms"),
    ("over SLO", "slo_violation_ratio", 100.0, "%"),
    ("failed", "error_ratio", 100.0, "%"),
    ("waiting", "queue_requests", 1.0, ""),
    ("desired", "replicas_desired", 1.0, ""),
    ("ready", "replicas_ready", 1.0, ""),
    ("starting", "replicas_starting", 1.0, ""),
    ("CPU", "cpu_utilization", 100.0, "%"),
    ("memory", "memory_utilization", 100.0, "%"),
    ("metrics age", "metrics_age_s", 1.0, "s"),
)
_REWARDS = (
    ("slo", Series.REWARD_SLO),
    ("cost", Series.REWARD_COST),
    ("churn", Series.REWARD_CHURN),
    ("error", Series.REWARD_ERROR),
)


def moment_lines(picture: Picture, drawing: Drawing, width: int, height: int) -> list[Content]:
    """All lines of the panel, at most `height`, each at most `width` cells."""
    found = picture.explanation
    if found is None:
        return [Content.styled("No decision yet.", MUTED)]
    lines = [*_decision(picture, found, drawing, width), Content("")]
    state = _state(picture, found, drawing)
    if width >= _SIDE_BY_SIDE:
        half = -(-len(state) // 2)
        state = beside(state[:half], state[half:], width // 2)
    lines += [*state, Content(""), *_reward(found, drawing, width)]
    return [drawing.signs.cut(line, width) for line in lines[:height]]


def _decision(picture: Picture, found: Explanation, drawing: Drawing, width: int) -> list[Content]:
    signs, step = drawing.signs, found.step
    arrow, desired = f" {signs.arrow} ", step.state.replicas_desired
    actor = drawing.palette.color(ACTOR_SERIES[step.actor])
    wish = Content.assemble(
        ("policy wants ", MUTED), (f"{desired}{arrow}{step.decision.target}", "bold")
    )
    deed = Content.assemble(
        ("asked ", MUTED),
        (str(step.target), "bold"),
        (" by ", MUTED),
        (step.actor.value, actor),
        (", mode ", MUTED),
        step.mode.value,
    )
    lines = [wish, deed]
    if wish.cell_length + deed.cell_length + 2 <= width:
        lines = [Content.assemble(wish, "  ", deed)]
    lines += [Content(line) for line in _wrapped(signs.words(step.decision.reason), width)]
    if step.guardrail:
        words = _wrapped(f"guardrail: {signs.words(step.guardrail)}", width)
        lines += [Content.styled(line, "$text-warning") for line in words]
    for point in picture.here:
        lines.append(Content.styled(signs.words(f"stops at {point.text}"), "$text-error"))
    return lines


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=_REASON_LINES, placeholder=" ...")


def _state(picture: Picture, found: Explanation, drawing: Drawing) -> list[Content]:
    state = found.step.state
    before = None if found.before is None else found.before.state
    facts = picture.snapshot.facts
    lines = []
    for name, field, factor, unit in _ROWS:
        value, past = _value(state, field, factor), _value(before, field, factor)
        style = ""
        if facts is not None and field.startswith("latency") and value is not None:
            style = "$text-error" if value > facts.slo_ms else ""
        change = None if value is None or past is None else value - past
        lines.append(_row(name, value, unit, change, style, drawing))
        if field == "rps" and facts is not None:
            capacity = state.replicas_ready * facts.pod_capacity_rps
            share = None if value is None or not capacity else 100.0 * value / capacity
            lines.append(_row("load", share, "%", None, "", drawing))
    return lines


def _value(state: ClusterState | None, field: str, factor: float) -> float | None:
    value = None if state is None else getattr(state, field)
    return None if value is None else float(value) * factor


def _row(
    name: str,
    value: float | None,
    unit: str,
    change: float | None,
    style: str,
    drawing: Drawing,
) -> Content:
    written = "" if not change else _change(change).replace("-", drawing.signs.minus)
    return Content.assemble(
        (f"{name:<12}", MUTED),
        (f"{short_number(value):>6}", style or "bold"),
        (f" {unit:<4}", MUTED),
        (f"{written:>7}", MUTED),
    )


def _change(change: float) -> str:
    text = short_number(abs(change))
    return "" if text == "0" else f"{'+' if change > 0 else '-'}{text}"


def _reward(found: Explanation, drawing: Drawing, width: int) -> list[Content]:
    now, total = found.step.reward, found.returns
    signs = drawing.signs
    lines = [
        heading("Reward", "of this interval, and so far"),
    ]
    bar = max(width - 28, 4)
    largest = max((abs(getattr(now, name)) for name, _ in _REWARDS), default=0.0) or 1.0
    for name, series in _REWARDS:
        value = getattr(now, name)
        so_far = None if total is None else getattr(total, name)
        lines.append(
            Content.assemble(
                f"  {name:<6}",
                f"{signed(value, signs, 3, plus=False):>8}",
                f"{_so_far(so_far, signs):>10}  ",
                drawing.bar(abs(value) / largest, bar, series),
            )
        )
    lines.append(_sum(now, found.total_reward, drawing))
    return lines


def _sum(now: RewardComponents, total: float, drawing: Drawing) -> Content:
    signs = drawing.signs
    return Content.assemble(
        ("  sum   ", "bold"),
        (f"{signed(now.total, signs, 3, plus=False):>8}", "bold"),
        (f"{_so_far(total, signs):>10}", "bold"),
    )


def _so_far(value: float | None, signs: Signs) -> str:
    """A return: without hundredths where it has grown long."""
    return signed(value, signs, 2 if value is None or abs(value) < 10_000 else 0, plus=False)
