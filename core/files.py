"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from core.errors import InputError, RunError, cannot_write


def require_place(path: Path) -> None:
    """Make sure that a file can be written there, before the work that it is to tell of.

    Args:
        path: Of a file that may exist.

    Raises:
        InputError: It is a directory, or its folder is missing or takes no file.
    """
    if os.path.isdir(path):
        raise InputError(
            f"expected a file to write, found the directory {path}.", "Name a file in it."
        )
    if _is_special(path):
        return
    place = _real(path)
    if not os.path.isdir(place.parent):
        raise InputError(
            f"expected a folder to write {path.name} in, found none at {place.parent}.",
            "Make it first, or name another one.",
        )
    draft = _draft_of(place)
    try:
        draft.touch(exist_ok=False)
        draft.unlink()
    except OSError as error:
        raise InputError(
            f"expected a folder that takes {path.name}, "
            f"found of {place.parent}: {error.strerror or error}.",
            "Name another one.",
        ) from error


def write_file(path: Path, content: bytes) -> None:
    """Write or replace a file through a draft beside it; devices and pipes are written straight.

    Args:
        path: Where, in a folder that exists.
        content: All of it.

    Raises:
        RunError: It cannot be written; then what was there is as it was.
    """
    try:
        if _is_special(path):
            path.write_bytes(content)
        else:
            # Of a link, what it points to is replaced, as if written in place.
            _replace({_real(path): content})
    except OSError as error:
        raise RunError(f"cannot write {path}: {error.strerror or error}.") from error


def require_new(target: Path, *, force: bool) -> None:
    """Refuse a file that exists, for commands that have `--force`.

    Args:
        target: What is to be written.
        force: Whether it may be replaced.

    Raises:
        InputError: It exists and may not.
    """
    if os.path.lexists(target) and not force:
        raise InputError(
            f"expected a new file, found an existing one: {target}.",
            "Choose another name, or replace it with --force.",
        )


def write_files(contents: Mapping[Path, bytes], *, force: bool) -> None:
    """Write files through drafts beside them, which are renamed at the end.

    Args:
        contents: What to write, by path. Missing folders are made.
        force: Replace files that exist.

    Raises:
        InputError: If a file exists and `force` is false, a directory stands in its place, or it
            cannot be written; then nothing has been replaced. (Should the system refuse the second
            of two renames within one directory, the first file is the new one.)
    """
    for path in contents:
        require_new(path, force=force)
        if path.is_dir():
            raise InputError(
                f"expected a file to write, found the directory {path}.", "Choose another name."
            )
    try:
        for path in contents:
            path.parent.mkdir(parents=True, exist_ok=True)
        _replace(contents)
    except OSError as error:
        raise InputError(
            f"Expected to write {', '.join(str(path) for path in contents)}, "
            f"found: {error.strerror or error}.",
            "Check the folder.",
        ) from error


@contextlib.contextmanager
def whole_file(target: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """A file to write to, readable by the owner only, which takes its place when all went well.

    Args:
        target: Its place.
        overwrite: Replace an existing file.

    Raises:
        InputError: `target` exists and `overwrite` is not given, or nothing can be written there.
        RunError: Writing failed.
    """
    if target.exists() and not overwrite:
        raise InputError(f"expected a new file, found {target}.", "Choose another name.")
    # Written beside its place and then moved there: never half a file, never half an old one.
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
        yield draft
        draft.replace(target)
    except OSError as error:
        raise cannot_write(target, error) from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def _replace(contents: Mapping[Path, bytes]) -> None:
    drafts: dict[Path, Path] = {}
    try:
        for path, content in contents.items():
            drafts[path] = _draft_of(path)
            with drafts[path].open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, drafts[path])
        for path in contents:
            os.replace(drafts[path], path)
            del drafts[path]
    finally:
        for draft in drafts.values():
            with contextlib.suppress(OSError):
                draft.unlink()


def _draft_of(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _is_special(path: Path) -> bool:
    """Whether it is there, and no file that another one can take the place of."""
    return os.path.exists(path) and not os.path.isfile(path)
