"""What is meant for a widget that has gone meanwhile, and what such a widget still says."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual._context import active_message_pump
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
        if not is_going(widget):
            call()

    widget.app.call_from_thread(call_if_there)


def is_going(widget: Widget) -> bool:
    """Whether a widget is being removed or has been: parts of it may be gone, or never come."""
    # Textual marks the whole tree before it removes anything; there is no public name for the mark.
    return not widget.is_attached or any(
        getattr(node, "_pruning", False) for node in widget.ancestors_with_self
    )


def comes_from_who_goes() -> bool:
    """Whether what happens now happens in a widget that is being removed.

    A screen that is left before it is complete is told all the same that it is mounted or resized,
    and then looks for parts that are not there. That must not end the console with an error.
    """
    current = active_message_pump.get(None)
    return isinstance(current, Widget) and is_going(current)
