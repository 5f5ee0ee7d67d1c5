"""Ctrl-C, SIGTERM and SIGHUP as a request: what runs here ends in order and keeps its file."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from console.cli.output import note
from core.runs.session import StopFlag

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
INTERRUPTED = "interrupted"
"""Why a run ended that was stopped by a signal."""


@contextmanager
def stopping_on_signals(stop: StopFlag, words: str = "") -> Iterator[None]:
    """Let the first signal set `stop`, and a second one interrupt at once.

    Args:
        stop: What the run looks at between its steps.
        words: Said on stderr at the first signal; empty for nothing.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        if stop.reason:
            raise KeyboardInterrupt
        stop.request(INTERRUPTED)
        if words:
            note(words)

    former = {number: signal.signal(number, ask) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
