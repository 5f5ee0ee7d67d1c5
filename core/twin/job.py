"""One step of the loop in a process of its own: `python -m core.twin.job`.

Queries take their time and a fit takes a core: neither belongs into a process that draws. One
request in JSON on stdin; on stdout lines of JSON: progress, then a result or a problem.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError, RlscaleError

if TYPE_CHECKING:
    from core.twin.fit import Report


class Task(StrEnum):
    """What can be done."""

    RECORD = "record"
    FIT = "fit"
    REPORT = "report"


class Request(BaseModel):
    """One task and what it works on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: Task
    settings: KubernetesSettings | None = None
    """For recording and fitting."""
    range_s: int = 0
    step_s: int = 15
    bridge_gaps: bool = False
    scenario: Path | None = None
    """The YAML file that is written, or the twin that a report plays in."""
    recording: Path | None = None
    """What a fit reads."""
    run: Path | None = None
    """For a report: the run's directory."""
    markdown: Path | None = None
    """For a report: the file that is written."""


class Answer(BaseModel):
    """One line."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    done: float | None = None
    """How much of 1 is done."""
    what: str = ""
    """What is being done, in a few words."""
    result: dict[str, Any] | None = None
    problem: str = ""
    hint: str = ""


def carry_out(request: Request, sink: IO[str]) -> None:
    """Do it, and write how it goes and what came of it."""

    def say(answer: Answer) -> None:
        sink.write(answer.model_dump_json(exclude_defaults=True) + "\n")
        sink.flush()

    def report(done: float, total: float, what: str) -> None:
        say(Answer(done=min(done / max(total, 1e-9), 1.0), what=what))

    try:
        if request.task is Task.RECORD:
            result = _record(request, report)
        elif request.task is Task.FIT:
            result = _fit(request, report)
        else:
            result = _report(request)
    except RlscaleError as error:
        say(Answer(problem=error.message, hint=error.hint))
    except OSError as error:
        say(Answer(problem=f"{error.filename or 'file'}: {error.strerror or error}."))
    else:
        say(Answer(result=result))


def _record(request: Request, report: Report) -> dict[str, Any]:
    from core.clock import SystemClock
    from core.twin.history import HistoryRequest, record_history
    from core.twin.span import span_text
    from core.twin.writing import Place, write_twin

    settings, scenario = _given(request)
    history = HistoryRequest(
        settings, request.range_s, request.step_s, bridge_gaps=request.bridge_gaps
    )
    bridged = record_history(history, SystemClock(), report)
    place = Place(scenario.parent, scenario.stem)
    write_twin(place, bridged, settings, None, force=True)
    recording = bridged.recording
    return {
        "scenario": str(place.scenario),
        "recording": str(place.recording),
        "lines": [
            f"{span_text(recording.duration_s)} of {recording.source} from {recording.moment(0)} "
            "on",
            f"mean {float(recording.rps.mean()):,.1f} rps, peak {float(recording.rps.max()):,.1f} "
            "rps",
        ],
        "notes": list(bridged.notes),
    }


def _fit(request: Request, report: Report) -> dict[str, Any]:
    from core.twin.fit import fit_twin
    from core.twin.fit_text import pairs, quality_rows
    from core.twin.gaps import bridge_gaps
    from core.twin.recording import load_recording
    from core.twin.writing import Place, write_twin

    settings, scenario = _given(request)
    if request.recording is None:
        raise InputError("expected a recording to fit to, found none.")
    # Long gaps were bridged or refused when it was recorded.
    bridged = bridge_gaps(load_recording(request.recording), all_gaps=True)
    fitted = fit_twin(bridged, report)
    write_twin(Place(scenario.parent, scenario.stem), bridged, settings, fitted, force=True)
    return {
        "lines": [
            f"{name:<15} {text}" for name, text in pairs(fitted.service, fitted.record).items()
        ],
        "quality": [list(row) for row in quality_rows(fitted.record)],
        "notes": list(fitted.record.warnings),
    }


def _report(request: Request) -> dict[str, Any]:
    from core.files import write_files
    from core.runs.reader import RunReader
    from core.traffic.library import load_scenario
    from core.twin import shadow_text
    from core.twin.shadow import shadow_report

    if request.run is None:
        raise InputError("expected a run to report on, found none.")
    twin = None if request.scenario is None else load_scenario(request.scenario)
    reader = RunReader(request.run)
    try:
        found = shadow_report(reader, twin)
    finally:
        reader.close()
    if request.markdown is not None:
        write_files({request.markdown: shadow_text.markdown(found).encode()}, force=True)
    return {
        "headline": shadow_text.headline(found),
        "about": shadow_text.about(found),
        "figures": [list(row) for row in shadow_text.figures(found)],
        "moments": [list(row) for row in shadow_text.moments(found)],
        "notes": list(found.notes),
    }


def _given(request: Request) -> tuple[KubernetesSettings, Path]:
    if request.settings is None or request.scenario is None:
        raise InputError("expected settings of the cluster and a scenario's file, found none.")
    return request.settings, request.scenario


@contextmanager
def _quiet_stdout() -> Iterator[IO[str]]:
    """The real stdout for answers alone, whatever a library prints."""
    real, sys.stdout = sys.stdout, sys.stderr
    try:
        yield real
    finally:
        sys.stdout = real


def main() -> int:
    """Read one request from stdin and carry it out."""
    request = Request.model_validate(json.load(sys.stdin))
    with _quiet_stdout() as sink:
        carry_out(request, sink)
    return 0


if __name__ == "__main__":
    sys.exit(main())
