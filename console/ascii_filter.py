"""Everything that reaches the terminal in ASCII, whoever drew it."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SIGNS = {
    "+": "┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝┏┓┗┛",
    "-": "─━═╌┈┄╴╶–—−▁▔▂▃▄▅▆▇▀🬂🬭",
    "|": "│┃║┆┊╎▏▎▍▌▋▊▉▐▕",
    "#": "█",
    ">": "▸►▶❯›",  # noqa: RUF001
    "<": "◂◀‹",  # noqa: RUF001
    "^": "▲▴↑",
    "v": "▼▾↓",
    "*": "●•✓",
    "o": "○",
    "=": "‖",
    "x": "✗×✕",
    ".": "·…",
    "'": "‘’",  # noqa: RUF001
    '"': "“”",
    " ": "\u00a0",
}
_REPLACEMENTS = {sign: plain for plain, signs in _SIGNS.items() for sign in signs}


@lru_cache(maxsize=4096)
def to_ascii(text: str) -> str:
    """The text in ASCII, taking as many cells as before."""
    if text.isascii():
        return text
    return "".join(
        sign if sign.isascii() else _REPLACEMENTS.get(sign, "?") * cell_len(sign) for sign in text
    )


class AsciiFilter(LineFilter):
    """Replaces what is not ASCII on its way to the terminal: borders, scroll bars, signs."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments in ASCII."""
        return [
            Segment(to_ascii(segment.text), segment.style, segment.control) for segment in segments
        ]
