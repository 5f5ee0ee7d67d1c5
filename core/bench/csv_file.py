"""A benchmark's cells as a CSV file, one line each."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from core.bench.report import Report
from core.files import write_file


def write_csv(path: Path, report: Report) -> None:
    """Write all cells with all their figures; what is undefined stays empty.

    Raises:
        RunError: The file cannot be written.
    """
    rows = [cell.as_dict() for cell in report.cells]
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    write_file(path, text.getvalue().encode())
