"""What the Benchmark screen has done outside of itself; all of it takes time, so use a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from core.bench.directory import BenchDirectory
    from core.bench.report import Report, Row
    from core.clock import Clock

_WAIT_S: Final = 6.0
"""How long a cell's run may take to be shown as a replay; after that it is shown live."""
_POLL_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class BenchOrder:
    """What an operator asks for."""

    policies: tuple[str, ...]
    workloads: tuple[str, ...]
    """Names, suites and files."""
    seeds: int
    peak_rps: float | None = None
    """What traces are scaled to."""


def check(order: BenchOrder) -> BenchDirectory:
    """The directory of what is asked for, new or known.

    Raises:
        InputError: A policy or a workload cannot be used.
        RunError: The directory cannot be written.
    """
    from core.bench.directory import BenchDirectory
    from core.bench.request import make_request

    traces = [name for name in order.workloads if name.lower().endswith(".csv")]
    others = [name for name in order.workloads if name not in traces]
    request = make_request(
        order.policies, others, traces, peak_rps=order.peak_rps, seeds=order.seeds
    )
    return BenchDirectory.make(request, request.identity())


def start(directory: BenchDirectory) -> None:
    """Let a detached process work on a benchmark, unless it is finished or worked on.

    Raises:
        RunError: The process did not start.
    """
    from core.bench.directory import BenchState
    from core.bench.launch import launch_bench

    if directory.state() is BenchState.STOPPED:
        launch_bench(directory)


def run_of_cell(directory: BenchDirectory, cell: Row, clock: Clock) -> tuple[Path, bool]:
    """The run of a cell, made now if it was not made before.

    Args:
        directory: The benchmark's.
        cell: Which one.
        clock: Paces the waiting.

    Returns:
        The run's directory, and whether it has ended.

    Raises:
        InputError: A policy, a workload or the code is not what it was.
        RunError: The engine did not start.
    """
    from core.runs.config import InferenceConfig
    from core.runs.launch import launch
    from core.runs.lock import is_alive

    seed = cell.seeds[0]
    run = directory.run_of(cell.policy, cell.workload, seed)
    if run is None:
        directory.require_unchanged()
        workload = next(one for one in directory.request.workloads if one.name == cell.workload)
        config = InferenceConfig(
            policy=cell.spec,
            scenario=workload.source,
            peak_rps=workload.peak_rps,
            seed=seed,
            speed=None,
        )
        run = launch(config)
        directory.remember_run(cell.policy, cell.workload, seed, run)
    deadline = clock.monotonic() + _WAIT_S
    while is_alive(run) and clock.monotonic() < deadline:
        clock.wait(_POLL_S)
    return run, not is_alive(run)


def export(report: Report, target: Path) -> str:
    """Write a report as a file, by its ending; says what was done.

    Raises:
        InputError: The ending is neither .csv nor .html, or what draws a page is missing.
        RunError: The file cannot be written.
    """
    from core.bench.csv_file import write_csv
    from core.errors import InputError

    suffix = target.suffix.lower()
    if suffix == ".csv":
        write_csv(target, report)
    elif suffix == ".html":
        from core.bench.page import require_report_extra, write_page

        require_report_extra()
        write_page(target, report)
    else:
        raise InputError(f"expected a file that ends in .csv or .html, found {target.name}.")
    return f"Exported to {target}"
