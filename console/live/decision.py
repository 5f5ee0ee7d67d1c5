"""One decision, explained: what was wanted and why, the values, the reward, the observation."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from textual.content import Content

from console.charts.text import short_number
from console.live.signs import FAINT, MUTED, Signs
from console.live.snapshot import Snapshot
from console.themes import Series, SeriesPalette
from core.envs.observation import FEATURES, raw_value
from core.state import Decision, Step, ValuesKind
from core.times import clock

_SIDE_BY_SIDE = 76
"""Width from which the observation stands beside the values instead of below."""
_LEFT_WIDTH = 26
_FEATURE_WIDTH = 23
_LEAST_BAR = 3
_REASON_LINES = 3
_BOUNDS = {feature.name: (feature.low, feature.high) for feature in FEATURES}


def _words(name: str) -> str:
    short = name.replace("utilization", "use").replace("violation_mean", "violated")
    return short.replace("_", " ")


_LONGEST_NAME = max(len(_words(feature.name)) for feature in FEATURES)


@dataclass(frozen=True, slots=True)
class Drawing:
    """What every part of the panel is drawn with."""

    signs: Signs
    palette: SeriesPalette

    def bar(self, share: float, width: int, series: Series) -> Content:
        """A bar filled from the left."""
        filled = min(max(round(share * width), 0), width)
        return Content.assemble(
            (self.signs.line_heavy * filled, self.palette.color(series)),
            (self.signs.line_light * (width - filled), FAINT),
        )

    def span_bar(self, low: float, high: float, value: float, width: int) -> Content:
        """A bar from zero to `value` on a track from `low` to `high`."""
        zero = min(max(-low / (high - low), 0.0), 1.0)
        at = min(max((value - low) / (high - low), 0.0), 1.0)
        begin, end = sorted((round(zero * width), round(at * width)))
        if begin == end:
            begin, end = (max(end - 1, 0), max(end, 1)) if at < zero else (begin, begin)
        series = Series.TRAFFIC if value >= 0 else Series.LATENCY_P95
        return Content.assemble(
            (self.signs.line_light * begin, FAINT),
            (self.signs.line_heavy * (end - begin), self.palette.color(series)),
            (self.signs.line_light * (width - end), FAINT),
        )


def decision_lines(snapshot: Snapshot, drawing: Drawing, width: int, height: int) -> list[Content]:
    """All lines of the panel, at most `height`, each at most `width` cells."""
    step = snapshot.shown_step
    if step is None:
        return [Content.styled("No decision yet.", MUTED)]
    head = _summary(step, drawing.signs, width)
    if width >= _SIDE_BY_SIDE:
        rows = max(height - len(head), 1)
        left = [
            *_values(snapshot, step.decision, drawing, _LEFT_WIDTH, rows - 7),
            Content(""),
            *_reward(step, drawing, _LEFT_WIDTH),
        ]
        right = _observation(snapshot, step, drawing, width - _LEFT_WIDTH - 2, rows)
        return [*head, *_beside(left, right, _LEFT_WIDTH + 2, rows)][:height]
    stacked = [
        *head,
        Content(""),
        *_values(snapshot, step.decision, drawing, width, 9),
        Content(""),
        *_reward(step, drawing, width),
        Content(""),
    ]
    stacked += _observation(snapshot, step, drawing, width, max(height - len(stacked), 1))
    return stacked[:height]


def _beside(left: list[Content], right: list[Content], left_width: int, rows: int) -> list[Content]:
    empty = Content("")
    return [
        Content.assemble(
            (one := left[row] if row < len(left) else empty),
            " " * max(left_width - one.cell_length, 0),
            right[row] if row < len(right) else empty,
        )
        for row in range(min(max(len(left), len(right)), rows))
    ]


def _heading(text: str, note: str = "") -> Content:
    return Content.assemble((text, "bold $primary"), (f"  {note}" if note else "", MUTED))


def _summary(step: Step, signs: Signs, width: int) -> list[Content]:
    decision, state = step.decision, step.state
    arrow = f" {signs.arrow} "
    moment = Content.assemble(
        (clock(state.time_s), "bold"),
        (f"  decision {step.index}  ", MUTED),
        step.mode.value,
    )
    wish = Content.assemble(
        ("policy wants ", MUTED),
        f"{state.replicas_desired}{arrow}{decision.target}",
        ("  asked ", MUTED),
        (str(step.target), "bold"),
        (" by ", MUTED),
        step.actor.value,
    )
    lines = [moment, wish]
    if moment.cell_length + wish.cell_length + 3 <= width:
        lines = [Content.assemble(moment, "   ", wish)]
    lines += [Content(line) for line in _wrapped(signs.words(decision.reason), width)]
    if step.guardrail:
        words = _wrapped(signs.words(step.guardrail), width)
        lines += [Content.styled(line, "$text-warning") for line in words]
    return [signs.cut(line, width) for line in lines]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, max_lines=_REASON_LINES, placeholder=" ...")


def _values(
    snapshot: Snapshot, decision: Decision, drawing: Drawing, width: int, most: int
) -> list[Content]:
    minus = drawing.signs.minus
    value = "" if decision.value is None else f"value {decision.value:.2f}".replace("-", minus)
    if decision.values_kind is ValuesKind.NONE or not decision.action_values:
        return [
            _heading("Actions"),
            Content.styled("This policy has no action values.", MUTED),
        ]
    probabilities = decision.values_kind is ValuesKind.PROBABILITIES
    title = "Probabilities" if probabilities else "Q-values"
    numbers = decision.action_values
    labels = snapshot.info.action_labels
    order = sorted(range(len(numbers)), key=lambda index: -numbers[index])
    shown = order[: max(most - 1, 3)]
    if decision.action is not None and decision.action not in shown:
        shown[-1] = decision.action
    low, high = (0.0, max(numbers)) if probabilities else (min(numbers), max(numbers))
    spread = (high - low) or 1.0
    name_width = max((len(_label(labels, index, drawing.signs)) for index in shown), default=0)
    bar_width = max(width - name_width - 10, 4)
    lines = [_heading(title, value)]
    for index in shown:
        chosen = index == decision.action
        lines.append(
            Content.assemble(
                (f"{drawing.signs.pointer} " if chosen else "  ", "bold $accent"),
                (
                    f"{_label(labels, index, drawing.signs):<{name_width}} ",
                    "bold" if chosen else "",
                ),
                drawing.bar((numbers[index] - low) / spread, bar_width, Series.POLICY),
                (
                    f" {numbers[index]:5.{2 if abs(numbers[index]) < 100 else 0}f}".replace(
                        "-", minus
                    ),
                    "bold" if chosen else "",
                ),
            )
        )
    rest = len(numbers) - len(shown)
    if rest and len(lines) < most:
        lines.append(Content.styled(f"  and {rest} lower", MUTED))
    return lines


def _label(labels: tuple[str, ...], index: int, signs: Signs) -> str:
    text = labels[index] if index < len(labels) else f"action {index}"
    return signs.words(text.replace("-minute", " min"))


def _reward(step: Step, drawing: Drawing, width: int) -> list[Content]:
    reward = step.reward
    parts = (
        ("slo", reward.slo, Series.REWARD_SLO),
        ("cost", reward.cost, Series.REWARD_COST),
        ("churn", reward.churn, Series.REWARD_CHURN),
        ("error", reward.error, Series.REWARD_ERROR),
    )
    largest = max((abs(value) for _, value, _ in parts), default=0.0) or 1.0
    bar_width = max(width - 16, 4)
    lines = [_heading("Reward", f"{reward.total:.3f}".replace("-", drawing.signs.minus))]
    lines += [
        Content.assemble(
            f"  {name:<6}",
            drawing.bar(abs(value) / largest, bar_width, series),
            # Adding zero keeps what rounds to nothing from showing a sign.
            f" {round(value, 3) + 0.0:7.3f}".replace("-", drawing.signs.minus),
        )
        for name, value, series in parts
    ]
    return lines


def _observation(
    snapshot: Snapshot, step: Step, drawing: Drawing, width: int, rows: int
) -> list[Content]:
    names = snapshot.info.feature_names
    if not step.observation or len(names) != len(step.observation):
        return [
            _heading("Observation"),
            Content.styled("Not recorded for this decision.", MUTED),
        ]
    columns = max(1, min(width // _FEATURE_WIDTH, 2))
    room = max(rows - 1, 1)
    per_column = min(-(-len(names) // columns), room)
    cell = width // columns
    left_out = len(names) - per_column * columns
    lines = [_heading("Observation", f"{left_out} more where taller" if left_out > 0 else "")]
    for row in range(per_column):
        cells = []
        for column in range(columns):
            index = column * per_column + row
            if index < len(names):
                one = _feature(names[index], step.observation[index], drawing, cell - 1)
                cells.append(one.pad_right(max(cell - one.cell_length, 0)))
        lines.append(Content("").join(cells))
    return lines


def _feature(name: str, scaled: float, drawing: Drawing, width: int) -> Content:
    low, high = _BOUNDS.get(name, (-1.0, 1.0))
    value = raw_value(name, scaled) if name in _BOUNDS else scaled
    written = short_number(round(value, 4)).replace("-", drawing.signs.minus)
    # Names come first: half of one may be that of several features.
    bar = min((width - 14) // 2, width - 7 - _LONGEST_NAME)
    bar = bar if bar >= _LEAST_BAR else 0
    room = width - bar - 7
    return Content.assemble(
        (f"{_words(name)[:room]:<{room}}", MUTED),
        f" {written:>5} ",
        drawing.span_bar(low, high, value, bar) if bar else "",
    )
