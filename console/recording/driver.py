"""A terminal that only exists in memory, and the console on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from textual import events
from textual.driver import Driver
from textual.geometry import Size

_COLOURS = {"COLORTERM": "truecolor", "TERM": "xterm-256color"}


class MemoryDriver(Driver):
    """Keeps what the console writes to its terminal, until it is taken."""

    written = ""

    def write(self, data: str) -> None:
        """Keep what is written."""
        self.written += data

    def take(self) -> str:
        """What was written since this was asked last."""
        taken, self.written = self.written, ""
        return taken

    def start_application_mode(self) -> None:
        """Tell the console how large its terminal is."""
        width, height = self._size or (80, 24)
        size = Size(width, height)
        self._app.post_message(events.Resize(size, size))

    def disable_input(self) -> None:
        """There is none."""

    def stop_application_mode(self) -> None:
        """There is nothing to restore."""


@contextmanager
def colourful() -> Iterator[None]:
    """In a terminal that has every colour, whatever the one has that this process runs in."""
    before = {name: os.environ.get(name) for name in _COLOURS}
    os.environ.update(_COLOURS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
