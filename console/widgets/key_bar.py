"""The footer: the most important keys that fit on one line, clickable."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from console.keys import KeyContext, KeyEntry, footer_entries


class KeyBar(Static):
    """One line of keys out of the key table.

    Args:
        contexts: Whose keys are shown; those for everywhere come along.
    """

    DEFAULT_CSS = "KeyBar { dock: bottom; height: 1; width: 1fr; padding: 0 1; }"

    def __init__(self, *contexts: KeyContext) -> None:
        super().__init__()
        self._contexts = (*contexts, KeyContext.EVERYWHERE)
        self._shown: tuple[KeyEntry, ...] = ()

    def show_contexts(self, *contexts: KeyContext) -> None:
        """Show the keys of other contexts from now on."""
        self._contexts = (*contexts, KeyContext.EVERYWHERE)
        self._fill()

    def on_resize(self) -> None:
        """Fit the new width."""
        self._fill()

    def _fill(self) -> None:
        shown = footer_entries(self.size.width, self._contexts)
        if shown == self._shown:
            return
        self._shown = shown
        parts = [
            Content.assemble(
                (entry.display, "bold $footer-key-foreground"), " ", entry.label
            ).stylize(f"@click={_click(entry.action)}")
            for entry in shown
        ]
        self.update(Content("  ").join(parts))


def _click(action: str) -> str:
    called = action if "(" in action else f"{action}()"
    return called if called.startswith("app.") else f"screen.{called}"
