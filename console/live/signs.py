"""The signs of the screen, in Unicode and in ASCII: who acted, in which direction."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from console.themes import Series
from core.state import Actor


@dataclass(frozen=True, slots=True)
class Signs:
    """One set of characters."""

    up: str
    """A large step up by the policy."""
    up_little: str
    down: str
    hold: str
    """A decision that changed nothing."""
    advice: str
    """Nobody acted: the policy only advised, or everything is held."""
    operator: str
    guardrail: str
    fallback: str
    external: str
    line_heavy: str
    """The filled part of a bar."""
    line_light: str
    """The rest of a bar."""
    pointer: str
    arrow: str
    times: str
    middle: str
    minus: str
    ellipsis: str
    path: str
    pause: str
    play: str
    cursor: str
    plain: bool = False
    """Whether nothing but ASCII may be written."""

    def words(self, text: str) -> str:
        """Text of any origin, such as a policy's reason, in characters that may be written."""
        if not self.plain:
            return text
        for sign, instead in _INSTEAD.items():
            text = text.replace(sign, instead)
        return text.encode("ascii", "replace").decode("ascii")

    def cut(self, line: Content, width: int) -> Content:
        """A line cut to `width` cells, with an ellipsis if anything went."""
        if line.cell_length <= width:
            return line
        return line.truncate(max(width - len(self.ellipsis), 0)).append(self.ellipsis)


_INSTEAD = {"→": "->", "×": "x", "…": "...", "−": "-", "·": "-", "—": "-", "≤": "<=", "≥": ">="}

UNICODE = Signs(
    up="▲",
    up_little="▴",
    down="▾",
    hold="·",
    advice="-",
    operator="M",
    guardrail="G",
    fallback="F",
    external="E",
    line_heavy="━",
    line_light="─",
    pointer="▸",
    arrow="→",
    times="×",
    middle="·",
    minus="−",
    ellipsis="…",
    path="›",  # noqa: RUF001
    pause="‖",
    play="▶",
    cursor="▴",
)
ASCII = Signs(
    up="^",
    up_little="'",
    down="v",
    hold=".",
    advice="-",
    operator="M",
    guardrail="G",
    fallback="F",
    external="E",
    line_heavy="#",
    line_light=".",
    pointer=">",
    arrow="->",
    times="x",
    middle="-",
    minus="-",
    ellipsis="..",
    path=">",
    pause="||",
    play=">",
    cursor="^",
    plain=True,
)

MUTED = "$series-axis"
"""Style of what is read second."""
FAINT = "$border"
"""Style of tracks and rules."""

ACTOR_SERIES = {
    Actor.POLICY: Series.POLICY,
    Actor.OPERATOR: Series.OPERATOR,
    Actor.GUARDRAIL: Series.GUARDRAIL,
    Actor.FALLBACK: Series.GUARDRAIL,
    Actor.EXTERNAL: Series.EXTERNAL,
    Actor.NOBODY: Series.AXIS,
}
"""Whose colour each actor has."""


def signs(ascii_only: bool) -> Signs:
    """The set to draw with."""
    return ASCII if ascii_only else UNICODE
