"""Reads a run in a thread of its own and leaves the newest picture where the screen finds it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import one_line

if TYPE_CHECKING:
    from console.live.snapshot import Snapshot, View
    from console.live.source import RunSource


@dataclass(frozen=True, slots=True)
class FeedState:
    """What the feed has to offer at the moment."""

    snapshot: Snapshot | None = None
    """None until the first read."""
    problem: str = ""
    """Why nothing newer can be read; empty if all is well."""


class RunFeed:
    """Polls a run and keeps one slot with what was read last.

    The screen samples the slot at its own rate, so a run that writes ten thousand rows a second
    costs it no more than one that writes none.

    Args:
        open_run: Gives the run directory; called in the thread, so that it may take its time.
        period_s: Seconds between two looks.
        changed: Called from the thread after a look that answers a new view; never for rows.
    """

    def __init__(
        self,
        open_run: Callable[[], Path],
        period_s: float,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._open_run = open_run
        self._period_s = period_s
        self._changed = changed
        self._view: View | None = None
        self._state = FeedState()
        self._wake = threading.Event()
        self._ended = threading.Event()
        self._suspended = False
        self._answered: View | None = None
        self._thread = threading.Thread(target=self._run, name="run-feed", daemon=True)

    @property
    def state(self) -> FeedState:
        """The newest picture; replaced as a whole, never changed."""
        return self._state

    def start(self, view: View) -> None:
        """Begin to read `view`."""
        self._view = view
        self._thread.start()

    def ask(self, view: View) -> None:
        """Read `view` from now on, at once."""
        self._view = view
        self._wake.set()

    def suspend(self, suspended: bool) -> None:
        """Stop reading while nobody looks, or go on."""
        self._suspended = suspended
        self._wake.set()

    def look_now(self) -> None:
        """Read without waiting for the end of the period, as after a command."""
        self._wake.set()

    def stop(self) -> None:
        """End the thread and wait for it, for a moment at most."""
        self._ended.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        source: RunSource | None = None
        while not self._ended.is_set():
            answered: View | None = None
            view = self._view
            if not self._suspended and view is not None:
                try:
                    if source is None:
                        source = self._open()
                    self._state = FeedState(source.look(view))
                except Exception as error:
                    # A thread that ends without a word would leave a screen that never changes.
                    self._state = FeedState(self._state.snapshot, one_line(error))
                answered = view
            if answered is not None and answered is not self._answered:
                self._answered = answered
                self._changed()
            if source is not None:
                self._complete(source)
            self._wake.wait(self._period_s)
            self._wake.clear()
        if source is not None:
            source.close()

    def _open(self) -> RunSource:
        # Imported in the thread: neither plotting nor arrays may hold up the first paint.
        from console.charts.raster import warm_up
        from console.live.source import RunSource
        from core.runs.reader import RunReader

        directory = self._open_run()
        warm_up()
        return RunSource(RunReader(directory))

    def _complete(self, source: RunSource) -> None:
        try:
            source.read_guardrails()
        except Exception as error:
            self._state = FeedState(self._state.snapshot, one_line(error))
