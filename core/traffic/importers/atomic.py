"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.errors import InputError


def write_files(contents: Mapping[Path, bytes], *, force: bool) -> None:
    """Write files through temporary ones beside them, which are renamed at the end.

    Args:
        contents: What to write, by path. Missing folders are made.
        force: Replace files that exist.

    Raises:
        InputError: If a file exists and `force` is false, or cannot be written; then nothing has
            been replaced.
    """
    if not force:
        for path in contents:
            if path.exists():
                raise InputError(
                    f"Expected a new file, found an existing one: {path}.",
                    "Give another name, or replace it with --force.",
                )
    temporary: dict[Path, str] = {}
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary[path] = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(temporary[path], 0o644)
        for path in contents:
            os.replace(temporary[path], path)
            del temporary[path]
    except OSError as error:
        raise InputError(
            f"Expected to write {', '.join(str(path) for path in contents)}, "
            f"found: {error.strerror or error}.",
            "Check the folder.",
        ) from error
    finally:
        for name in temporary.values():
            with contextlib.suppress(OSError):
                os.unlink(name)
