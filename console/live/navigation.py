"""Which stretch of a run is looked at, and which moment of it: plain values, no widgets."""

from __future__ import annotations

from dataclasses import dataclass, replace

SPANS_S: tuple[float | None, ...] = (300.0, 600.0, 1800.0, 7200.0, None)
"""What zooming steps through, in simulated seconds; None is the whole run."""

DEFAULT_SPAN_S = 600.0


@dataclass(frozen=True, slots=True)
class Extent:
    """The steps that exist: what a navigation may point into."""

    newest: int
    """Number of the newest step; -1 before the first."""
    interval_s: float
    """Simulated seconds between two steps."""


@dataclass(frozen=True, slots=True)
class Navigation:
    """Where the operator looks. Without a cursor the view follows the newest step."""

    span_s: float | None = DEFAULT_SPAN_S
    cursor: int | None = None
    """The inspected step; None follows the newest."""
    last: int | None = None
    """The newest step in view while a moment is inspected; None follows the newest."""

    @property
    def following(self) -> bool:
        """Whether the view moves with the run."""
        return self.cursor is None

    def steps(self, extent: Extent) -> int:
        """How many steps are in view."""
        if self.span_s is None:
            return max(extent.newest + 1, 1)
        return max(round(self.span_s / extent.interval_s), 1)

    def range(self, extent: Extent) -> tuple[int, int]:
        """First and last step in view, the last included."""
        last = extent.newest if self.last is None else min(self.last, extent.newest)
        return max(last - self.steps(extent) + 1, 0), last

    def moved(self, delta: int, extent: Extent) -> Navigation:
        """The cursor `delta` steps further; passing the newest step follows again."""
        if extent.newest < 0:
            return self
        at = extent.newest if self.cursor is None else self.cursor
        wanted = at + delta
        if wanted > extent.newest or (self.cursor is None and delta > 0):
            return self.followed()
        return self.at(wanted, extent)

    def at(self, step: int, extent: Extent) -> Navigation:
        """The cursor on `step`; the view stands still unless the step lies outside of it."""
        cursor = min(max(step, 0), extent.newest)
        first, last = self.range(extent)
        if cursor < first:
            # Two thirds of the view stay ahead of the cursor, for those who go on backwards.
            last = min(cursor + max(self.steps(extent) * 2 // 3, 1), extent.newest)
        elif cursor > last:
            last = min(cursor + self.steps(extent) // 3, extent.newest)
        return replace(
            self, cursor=cursor, last=max(last, min(self.steps(extent) - 1, extent.newest))
        )

    def followed(self) -> Navigation:
        """Back to the newest step."""
        return replace(self, cursor=None, last=None)

    def zoomed(self, steps: int, extent: Extent) -> Navigation:
        """More time in view (`steps` > 0), or less; the cursor stays in view."""
        index = SPANS_S.index(self.span_s) if self.span_s in SPANS_S else 1
        span = SPANS_S[min(max(index + steps, 0), len(SPANS_S) - 1)]
        wider = replace(self, span_s=span)
        if self.cursor is None:
            return wider
        if span is None:
            return replace(wider, last=extent.newest)
        return wider.at(self.cursor, extent)


def span_text(span_s: float | None) -> str:
    """A span in words, such as "10 min"."""
    if span_s is None:
        return "all"
    return f"{span_s / 3600:g} h" if span_s >= 3600 else f"{span_s / 60:g} min"
