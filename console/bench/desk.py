"""What the keys of the Benchmark screen do: refuse, ask, work in a worker, say the result."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.bench import deeds
from console.bench.deeds import BenchOrder
from console.dialogs.confirm import ConfirmDialog
from console.widgets.choice import Option
from core.errors import InputError, RlscaleError

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from console.widgets.pick_list import Entry
    from core.bench.report import Report, Row
    from core.bench.request import BenchRequest

OFFER = BenchOrder(("ppo", "dqn", "hpa", "rule"), ("heldout",), 5)
"""What a new benchmark is about unless the operator says otherwise."""
EXPORT_FORMATS = (
    Option("csv", "CSV", "One line per cell, for spreadsheets and pandas."),
    Option("html", "HTML", "One page with tables and fronts, for a browser; needs no network."),
)


class BenchDesk:
    """Carries out what is asked of benchmarks.

    Args:
        application: Shows dialogs and notices, and lends its workers.
        show: Shows the benchmark in a directory.
    """

    def __init__(self, application: RlscaleApp, show: Callable[[Path], None]) -> None:
        self._application = application
        self._show = show

    def refuse(self, reason: str) -> None:
        """Say why something is not done."""
        self._application.notify(reason, severity="warning", markup=False)

    def new(self, request: BenchRequest | None) -> None:
        """Ask what to benchmark, start it and show it."""
        offer = OFFER
        if request is not None:
            offer = BenchOrder(request.policies, OFFER.workloads, request.seeds)
        self._ask_what(offer)

    def _ask_what(self, offer: BenchOrder, problem: str = "") -> None:
        from console.dialogs.bench import NewBenchDialog

        def answered(order: BenchOrder | None) -> None:
            if order is not None:
                self._do(partial(self._begin, order), "Checking policies and workloads")

        self._application.push_screen(NewBenchDialog(offer, problem), answered)

    def _begin(self, order: BenchOrder) -> None:
        try:
            directory = deeds.check(order)
        except InputError as error:
            # What was typed comes back, to be mended.
            self._application.call_from_thread(self._ask_what, order, str(error))
            return
        deeds.start(directory)
        self._application.call_from_thread(self._show, directory.path)

    def resume(self, path: Path) -> None:
        """Let a stopped benchmark go on."""
        self._do(partial(self._resume, path), "")

    def _resume(self, path: Path) -> None:
        from core.bench.directory import BenchDirectory

        deeds.start(BenchDirectory(path))
        self._application.call_from_thread(self._show, path)

    def stop(self, path: Path) -> None:
        """Stop a benchmark, after asking."""

        def answered(yes: bool | None) -> None:
            if yes:
                self._do(partial(_stop, path), "Stopping the benchmark")

        text = "What is finished is kept, and it can go on later."
        self._application.push_screen(
            ConfirmDialog("Stop this benchmark?", text, "stop it"), answered
        )

    def pick(self, present: Path | None) -> None:
        """Let another benchmark be picked, and show it."""
        self._do(partial(self._list, present), "")

    def _list(self, present: Path | None) -> None:
        from console.bench.listing import entries_of
        from core.bench.directory import list_benchmarks

        entries = entries_of(list_benchmarks())
        self._application.call_from_thread(self._ask_which, entries, present)

    def _ask_which(self, entries: list[Entry], present: Path | None) -> None:
        from console.dialogs.pick import PickDialog

        if not entries:
            self.refuse("No benchmarks yet; n starts one.")
            return

        def answered(path: str | None) -> None:
            if path is not None:
                self._show(Path(path))

        dialog = PickDialog(
            "Benchmarks",
            entries,
            str(present or ""),
            ascii_only=self._application.drawing.ascii,
        )
        self._application.push_screen(dialog, answered)

    def open_cell(self, path: Path, cell: Row) -> None:
        """Show the run of a cell, made on demand."""
        self._do(partial(self._open_cell, path, cell), f"Running {cell.policy} on {cell.workload}")

    def _open_cell(self, path: Path, cell: Row) -> None:
        from core.bench.directory import BenchDirectory
        from core.clock import SystemClock

        run, ended = deeds.run_of_cell(BenchDirectory(path), cell, SystemClock())
        show = self._application.open_replay if ended else self._application.open_live
        self._application.call_from_thread(show, run)

    def export(self, path: Path, report: Report) -> None:
        """Ask for a file, then write the report."""
        from console.dialogs.export import ExportDialog, ExportRequest

        def answered(request: ExportRequest | None) -> None:
            if request is not None:
                target = request.target
                self._do(partial(self._export, report, target), f"Exporting to {target}")

        dialog = ExportDialog(f"benchmark-{path.name}", Path.cwd(), EXPORT_FORMATS)
        self._application.push_screen(dialog, answered)

    def _export(self, report: Report, target: Path) -> None:
        self._tell(deeds.export(report, target))

    def _tell(self, text: str) -> None:
        notify = partial(self._application.notify, text, markup=False)
        self._application.call_from_thread(notify)

    def _do(self, deed: Callable[[], None], note: str) -> None:
        if note:
            self._application.notify(note, timeout=2.0, markup=False)
        self._application.run_worker(partial(self._work, deed), thread=True, group="deeds")

    def _work(self, deed: Callable[[], None]) -> None:
        try:
            deed()
        except (RlscaleError, OSError) as error:
            notify = partial(self._application.notify, str(error), severity="error", markup=False)
            self._application.call_from_thread(notify)


def _stop(path: Path) -> None:
    from core.bench.directory import BenchDirectory

    BenchDirectory(path).ask_to_stop()
