from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from console.ascii_filter import AsciiFilter, to_ascii


def test_ascii_stays_as_it_is() -> None:
    assert to_ascii("latency 250 ms |+-") == "latency 250 ms |+-"


def test_borders_and_signs_become_their_nearest_letters() -> None:
    assert to_ascii("╭─╮│▸▲▼…") == "+-+|>^v."


def test_what_is_unknown_is_marked_and_takes_as_many_cells() -> None:
    for text in ("界", "🔎 x", "é"):
        plain = to_ascii(text)
        assert plain.isascii()
        assert cell_len(plain) == cell_len(text)


def test_segments_keep_their_style() -> None:
    style = Style(bold=True)
    (segment,) = AsciiFilter().apply([Segment("┤", style)], Color(0, 0, 0))
    assert segment == Segment("+", style)
