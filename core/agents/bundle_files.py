"""Small directories of files, read with suspicion and written all at once or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from core.errors import BundleError

MANIFEST_FILE: Final = "policy.json"
WEIGHTS_FILE: Final = "policy.safetensors"
OPTIMIZER_FILE: Final = "optimizer.safetensors"
STATE_FILE: Final = "state.json"
BUNDLE_FILES: Final = frozenset({MANIFEST_FILE, WEIGHTS_FILE, OPTIMIZER_FILE, STATE_FILE})
"""All that a bundle or a checkpoint may hold."""


def read_bounded(directory: Path, name: str, limit_bytes: int) -> bytes:
    """Read one plain file of a bundle.

    Args:
        directory: The bundle.
        name: The file, by its plain name.
        limit_bytes: More than this is refused, before it is read.

    Raises:
        BundleError: The file is missing, a link, not a plain file, or too large.
    """
    path = directory / name
    if Path(name).name != name or name in {"", ".", ".."}:
        raise BundleError(f"expected a plain file name in a bundle, found {name!r}.")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise BundleError(
            f"expected {name} in {directory}, found no such file.",
            "Give the directory of a policy bundle.",
        ) from None
    except OSError as error:
        raise BundleError(
            f"expected {name} in {directory} to be a readable plain file, found: {error.strerror}.",
            "Links inside a bundle are not followed; copy the file itself.",
        ) from None
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(f"expected {path} to be a plain file, found something else.")
        content = stream.read(limit_bytes + 1)
    if len(content) > limit_bytes:
        raise BundleError(
            f"expected {path} to have at most {limit_bytes:,} bytes, found more.",
            "This is not a bundle of ours.",
        )
    return content


def write_directory(directory: Path, files: Mapping[str, bytes]) -> None:
    """Make `directory` hold exactly these files, durably, and all of them or none.

    Everything is written to a temporary directory beside it, flushed to disk, and renamed into
    place, so that nobody ever finds half of it. A process killed at the very moment between moving
    an older directory aside and the new one in leaves none under this name.

    Args:
        directory: Where; replaced if it exists.
        files: Content by plain file name.

    Raises:
        BundleError: The place cannot be written to.
    """
    try:
        temporary = _make_draft(directory)
        try:
            for name, content in files.items():
                with (temporary / name).open("wb") as stream:
                    stream.write(content)
                    stream.flush()
                    os.fsync(stream.fileno())
            temporary.chmod(0o755)
            _put_in_place(temporary, directory)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
    except OSError as error:
        raise _not_writable(directory, error) from None


def require_place(directory: Path) -> None:
    """Make sure that a bundle can be written to `directory`, before the work that makes it.

    Raises:
        BundleError: It would replace something else, or the place cannot be written to.
    """
    check_replaceable(directory)
    try:
        _make_draft(directory).rmdir()
    except OSError as error:
        raise _not_writable(directory, error) from None


def check_replaceable(directory: Path) -> None:
    """Check that nothing but an older bundle would be replaced by writing one to `directory`.

    Raises:
        BundleError: There is a file, a link, or a directory with other things in it.
    """
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise BundleError(
            f"expected {directory} to be a directory, found a file or a link.",
            "Give a directory of its own for the bundle.",
        )
    found = {one.name for one in directory.iterdir()} if directory.exists() else set()
    foreign = found - BUNDLE_FILES if MANIFEST_FILE in found else found
    if foreign:
        raise BundleError(
            f"expected {directory} to be empty or an older bundle, found {min(foreign)!r} in it.",
            "Give a directory of its own for the bundle.",
        )


def _make_draft(directory: Path) -> Path:
    directory.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))


def _not_writable(directory: Path, error: OSError) -> BundleError:
    return BundleError(
        f"expected to write {directory}, found: {error.strerror or error}.",
        "Give a directory that may be written to.",
    )


def _put_in_place(temporary: Path, directory: Path) -> None:
    check_replaceable(directory)
    if not directory.exists():
        temporary.rename(directory)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.old.", dir=directory.parent))
    directory.rename(aside / directory.name)
    temporary.rename(directory)
    shutil.rmtree(aside, ignore_errors=True)
