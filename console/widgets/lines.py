"""Lines of text that repaint only where they changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class Lines(Widget):
    """A block of lines; each new text is compared with what stands there."""

    DEFAULT_CSS = "Lines { height: 1; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: list[Content] = []
        self._make: Callable[[int, int], Sequence[Content]] | None = None

    @property
    def lines(self) -> tuple[Content, ...]:
        """What stands there."""
        return tuple(self._shown)

    @property
    def text(self) -> str:
        """What stands there, without style."""
        return "\n".join(line.plain for line in self._shown)

    def fit(self, make: Callable[[int, int], Sequence[Content]]) -> None:
        """Put there what `make` gives for a width and a height, now and at every other size."""
        self._make = make
        width, height = self.content_size
        if width > 0 and height > 0:
            self.show(make(width, height))

    def on_resize(self) -> None:
        """Make the lines anew for the new size."""
        if self._make is not None:
            self.fit(self._make)

    def show(self, lines: Sequence[Content]) -> None:
        """Put `lines` there, the first at the top."""
        before, self._shown = self._shown, [line.simplify() for line in lines]
        width = self.size.width
        changed = []
        for row in range(max(len(before), len(self._shown))):
            if row >= len(before) or row >= len(self._shown):
                changed.append(Region(0, row, width, 1))
            elif not before[row].is_same(self._shown[row]):
                first, last = _changed(before[row], self._shown[row], width)
                changed.append(Region(first, row, last - first, 1))
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.size.width
        if y >= len(self._shown):
            return Strip.blank(width, self.rich_style)
        base = self.visual_style
        pieces = self._shown[y].render(base, end="", parse_style=self.app.stylesheet.parse_style)
        segments = [Segment(text, (base + style).rich_style) for text, style in pieces]
        return Strip(segments).adjust_cell_length(width, base.rich_style)


def _changed(before: Content, line: Content, width: int) -> tuple[int, int]:
    # The first cell that differs and the one behind the last; everything if styles moved too.
    was, now = before.plain, line.plain
    simple = len(was) == len(now) == before.cell_length == line.cell_length
    if not simple or before.spans != line.spans:
        return 0, width
    differ = [one != other for one, other in zip(was, now, strict=True)]
    return differ.index(True), len(differ) - differ[::-1].index(True)
