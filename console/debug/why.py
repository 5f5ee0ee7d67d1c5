"""The panel of why: every feature as it was, how it changed, and what it contributed."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from textual.content import Content

from console.debug.pieces import heading, picked, seesaw, signed, window
from console.debug.view import Picture
from console.live.decision import Drawing
from console.live.signs import MUTED, Signs

if TYPE_CHECKING:
    from core.debug.explain import Why
    from core.debug.readings import Reading

_NAME = 19
_WORDS = 15
_NUMBER = 7
_LEAST_BAR = 6
_EXACT = 1e-9


def feature_count(picture: Picture | None) -> int:
    """How many lines can be selected."""
    found = None if picture is None else picture.explanation
    return 0 if found is None else len(found.readings)


def why_lines(
    picture: Picture, drawing: Drawing, width: int, height: int, row: int, focused: bool
) -> list[Content]:
    """All lines of the panel; the most telling features first."""
    found = picture.explanation
    if found is None:
        return [Content.styled("No decision yet.", MUTED)]
    if not found.readings:
        return [Content.styled("The observation of this decision is not recorded.", MUTED)]
    signs, why = drawing.signs, picture.why
    if isinstance(why, str):
        head = [heading("What was seen", "value, change since the last decision")]
        contributions = None
        foot = _wrapped(f"No contributions: {why}.", signs, width)
        order = list(range(len(found.readings)))
    else:
        head = _head(why, signs, width)
        contributions = why.attribution.contributions.tolist()
        order = sorted(range(len(found.readings)), key=lambda place: -abs(contributions[place]))
        foot = _foot(why, signs, width)
    largest = max((abs(one) for one in contributions or ()), default=0.0)
    rows = [
        picked(
            _row(
                found.readings[place],
                None if contributions is None else contributions[place],
                largest,
                drawing,
                width,
            ),
            width,
            chosen=at == row and focused,
            focused=focused,
        )
        for at, place in enumerate(order)
    ]
    if focused and 0 <= row < len(order):
        reading = found.readings[order[row]]
        foot = [*_wrapped(f"{reading.name}: {reading.meaning}", signs, width)[:1], *foot]
    shown = window(rows, row, max(height - len(head) - len(foot), 1))
    lines = [*head, *shown, *foot]
    return [signs.cut(line, width) for line in lines[:height]]


def _head(why: Why, signs: Signs, width: int) -> list[Content]:
    attribution = why.attribution
    about = signs.words(why.about.replace("-minute", " min"))
    values = (
        f"{signed(attribution.here, signs, plus=False)} here, "
        f"{signed(attribution.there, signs, plus=False)} at {why.against}"
    )
    return [heading(about), *_wrapped(signs.words(values), signs, width)[:1]]


def _foot(why: Why, signs: Signs, width: int) -> list[Content]:
    attribution = why.attribution
    added = signed(float(attribution.contributions.sum()), signs, 4)
    error = abs(attribution.error)
    miss = f"exact to {_EXACT:.0e}" if error < _EXACT else f"off by {error:.0e}"
    words = f"together {added} of {signed(attribution.difference, signs, 4)}, {miss}"
    return _wrapped(words, signs, width)[:1]


def _wrapped(text: str, signs: Signs, width: int) -> list[Content]:
    return [Content.styled(line, MUTED) for line in textwrap.wrap(signs.words(text), width)]


def _row(
    reading: Reading, contribution: float | None, largest: float, drawing: Drawing, width: int
) -> Content:
    signs = drawing.signs
    name = reading.name.replace("utilization", "use").replace("_", " ")
    words = signs.words(reading.words)
    change = signed(reading.change or 0.0, signs)
    # What rounds to nothing is no change worth a look.
    change = "" if change == "+0.00" else change
    parts: list[Content | tuple[str, str]] = [
        (f"{name[: _NAME - 1]:<{_NAME}}", MUTED),
        (f"{words[: _WORDS - 1]:>{_WORDS - 1}} ", ""),
        (f"{change:>{_NUMBER - 1}} ", MUTED),
    ]
    if contribution is not None:
        bar = width - _NAME - _WORDS - 2 * _NUMBER
        if bar >= _LEAST_BAR:
            parts.append(seesaw(contribution, largest, bar, drawing))
        parts.append((f"{signed(contribution, signs, 3):>{_NUMBER}}", "bold"))
    return Content.assemble(*parts)
