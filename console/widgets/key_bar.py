"""The footer: the most important keys that fit on one line, clickable."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual import events
from textual.content import Content
from textual.widgets import Input, Static

from console.keys import KeyContext, KeyEntry, footer_entries, footer_text
from console.widgets.choice import Choice

if TYPE_CHECKING:
    from console.app import RlscaleApp


class KeyBar(Static):
    """One line of keys out of the key table: those that act where the focus is.

    Args:
        contexts: Whose keys are shown; those for everywhere come along.
    """

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; width: 1fr; padding: 0 1; }"

    def __init__(self, *contexts: KeyContext) -> None:
        super().__init__()
        self._contexts = contexts
        self._shown: tuple[KeyEntry, ...] = ()

    def show_contexts(self, *contexts: KeyContext) -> None:
        """Show the keys of other contexts from now on."""
        if contexts != self._contexts:
            self._contexts = contexts
            self._fill()

    def on_mount(self) -> None:
        """Follow the focus."""
        self.watch(self.screen, "focused", self._fill, init=False)

    def on_resize(self) -> None:
        """Fit the new width."""
        self._fill()

    async def on_click(self, event: events.Click) -> None:
        """Do what the key under the pointer does."""
        offset = event.get_content_offset(self)
        begin = 0
        for entry in self._shown:
            end = begin + len(footer_text(entry))
            if offset is not None and begin <= offset.x < end:
                await self.run_action(_from_here(entry.action))
                return
            begin = end

    def _fill(self) -> None:
        everywhere = cast("RlscaleApp", self.app).contexts_everywhere
        focused = self.screen.focused
        of_focused = (KeyContext.CHOICE,) if isinstance(focused, Choice) else ()
        shown = footer_entries(
            self.content_size.width,
            (*of_focused, *self._contexts, *everywhere),
            typing=isinstance(focused, Input),
        )
        if shown == self._shown:
            return
        self._shown = shown
        self.update(
            Content("").join(
                Content.assemble(
                    (entry.display, "bold $footer-key-foreground"),
                    footer_text(entry).removeprefix(entry.display),
                )
                for entry in shown
            )
        )


def _from_here(action: str) -> str:
    # A binding of a screen names its action without saying whose it is.
    called = action if "(" in action else f"{action}()"
    return called if "." in called.partition("(")[0] else f"screen.{called}"
