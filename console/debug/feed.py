"""Reads, explains and plays forward in threads of its own; the screen samples what they leave."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from console.debug.view import DebugView, Done, Played
from core.errors import RlscaleError, one_line

if TYPE_CHECKING:
    from console.debug.source import DebugSource
    from console.debug.view import Outlook, Picture
    from core.debug.debugger import Debugger

_REST_S: Final = 0.2
"""How long the cursor must rest before its moment is played forward."""

Work = Callable[["Debugger", int], Done]
"""Does something to a run, whose present step it is told, and says what came of it."""


@dataclass(frozen=True, slots=True)
class DebugState:
    """What there is to show at the moment; replaced as a whole, never changed."""

    picture: Picture | None = None
    """None until the first look."""
    played: Played | None = None
    problem: str = ""
    """Why nothing newer can be read; empty if all is well."""


class _Leave(Exception):
    """The console goes, or looks elsewhere: what is being worked out is not wanted any more."""


class DebugFeed:
    """Keeps the newest picture of a run, and the futures of the moment that is looked at.

    Args:
        directory: The run.
        keep: Whether breakpoints are kept in its directory.
        period_s: Seconds between two looks.
        changed: Called from a thread whenever there is something new to show.
        done: Called from a thread with what came of something that was asked.
    """

    def __init__(
        self,
        directory: Path,
        *,
        keep: bool,
        period_s: float,
        changed: Callable[[], None],
        done: Callable[[Done], None],
    ) -> None:
        self._directory = directory
        self._keep = keep
        self._period_s = period_s
        self._changed = changed
        self._done = done
        self._view = DebugView()
        self._present: int | None = None
        self._state = DebugState()
        self._lock = threading.Lock()
        self._works: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._wake, self._play = threading.Event(), threading.Event()
        self._ended = threading.Event()
        self._suspended = False
        self._source: DebugSource | None = None
        self._threads = [
            threading.Thread(target=target, name=f"debug-{name}", daemon=True)
            for name, target in (("feed", self._look), ("play", self._play_forward))
        ]

    @property
    def state(self) -> DebugState:
        """The newest."""
        return self._state

    def start(self, view: DebugView) -> None:
        """Begin to read `view`."""
        self._view = view
        for thread in self._threads:
            thread.start()

    def ask(self, view: DebugView) -> None:
        """Read `view` from now on, at once."""
        self._view, self._present = view, view.navigation.cursor
        self._wake.set()

    def do(self, work: Work) -> None:
        """Ask something of the run, in the order of asking."""
        self._works.put(work)
        self._wake.set()

    def suspend(self, suspended: bool) -> None:
        """Stop reading while nobody looks, or go on."""
        self._suspended = suspended
        self._wake.set()

    def stop(self) -> None:
        """End the threads and wait for them, for a moment at most."""
        self._ended.set()
        self._wake.set()
        self._play.set()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=2.0)

    def _set(self, **changes: object) -> None:
        with self._lock:
            self._state = replace(self._state, **changes)  # type: ignore[arg-type]
        self._changed()

    # -- looking ------------------------------------------------------------------------------

    def _look(self) -> None:
        while not self._ended.is_set():
            try:
                if self._source is None:
                    self._source = self._open()
                self._work(self._source)
                if not self._suspended:
                    self._show(self._source.look(self._view))
            except Exception as error:
                # A thread that ends without a word would leave a screen that never changes.
                words = one_line(error)
                if words != self._state.problem:
                    self._set(problem=words)
            self._wake.wait(self._period_s)
            self._wake.clear()
        if self._source is not None:
            self._source.close()

    def _show(self, picture: Picture) -> None:
        before = self._state.picture
        if before is None or self._state.problem or picture.differs_from(before):
            self._set(picture=picture, problem="")
            self._play.set()

    def _open(self) -> DebugSource:
        # Imported in the thread: neither plotting nor arrays may hold up the first paint.
        from console.charts.raster import warm_up
        from console.debug.source import DebugSource
        from core.debug.debugger import Debugger

        debugger = Debugger(self._directory, keep=self._keep)
        warm_up()
        return DebugSource(debugger)

    def _work(self, source: DebugSource) -> None:
        while not self._works.empty():
            work = self._works.get()
            # Where the one before led counts, although the screen may not have heard of it yet.
            present = source.debugger.newest if self._present is None else self._present
            try:
                done = work(source.debugger, present)
            except RlscaleError as error:
                done = Done(str(error), failed=True)
            if done.goto is not None:
                self._present = done.goto
            if done != Done():
                self._done(done)

    # -- playing forward ----------------------------------------------------------------------

    def _play_forward(self) -> None:
        while not self._ended.is_set():
            self._play.wait()
            self._play.clear()
            wanted, source = self._wanted(), self._source
            if wanted is None or source is None or self._is_played(wanted):
                continue
            # Only a cursor that rests is worth the work.
            if self._ended.wait(_REST_S) or self._wanted() != wanted:
                self._play.set()
                continue
            self._play_one(source, wanted)

    def _is_played(self, wanted: tuple[int, Outlook]) -> bool:
        played = self._state.played
        return (
            played is not None
            and played.progress is None
            and (played.index, played.outlook) == wanted
        )

    def _wanted(self) -> tuple[int, Outlook] | None:
        picture = self._state.picture
        if picture is None or picture.index < 0 or picture.view is not self._view:
            return None
        return picture.index, picture.view.outlook

    def _play_one(self, source: DebugSource, wanted: tuple[int, Outlook]) -> None:
        index, outlook = wanted

        def tell(done: int, total: int) -> None:
            if self._ended.is_set() or self._wanted() not in (wanted, None):
                raise _Leave
            self._set(played=Played(index, outlook, progress=done / max(total, 1)))

        try:
            found = source.play(index, outlook, tell)
        except _Leave:
            self._play.set()
            return
        except Exception as error:
            found = Played(index, outlook, problem=one_line(error))
        self._set(played=found)
