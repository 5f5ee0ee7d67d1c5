"""The benchmarks on this machine, as lines to pick from and as a heading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.widgets.pick_list import Entry
from console.words import duration, short_name

if TYPE_CHECKING:
    from core.bench.directory import BenchDirectory, BenchProgress


def entries_of(benchmarks: list[BenchDirectory]) -> list[Entry]:
    """One line per benchmark."""
    from core.bench.directory import when

    return [
        Entry(str(one.path), f"{when(one)}  {one.state():<8}", _asked(one)) for one in benchmarks
    ]


def title_of(benchmark: BenchDirectory) -> str:
    """What was asked, in a few words."""
    request = benchmark.request
    workloads, seeds = len(request.workloads), request.seeds
    return (
        f"{workloads} workload{'s' * (workloads != 1)} × {seeds} seed{'s' * (seeds != 1)}, "
        f"{', '.join(short_name(one) for one in request.policies)}"
    )


def progress_words(progress: BenchProgress | None) -> str:
    """How far a running benchmark is, in one line."""
    if progress is None:
        return "beginning"
    left = "" if progress.left_s is None else f", {duration(progress.left_s)} left"
    return f"{100 * progress.done:.0f} %{left}, {progress.detail}"


def _asked(benchmark: BenchDirectory) -> str:
    request = benchmark.request
    first = request.workloads[0].name
    more = f" +{len(request.workloads) - 1}" if len(request.workloads) > 1 else ""
    policies = ",".join(short_name(one) for one in request.policies)
    return f"{first}{more} × {request.seeds}: {policies}"
