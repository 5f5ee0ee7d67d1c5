"""Writing one decision to a file: Markdown for people, JSON for programs."""

from __future__ import annotations

import json
import os
from pathlib import Path

from core.debug.markdown import as_markdown
from core.debug.report import Document
from core.errors import InputError
from core.files import require_place, write_file

SUFFIXES = (".md", ".json")


def export_report(document: Document, target: Path, *, overwrite: bool = False) -> Path:
    """Write a report; returns where.

    Args:
        document: What `core.debug.report.report` gives.
        target: A file whose name ends in `.md` or `.json`.
        overwrite: Replace a file that exists.

    Raises:
        InputError: Another ending, the file exists, or nothing can be written there.
        RunError: Writing failed.
    """
    if target.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"expected a file that ends in {' or '.join(SUFFIXES)}, found {target.name!r}."
        )
    if os.path.lexists(target) and not overwrite:
        raise InputError(f"expected a new file, found {target} there.", "Choose another name.")
    if target.suffix.lower() == ".md":
        content = as_markdown(document)
    else:
        content = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    require_place(target)
    write_file(target, content.encode())
    return target
