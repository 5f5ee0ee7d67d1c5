"""Taking a run elsewhere: its steps as CSV, all of it as JSON, or the file itself."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TextIO

from core.files import whole_file
from core.runs.reader import RunReader
from core.runs.schema import STEPS
from core.state import Step

_CHUNK_STEPS: Final = 5_000


class ExportFormat(StrEnum):
    """What an export is."""

    CSV = "csv"
    """One line per step, without observations and action values."""
    JSON = "json"
    """Everything in the run, in one object."""
    DB = "db"
    """A consistent copy of the run file."""


def export_run(
    directory: Path, target: Path, kind: ExportFormat, *, overwrite: bool = False
) -> Path:
    """Write a run, live or ended, to a file.

    Args:
        directory: Run directory or run file.
        target: File to write, created readable by the owner only.
        kind: Format.
        overwrite: Replace an existing file.

    Returns:
        `target`.

    Raises:
        InputError: `target` exists and `overwrite` is not given, or nothing can be written there.
        RunError: The run cannot be read, or writing failed.
    """
    with whole_file(target, overwrite=overwrite) as draft, closing(RunReader(directory)) as reader:
        if kind is ExportFormat.DB:
            reader.backup(draft)
        else:
            write = _write_csv if kind is ExportFormat.CSV else _write_json
            with draft.open("w", encoding="utf-8", newline="") as stream:
                write(reader, stream)
    return target


_CSV_COLUMNS: Final = tuple(
    column.name for column in STEPS.columns if not column.sql.startswith("BLOB")
)


def _write_csv(reader: RunReader, stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    last = reader.last_step()
    for first in range(0, last + 1, _CHUNK_STEPS):
        writer.writerows(reader.raw_steps(_CSV_COLUMNS, first, min(last, first + _CHUNK_STEPS - 1)))


def _write_json(reader: RunReader, stream: TextIO) -> None:
    info = asdict(reader.info())
    info["directory"] = str(info["directory"])
    head: dict[str, Any] = {
        "info": info,
        "config": reader.meta("config"),
        "scenario": reader.meta("scenario"),
        "figures": reader.meta("figures"),
        "status": asdict(reader.status()),
        "events": [asdict(event) for event in reader.events_after(0, limit=-1)],
        "scalings": [asdict(scaling) for scaling in reader.scalings_after(0, limit=-1)],
        "commands": [asdict(command) for command in reader.commands_after(0, limit=-1)],
        "training": [asdict(row) for row in reader.training_after(0, limit=-1)],
        "evaluations": [asdict(row) for row in reader.evaluations_after(0, limit=-1)],
    }
    stream.write("{\n")
    for key, value in head.items():
        stream.write(f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)},\n")
    stream.write('"steps": [\n')
    for position, step in enumerate(_steps(reader)):
        stream.write(",\n" if position else "")
        stream.write(json.dumps(asdict(step), allow_nan=False))
    stream.write("\n]\n}\n")


def _steps(reader: RunReader) -> Iterator[Step]:
    last = reader.last_step()
    for first in range(0, last + 1, _CHUNK_STEPS):
        yield from reader.steps(first, min(last, first + _CHUNK_STEPS - 1))
