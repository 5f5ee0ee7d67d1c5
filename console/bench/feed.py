"""What the Benchmark screen knows: it is read in a worker, and read anew only where it changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.screen import Screen

from console.bench.listing import progress_words, title_of
from console.handover import hand_over
from core.errors import RlscaleError

if TYPE_CHECKING:
    from core.bench.directory import BenchDirectory
    from core.bench.report import Report
    from core.bench.request import BenchRequest


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One benchmark as it stands."""

    path: Path | None = None
    """None if there is none."""
    request: BenchRequest | None = None
    title: str = ""
    state: str = ""
    is_running: bool = False
    report: Report | None = None
    """None until it is finished."""
    words: str = ""
    """What is said instead of a report."""


class BenchFeed:
    """Follows one benchmark: the newest, or the one that is asked for.

    Args:
        screen: Whose workers read.
        directory: Which one; None for the newest.
        take: Called in the application's thread whenever something was read.
    """

    def __init__(
        self, screen: Screen[None], directory: Path | None, take: Callable[[Shown], None]
    ) -> None:
        self._screen = screen
        self._directory = directory
        self._take = take
        self._reading = False
        self._shown = Shown()
        self._looked = False

    def follow(self, directory: Path) -> None:
        """Follow another one from now on."""
        self._directory = directory
        self.look()

    def look(self) -> None:
        """Read in a worker, unless that is going on, or nothing can have changed."""
        settled = self._shown.report is not None and self._shown.path == self._directory
        if self._reading or not self._screen.is_current or (settled and self._looked):
            return
        self._reading = True
        self._screen.run_worker(self._read, thread=True, group="bench", exclusive=True)

    def _read(self) -> None:
        try:
            shown = self._look_at()
        except (RlscaleError, OSError) as error:
            shown = Shown(self._directory, words=str(error))
        hand_over(self._screen, self._hand, shown)

    def _hand(self, shown: Shown) -> None:
        self._reading, self._looked = False, True
        if self._directory is None:
            self._directory = shown.path
        if shown.path == self._directory:
            self._shown = shown
            self._take(shown)
        else:
            self.look()

    def _look_at(self) -> Shown:
        # Imported here: it leads to the simulator, which the first paint must not wait for.
        from core.bench.bench import read_report
        from core.bench.directory import BenchDirectory, BenchState, list_benchmarks

        if self._directory is not None:
            benchmark = BenchDirectory(self._directory)
        elif found := list_benchmarks():
            benchmark = found[0]
        else:
            return Shown()
        state = benchmark.state()
        report = read_report(benchmark) if state is BenchState.FINISHED else None
        return Shown(
            benchmark.path,
            benchmark.request,
            title_of(benchmark),
            str(state),
            state is BenchState.RUNNING,
            report,
            "" if report is not None else _words(benchmark),
        )


def _words(benchmark: BenchDirectory) -> str:
    """What is said of a benchmark that is not finished."""
    progress = benchmark.progress()
    bar = ""
    if progress is not None:
        width = 40
        full = int(width * progress.done)
        bar = f"[{'#' * full}{'.' * (width - full)}]\n\n"
    words = f"{bar}{progress_words(progress)}\n"
    if benchmark.is_worked_on:
        return f"{words}\nIt goes on when this console is closed. x stops it."
    reason = progress.error if progress is not None else ""
    return f"{words}\nNobody works on it. {reason}\nu lets it go on; n starts another one."
