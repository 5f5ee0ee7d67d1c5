"""From a worker's thread back to whoever asked, unless they have gone meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.widget import Widget


def hand_over(widget: Widget, callback: Callable[..., object], *arguments: object) -> None:
    """Call `callback` in the application's thread, unless `widget` has been removed.

    A screen that is left, or a console that is quit, while something is still read must not be
    written to: its children go before it does.

    Args:
        widget: Who asked.
        callback: What to call; its result is dropped.
        arguments: Of the callback.
    """
    call = partial(callback, *arguments)

    def call_if_there() -> None:
        # Textual marks the whole tree at once; there is no public name for the mark.
        if widget.is_attached and not widget._pruning:
            call()

    widget.app.call_from_thread(call_if_there)
