"""Reading all runs again and again, without reading again what did not change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.runs.row import RunRow, run_row, unreadable_row
from core.errors import RlscaleError
from core.locations import runs_directory
from core.runs.database import FILE_NAME
from core.runs.lock import is_alive
from core.runs.reader import RunReader

_Signature = tuple[bool, tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class _Known:
    signature: _Signature
    created_wall_time: float
    row: RunRow


class RunListing:
    """The runs on this machine; one object per list, used from one thread at a time.

    Args:
        home: Directory of runs; `runs_directory()` by default.
    """

    def __init__(self, home: Path | None = None) -> None:
        self._home = home
        self._known: dict[Path, _Known] = {}

    def read(self) -> list[RunRow]:
        """All runs, newest first; those that cannot be read say why.

        Raises:
            OSError: The directory of runs cannot be read.
        """
        home = self._home or runs_directory()
        found: dict[Path, _Known] = {}
        if home.is_dir():
            for file in home.glob(f"*/{FILE_NAME}"):
                directory = file.parent
                signature = (
                    is_alive(directory),
                    _stamp(file),
                    _stamp(file.with_name(f"{FILE_NAME}-wal")),
                )
                known = self._known.get(directory)
                if known is None or known.signature != signature:
                    known = _read(directory, signature)
                found[directory] = known
        self._known = found
        ordered = sorted(
            found.values(), key=lambda known: (known.created_wall_time, known.row.run_id)
        )
        return [known.row for known in reversed(ordered)]


def _read(directory: Path, signature: _Signature) -> _Known:
    try:
        reader = RunReader(directory)
        try:
            info, status = reader.info(), reader.status()
        finally:
            reader.close()
    except (RlscaleError, OSError) as error:
        return _Known(signature, 0.0, unreadable_row(directory, str(error)))
    return _Known(signature, info.created_wall_time, run_row(info, status))


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except FileNotFoundError:
        return 0, 0
    return status.st_mtime_ns, status.st_size
