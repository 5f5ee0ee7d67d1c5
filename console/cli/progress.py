"""How far a command is: a bar on a terminal, a line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Self

from console.cli.output import duration
from core.clock import Clock, SystemClock

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_LINE_EVERY_S = 10.0


class ProgressReport:
    """Shows how far something is, with an estimate of the time left. Use as a context manager.

    Args:
        title: What is being done.
        total: What `done` reaches at the end; None if unknown.
        unit: What is counted.
        clock: Where the time comes from.
    """

    def __init__(
        self, title: str, total: float | None, unit: str = "", clock: Clock | None = None
    ) -> None:
        self._title = title
        self._total = total
        self._unit = unit
        self._clock = clock or SystemClock()
        # Whoever redirects stderr meanwhile, as a console in memory does, does not get this.
        self._stream = sys.stderr
        self._started = self._clock.monotonic()
        self._last_line = self._started
        self._remark = ""
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        """Start showing."""
        if self._stream.isatty():
            self._show_bar()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away; what remains on the screen is the result."""
        if self._bar is not None:
            self._bar.stop()

    def update(
        self,
        done: float,
        detail: str = "",
        *,
        total: float | None = None,
        left_s: float | None = None,
    ) -> None:
        """Say that `done` of the total is reached.

        Args:
            done: How much is done.
            detail: A few words on how it goes.
            total: What `done` reaches at the end, if that has changed.
            left_s: How long it still takes, where the caller knows better than by `done`.
        """
        if total is not None:
            self._total = total
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, completed=done, total=self._total, detail=detail)
            return
        now = self._clock.monotonic()
        if now - self._last_line >= _LINE_EVERY_S:
            self._last_line = now
            line = self._line(done, detail, now - self._started, left_s)
            print(line, file=self._stream, flush=True)

    def remark(self, words: str) -> None:
        """Say what is worth knowing beside it, in a line of its own; once while it stays the same.

        Args:
            words: Empty: there is nothing any more.
        """
        if words == self._remark:
            return
        line = words or "all is well again"
        self._remark = words
        if self._bar is not None:
            self._bar.console.print(line, markup=False, highlight=False)
        else:
            print(line, file=self._stream, flush=True)

    def _line(self, done: float, detail: str, elapsed_s: float, left_s: float | None) -> str:
        if not self._total:
            parts = [f"{self._title}: {done:,.0f} {self._unit}".rstrip()]
        else:
            share = min(1.0, done / self._total)
            of = f" of {self._total:,.0f} {self._unit}" if self._unit else ""
            parts = [f"{self._title}: {100 * share:.0f} %{of}"]
            if left_s is not None or share > 0:
                left_s = elapsed_s / share - elapsed_s if left_s is None else left_s
                parts.append(f"{duration(left_s)} left")
        return ", ".join(part for part in (*parts, detail) if part)

    def _show_bar(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}", markup=False),
            console=Console(file=self._stream),
            transient=True,
        )
        self._task = self._bar.add_task(self._title, total=self._total, detail="")
        self._bar.start()
