"""Makes pictures of a run out of its reader, reusing what did not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from console.live.log import LogLine, event_lines, scaling_lines
from console.live.navigation import Extent
from console.live.snapshot import Snapshot, View
from core.runs.columns import Window
from core.runs.reader import RunReader
from core.runs.records import EvaluationRow, Event, RunKind, TrainingRow
from core.state import Step

if TYPE_CHECKING:
    from core.traffic.scenario import GuardrailSettings

_EVENTS_KEPT = 2_000
_EVENTS_KEPT_IN_REPLAY = 50_000
_SCALINGS_KEPT = 500
_TRAINING_KEPT = 4_000
_WHOLE_POINTS = 400

_Row = TypeVar("_Row", bound=TrainingRow | EvaluationRow)


class RunSource:
    """Makes snapshots out of a reader, reusing what did not change.

    Args:
        reader: The run.
    """

    def __init__(self, reader: RunReader) -> None:
        self._reader = reader
        self._last: Snapshot | None = None
        self._window_key: tuple[object, ...] | None = None
        self._log_key: tuple[object, ...] | None = None
        self._scalings: list[LogLine] = []
        self._scalings_end = -1
        self._guardrails: GuardrailSettings | None = None
        self._whole: tuple[int, Window] | None = None
        self._events: tuple[Event, ...] = ()
        self._training: tuple[TrainingRow, ...] = ()
        self._evaluations: tuple[EvaluationRow, ...] = ()

    def look(self, view: View) -> Snapshot:
        """Read what is new.

        Raises:
            RunError: The file cannot be read.
        """
        info = self._reader.info()
        status = self._reader.status()
        length = status.step
        newest = length if view.head is None else min(view.head, length)
        extent = Extent(newest, info.interval_s)
        inspected = self._inspected(view, newest)
        step = self._newest_step(newest)
        self._read_logs(whole=view.head is not None)
        snapshot = Snapshot(
            view=view,
            info=info,
            status=status,
            newest=newest,
            length=length,
            window=self._window(view, extent, step),
            step=step,
            totals=status.totals if newest == length else self._reader.totals(max(newest, 0)),
            inspected=inspected,
            log=self._log(view, newest, inspected),
            training=self._training,
            evaluations=self._evaluations,
            whole=None if view.head is None else self._whole_run(length),
            guardrails=self._guardrails,
        )
        self._last = snapshot
        return snapshot

    def read_guardrails(self) -> None:
        """Read what limits an override; apart from `look`, since it loads the scenario schema."""
        info = self._reader.info()
        if self._guardrails is not None:
            return
        decides = info.kind is RunKind.INFERENCE and self._reader.meta("scenario") is not None
        if info.target or decides:
            from core.runs.guardrails import guardrails_of

            self._guardrails = guardrails_of(self._reader)

    def _window(self, view: View, extent: Extent, newest: Step | None) -> Window:
        first, last = view.navigation.range(extent)
        # What was asked of the newest step may still be amended, as by an override.
        amended = (newest.target, newest.actor) if newest is not None else ()
        key = (first, last, view.points, amended)
        if self._last is None or key != self._window_key:
            self._window_key = key
            return self._reader.window(first, last, view.points)
        return self._last.window

    def _whole_run(self, length: int) -> Window:
        if self._whole is None or self._whole[0] != length:
            self._whole = (length, self._reader.window(0, max(length, 0), _WHOLE_POINTS))
        return self._whole[1]

    def _newest_step(self, newest: int) -> Step | None:
        if newest < 0:
            return None
        fresh = self._reader.step(newest)
        known = self._last.step if self._last is not None else None
        return known if fresh == known else fresh

    def _inspected(self, view: View, newest: int) -> Step | None:
        cursor = view.navigation.cursor
        if cursor is None or newest < 0:
            return None
        wanted = min(cursor, newest)
        if self._last is not None and self._last.inspected is not None:
            known = self._last.inspected
            if known.index == wanted and wanted < self._last.length:
                return known
        return self._reader.step(wanted)

    def _read_logs(self, *, whole: bool) -> None:
        # A replay begins at the first step and needs the events from there on.
        kept = _EVENTS_KEPT_IN_REPLAY if whole else _EVENTS_KEPT
        events = (
            self._reader.events_after(self._events[-1].id)
            if self._events
            else self._reader.last_events(kept)
        )
        if events:
            self._events = (*self._events, *events)[-kept:]
        self._training = _grown(self._training, self._reader.training_after)[-_TRAINING_KEPT:]
        self._evaluations = _grown(self._evaluations, self._reader.evaluations_after)

    def _log(self, view: View, newest: int, inspected: Step | None) -> tuple[LogLine, ...]:
        end = newest if inspected is None else inspected.index
        everything = view.head is None and inspected is None
        key = (end, everything, self._events[-1].id if self._events else 0)
        if self._last is not None and key == self._log_key:
            return self._last.log
        self._log_key = key
        self._read_scalings(end)
        events = [event for event in self._events if everything or event.step <= end]
        merged = [*self._scalings, *event_lines(events, self._origin())]
        return tuple(sorted(merged, key=lambda line: line.step))

    def _origin(self) -> float | None:
        info = self._reader.info()
        return info.created_wall_time if info.kind is RunKind.TRAINING else None

    def _read_scalings(self, end: int) -> None:
        # Only what is new, if the log goes on where it ended; otherwise the stretch before `end`.
        if self._reader.info().kind is RunKind.TRAINING:
            return
        if not 0 <= end - self._scalings_end <= _SCALINGS_KEPT:
            self._scalings, self._scalings_end = [], max(end - _SCALINGS_KEPT, -1)
        # One more step than is new: what the policy advised then.
        first = max(self._scalings_end - 1, -1)
        steps = self._reader.steps_after(first, end - first)
        known = self._scalings_end - first
        self._scalings = [*self._scalings, *scaling_lines(steps, known)][-_SCALINGS_KEPT:]
        self._scalings_end = end

    def close(self) -> None:
        """Let go of the file."""
        self._reader.close()


def _grown(known: tuple[_Row, ...], after: Callable[[int], list[_Row]]) -> tuple[_Row, ...]:
    """`known` with what follows; all anew if a training that was resumed took rows back.

    Others then stand under the same numbers, so the newest known row must be as it was.
    """
    if known:
        rows = after(known[-1].id - 1)
        if rows and rows[0] == known[-1]:
            return (*known, *rows[1:]) if len(rows) > 1 else known
    return tuple(after(0))
