"""The panel of what was weighed: every action with its value and what it would have asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from console.debug.pieces import heading, picked, signed, window
from console.debug.view import Picture
from console.live.decision import Drawing
from console.live.signs import MUTED, Signs
from console.themes import Series
from core.state import ValuesKind

if TYPE_CHECKING:
    from core.debug.weighing import Option, Weighing


def option_count(picture: Picture | None) -> int:
    """How many lines can be selected."""
    found = None if picture is None else picture.explanation
    return 0 if found is None or found.weighing is None else len(found.weighing.options)


def values_lines(
    picture: Picture, drawing: Drawing, width: int, height: int, row: int, focused: bool
) -> list[Content]:
    """All lines of the panel."""
    found = picture.explanation
    if found is None:
        return [Content.styled("No decision yet.", MUTED)]
    weighing = found.weighing
    if weighing is None:
        words = found.note or "This policy has no action values: it decides by a rule."
        return [Content.styled(drawing.signs.words(words), MUTED)]
    head, foot = _head(weighing, drawing.signs), _foot(picture, weighing, drawing.signs)
    if found.note:
        foot.append(Content.styled(drawing.signs.words(found.note), "$text-warning"))
    rows = _options(picture, weighing, drawing, width, row, focused)
    shown = window(rows, row, max(height - len(head) - len(foot), 1))
    lines = [*head, *shown, *foot]
    return [drawing.signs.cut(line, width) for line in lines[:height]]


def _head(weighing: Weighing, signs: Signs) -> list[Content]:
    probabilities = weighing.kind is ValuesKind.PROBABILITIES
    entropy = weighing.entropy
    notes = []
    if weighing.value is not None:
        notes.append(f"value {signed(weighing.value, signs, plus=False)}")
    if entropy is not None:
        notes.append(f"entropy {entropy:.2f} of {weighing.most_entropy:.2f}")
    return [heading("Probabilities" if probabilities else "Q-values", "  ".join(notes))]


def _foot(picture: Picture, weighing: Weighing, signs: Signs) -> list[Content]:
    margin = signed(weighing.margin, signs, 3, plus=False)
    words = f"runner-up {label(weighing.runner_up, signs)} behind by {margin}"
    lines = [Content.styled(words, MUTED)]
    found = picture.explanation
    if weighing.mean_target and found is not None:
        target = found.step.decision.target
        lines.append(Content.styled(f"target {target}: the mean over all of them", MUTED))
    return lines


def _options(
    picture: Picture,
    weighing: Weighing,
    drawing: Drawing,
    width: int,
    row: int,
    focused: bool,
) -> list[Content]:
    options = weighing.options
    values = [option.value for option in options]
    probabilities = weighing.kind is ValuesKind.PROBABILITIES
    low, high = (0.0 if probabilities else min(values)), max(values)
    spread = (high - low) or 1.0
    signs = drawing.signs
    name_width = max(len(label(option, signs)) for option in options)
    bar = max(width - name_width - 18, 4)
    rival = picture.view.inquiry.rival
    compared = weighing.runner_up.action if rival is None else rival
    lines = []
    for place, option in enumerate(options):
        chosen = option is weighing.chosen
        mark = signs.pointer if chosen else "-" if option.action == compared else " "
        style = "bold" if chosen else ""
        target = "" if option.target is None else f" {signs.arrow}{option.target:>3}"
        line = Content.assemble(
            (f"{mark} ", "bold $accent"),
            (f"{label(option, signs):<{name_width}} ", style),
            drawing.bar((option.value - low) / spread, bar, Series.POLICY),
            (f" {signed(option.value, signs, 3, plus=False):>7}", style),
            (target, style),
        )
        lines.append(picked(line, width, chosen=place == row and focused, focused=focused))
    return lines


def label(option: Option, signs: Signs) -> str:
    """What an action is called where there is little room."""
    return signs.words(option.label.replace("-minute", " min"))
