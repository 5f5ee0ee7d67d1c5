"""The panel of what if: the alternatives with what would have come of them, and their charts."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
from textual.content import Content

from console.charts.model import ChartData, Curve, LineStyle, Threshold, Viewport
from console.charts.text import short_number
from console.debug.pieces import heading, picked, signed, window
from console.debug.scene import DebugScene
from console.live.decision import Drawing
from console.live.signs import MUTED, Signs
from console.themes import Series

if TYPE_CHECKING:
    from core.debug.estimates import Estimate
    from core.debug.whatif import Outcome, WhatIf

_NUMBERS = 38
"""Cells of the columns behind the name."""
_LEAST_NAME = 12
_LEAST_ROWS = 6


def outcome_count(scene: DebugScene) -> int:
    """How many lines can be selected."""
    found = _found(scene)
    return 0 if found is None else len(found.outcomes)


def selected_outcome(scene: DebugScene, row: int) -> Outcome | None:
    """The alternative that is selected."""
    found = _found(scene)
    return None if found is None or not 0 <= row < len(found.outcomes) else found.outcomes[row]


def _found(scene: DebugScene) -> WhatIf | None:
    return None if scene.played is None else scene.played.found


def futures_lines(
    scene: DebugScene, drawing: Drawing, width: int, height: int, row: int, focused: bool
) -> list[Content]:
    """All lines of the panel."""
    signs, played = drawing.signs, scene.played
    if played is None:
        return [Content.styled("Playing this moment forward.", MUTED)]
    if played.progress is not None:
        words = f"Living through the run again, {played.progress:.0%} of the way."
        return [Content.styled(words, MUTED)]
    found = played.found
    if found is None:
        return _wrapped(signs.words(f"No futures: {played.problem}"), width)[:height]
    samples = found.asking.samples
    chance = f"{samples} samples, same chance" if samples else "the run's own chance"
    note = f"{chance}; return against decided"
    head = [heading(f"Next {found.steps} decisions", note), _titles(width)]
    # What the note says matters more than the last rows, which one can move to.
    foot = _foot(found, row, signs, width, max(height - len(head) - _LEAST_ROWS, 2))
    rows = [
        picked(_row(one, signs, width), width, chosen=place == row, focused=focused)
        for place, one in enumerate(found.outcomes)
    ]
    shown = window(rows, row, max(height - len(head) - len(foot), 1))
    lines = [*head, *shown, *foot]
    return [signs.cut(line, width) for line in lines[:height]]


def _wrapped(text: str, width: int) -> list[Content]:
    return [Content.styled(line, MUTED) for line in textwrap.wrap(text, max(width, 10))]


def _titles(width: int) -> Content:
    name = max(width - _NUMBERS, _LEAST_NAME)
    text = f"{'instead':<{name}}{'pods':>4}{'p95 ms':>7}{'over SLO':>9}{'pod h':>7}{'return':>9}"
    return Content.styled(text, MUTED)


def _row(one: Outcome, signs: Signs, width: int) -> Content:
    name = max(width - _NUMBERS, _LEAST_NAME)
    sure = one.advantage.is_sure
    style = ""
    if not one.as_decided and sure:
        style = "$text-success" if one.advantage.mean > 0 else "$text-error"
    compared = one.reward.mean if one.as_decided else one.advantage.mean
    returned = signed(compared, signs, 3, plus=not one.as_decided)
    verdict = "" if one.as_decided or not sure else " +" if one.advantage.mean > 0 else " -"
    violations = one.violation_ratio
    over = "-" if violations is None else f"{100 * violations.mean:.2f}%"
    return Content.assemble(
        (f"{outcome_name(one, signs)[: name - 1]:<{name}}", "bold" if one.as_decided else ""),
        f"{one.granted:>4}",
        f"{_short(one.latency_p95_ms):>7}",
        f"{over:>9}",
        f"{one.pod_hours.mean:>7.2f}",
        (f"{returned:>9}{verdict.replace('-', signs.minus):<2}", style),
    )


def outcome_name(one: Outcome, signs: Signs) -> str:
    """What an alternative is called: its best action, and how many others come to the same."""
    first = one.labels[0]
    rest = len(one.labels) - 1
    text = f"{first} +{rest}" if rest and not one.as_decided else first
    return signs.words(text.replace("-minute", " min"))


def _short(found: Estimate | None) -> str:
    return "-" if found is None else short_number(found.mean)


def _foot(found: WhatIf, row: int, signs: Signs, width: int, height: int) -> list[Content]:
    lines: list[Content] = []
    if 0 <= row < len(found.outcomes):
        one = found.outcomes[row]
        ranges = [
            f"p95 {_range(one.latency_p95_ms, 1.0, 0)} ms",
            f"over SLO {_range(one.violation_ratio, 100.0, 2)} %",
            f"return {_range(one.reward, 1.0, 3)}",
        ]
        if not one.as_decided:
            ranges.append(f"against decided {_range(one.advantage, 1.0, 3)}")
        text = f"95 % intervals: {', '.join(ranges)}".replace("-", signs.minus)
        lines += _wrapped(signs.words(text), width)[:3]
    if found.note:
        lines += _wrapped(signs.words(f"Note: {found.note}."), width)
    return lines[:height]


def _range(found: Estimate | None, factor: float, digits: int) -> str:
    if found is None:
        return "-"
    low, high = (f"{value * factor:.{digits}f}" for value in (found.low, found.high))
    return low if low == high else f"{low}..{high}"


def futures_charts(
    scene: DebugScene, row: int, signs: Signs
) -> tuple[tuple[ChartData, ChartData], Viewport] | None:
    """Latency and replicas to come: as decided, and of the selected alternative."""
    found, picture = _found(scene), scene.picture
    if found is None or picture is None or not len(found.time_s):
        return None
    facts = picture.snapshot.facts
    first = found.outcomes[0]
    other = found.outcomes[row] if 0 <= row < len(found.outcomes) else first
    shown = [(first, "decided", Series.RUN_A, LineStyle.SOLID)]
    if other is not first:
        name = outcome_name(other, signs).removesuffix(" from here")
        shown.append((other, name[:14], Series.RUN_B, LineStyle.DASHED))
    latency = tuple(
        Curve(
            name, series, one.curve_latency_p95_ms, style, current=_last(one.curve_latency_p95_ms)
        )
        for one, name, series, style in shown
    )
    ready = tuple(
        Curve(
            name,
            series,
            one.curve_replicas_ready,
            style,
            stepped=True,
            current=_last(one.curve_replicas_ready),
        )
        for one, name, series, style in shown
    )
    slo = None if facts is None else Threshold("SLO", facts.slo_ms)
    interval_s = picture.snapshot.info.interval_s
    viewport = Viewport(float(found.time_s[0]) - interval_s, float(found.time_s[-1]))
    return (
        ChartData("p95 to come", "ms", found.time_s, latency, slo),
        ChartData("ready to come", "", found.time_s, ready, whole=True),
    ), viewport


def _last(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float | None:
    known = values[np.isfinite(values)]
    return float(known[-1]) if len(known) else None
