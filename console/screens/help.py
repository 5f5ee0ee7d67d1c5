"""The keys, out of the one table, and what the signs on the screen mean."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, help_rows

if TYPE_CHECKING:
    from console.app import RlscaleApp

_SIGNS = (
    ("AUTO", "the policy acts"),
    ("SHADOW", "the policy only advises; nothing is scaled"),
    ("MANUAL", "you pinned the replicas; what the policy would do is still recorded"),
    ("HOLD", "frozen; nothing is scaled"),
    ("READ-ONLY", "this console only looks; it cannot command the engine"),
    ("DEGRADED", "the engine decides without some of its measurements"),
    ("ENGINE LOST", "the engine ended without saying so; the run can be resumed or replayed"),
)
_KEY_WIDTH = 16


class HelpScreen(Dialog[None]):
    """All keys; those of the screen below first.

    Args:
        contexts: Contexts of the screen below.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,question_mark,f1,q", "dismiss", "Close", show=False)
    ]

    def __init__(self, contexts: tuple[KeyContext, ...] = ()) -> None:
        super().__init__()
        self._contexts = contexts

    def compose(self) -> ComposeResult:
        """One scrolling column."""
        with VerticalScroll(id="help") as column:
            column.border_title = "Keys"
            column.border_subtitle = "up/down scroll, esc close"
            for heading, _ in self._sections():
                yield Static(heading, classes="help-heading")
                yield Static("", classes="help-rows")

    def on_mount(self) -> None:
        """Take the arrow keys at once."""
        self.query_one("#help").focus()

    def on_resize(self) -> None:
        """Wrap to the width there is."""
        width = self.query_one("#help").scrollable_content_region.width
        places = self.query(".help-rows").results(Static)
        for place, (_, rows) in zip(places, self._sections(), strict=True):
            place.update(_table(rows, max(width, _KEY_WIDTH + 10)))

    def _sections(self) -> list[tuple[str, list[tuple[str, str]]]]:
        application = cast("RlscaleApp", self.app)
        known = application.contexts_everywhere if application.watching else tuple(KeyContext)
        rest = tuple(context for context in known if context not in self._contexts)
        keys = [(context.value, rows) for context, rows in help_rows(*self._contexts, *rest)]
        return [*keys, ("Words in the header", list(_SIGNS))]


def _table(rows: list[tuple[str, str]], width: int) -> Content:
    # The second column hangs, so that a long line goes on below itself and not below the keys.
    lines = []
    for key, text in rows:
        for row, part in enumerate(textwrap.wrap(text, width - _KEY_WIDTH)):
            shown = key if row == 0 else ""
            lines.append(Content.assemble((f"{shown:<{_KEY_WIDTH}}", "bold $accent"), (part, "")))
    return Content("\n").join(lines)
