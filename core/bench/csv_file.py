"""A benchmark's cells as a CSV file, one line each."""

from __future__ import annotations

import csv
from pathlib import Path

from core.bench.report import Report
from core.errors import RunError


def write_csv(path: Path, report: Report) -> None:
    """Write all cells with all their figures; what is undefined stays empty.

    Raises:
        RunError: The file cannot be written.
    """
    rows = [cell.as_dict() for cell in report.cells]
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}.") from error
