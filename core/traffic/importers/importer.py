"""From a file of real traffic to a scenario on disk."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError
from core.files import write_files
from core.traffic.importers.access_log import LogCounts, count_requests
from core.traffic.library import (
    dump_scenario,
    load_scenario,
    scenario_for_trace,
    scenario_name,
)
from core.traffic.patterns import TracePattern
from core.traffic.scenario import Scenario
from core.traffic.trace import Trace, read_trace


class ImportKind(StrEnum):
    """What kind of file is imported."""

    CSV = "csv"
    """Two columns, `t_seconds,rps`."""
    ACCESS_LOG = "access-log"
    """Common or Combined log format, plain or gzip."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import wrote and what its operator should know."""

    scenario: Scenario
    scenario_path: Path
    trace_path: Path
    notes: tuple[str, ...]
    """What was left out or looks odd, with line numbers; empty if nothing."""


def import_scenario(
    source: Path,
    folder: Path,
    *,
    name: str | None = None,
    kind: ImportKind | None = None,
    peak_rps: float | None = None,
    force: bool = False,
) -> ImportReport:
    """Write NAME.yaml and NAME.csv into a folder, a scenario that replays the source.

    Args:
        source: A CSV of `t_seconds,rps`, or an access log, which is counted second by second.
        folder: Where to write; made if it does not exist.
        name: Name of the scenario; made from the source's name by default.
        kind: What the source is; by default a CSV if it is named so, else an access log.
        peak_rps: Scale the traffic so that its 99.5th percentile is this. The CSV keeps the
            recorded rates, the scaling is written into the scenario.
        force: Replace files that exist.

    Raises:
        InputError: If the source has faults (with their line numbers), or a file exists.
    """
    chosen = scenario_name(_stem(source)) if name is None else name
    if chosen != scenario_name(chosen):
        raise InputError(
            f"Expected a name of lower-case words joined by hyphens, found {chosen!r}.",
            f"For example {scenario_name(chosen)}.",
        )
    scenario_path, trace_path = folder / f"{chosen}.yaml", folder / f"{chosen}.csv"
    if kind is None:
        is_csv = source.name.lower().removesuffix(".gz").endswith(".csv")
        kind = ImportKind.CSV if is_csv else ImportKind.ACCESS_LOG
    notes: tuple[str, ...] = ()
    if kind is ImportKind.CSV:
        trace = read_trace(source)
        content = source.read_bytes()
        description = f"Recorded traffic of {source.name}."
    else:
        counted = count_requests(source)
        notes = counted.notes
        trace = _trace_of(counted.counts)
        content = _csv_of(counted, source)
        description = (
            f"{counted.requests:,} requests of {source.name}, "
            f"counted from {counted.begin:%Y-%m-%d %H:%M:%S} UTC on."
        )
    pattern = TracePattern(path=Path(trace_path.name), peak_rps=peak_rps)
    scenario = scenario_for_trace(chosen, description, source, trace, pattern)
    text = (
        f"# Imported from {source.name}. Service, cluster, slo and faults may be added here;\n"
        "# what is not given has its default.\n"
        f"{dump_scenario(scenario, defaults=False)}"
    )
    contents = {trace_path: content, scenario_path: text.encode()}
    if trace_path.exists() and trace_path.samefile(source):
        del contents[trace_path]
    write_files(contents, force=force)
    return ImportReport(load_scenario(scenario_path), scenario_path, trace_path, notes)


def _stem(source: Path) -> str:
    return source.name.removesuffix(".gz").removesuffix(".csv").removesuffix(".log")


def _trace_of(counts: NDArray[np.int64]) -> Trace:
    return Trace(
        np.arange(len(counts), dtype=np.float64), counts.astype(np.float64), float(len(counts))
    )


def _csv_of(counted: LogCounts, source: Path) -> bytes:
    rows = "\n".join(f"{second},{count}" for second, count in enumerate(counted.counts.tolist()))
    return (
        f"# Requests per second, counted from {source.name} "
        f"({counted.requests} requests from {counted.begin.isoformat()} on).\n"
        f"t_seconds,rps\n{rows}\n"
    ).encode()
