"""A benchmark on disk: what was asked, one line per finished cell, and how far it is.

`bench.json` holds the request, `results.jsonl` the lines (see `core.bench.results`), and
`progress.json` how far the process is that works on it. A line closes the lines of each job, so
that a benchmark can be interrupted at any moment and goes on where it was.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

import core
from core.bench.request import BenchRequest
from core.bench.results import Record, RecordKind
from core.clock import Clock, SystemClock
from core.errors import InputError, RunError
from core.locations import benchmarks_directory, typed_path
from core.runs.lock import EngineLock, is_alive

REQUEST_FILE: Final = "bench.json"
RESULTS_FILE: Final = "results.jsonl"
PROGRESS_FILE: Final = "progress.json"
STOP_FILE: Final = "stop"
RUNS_FILE: Final = "runs.json"
LOG_FILE: Final = "bench.log"


class BenchState(StrEnum):
    """What became of a benchmark."""

    RUNNING = "running"
    FINISHED = "finished"
    STOPPED = "stopped"
    """Nobody works on it, and something is left to do."""


@dataclass(frozen=True, slots=True)
class BenchProgress:
    """How far a benchmark is."""

    done: float
    """Share of the work, in 0…1."""
    elapsed_s: float
    """Of the process that works on it, or worked last."""
    left_s: float | None
    """Estimate; None before there is one."""
    detail: str
    """What is being done, in a few words."""
    error: str = ""
    """Why it ended, if it failed."""


class BenchDirectory:
    """One benchmark. Only the process that holds its lock writes results and progress.

    Args:
        path: The directory, which exists.

    Raises:
        InputError: It is no benchmark.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            content = json.loads((path / REQUEST_FILE).read_text(encoding="utf-8"))
            self.request = BenchRequest.model_validate(content["request"])
            self.identity = str(content["identity"])
            self.created_wall_time = float(content["created_wall_time"])
        except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
            raise InputError(
                f"expected a benchmark's directory, found none that can be read in {path}.",
                "`rlscale-console bench` says at its end where it keeps its results.",
            ) from error

    @classmethod
    def make(
        cls, request: BenchRequest, identity: str, clock: Clock | None = None
    ) -> BenchDirectory:
        """The directory of a benchmark; the same request and code have the same.

        Raises:
            RunError: It cannot be written.
        """
        path = benchmarks_directory() / identity[:16]
        if (path / REQUEST_FILE).is_file():
            with contextlib.suppress(InputError):
                return cls(path)
        content = {
            "request": request.model_dump(mode="json"),
            "identity": identity,
            "created_wall_time": (clock or SystemClock()).now(),
            "version": core.__version__,
        }
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _replace(path / REQUEST_FILE, content)
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror or error}.") from error
        return cls(path)

    @property
    def is_worked_on(self) -> bool:
        """Whether a process works on it."""
        return is_alive(self.path)

    def state(self) -> BenchState:
        """What became of it."""
        if self.is_worked_on:
            return BenchState.RUNNING
        progress = self.progress()
        done = progress is not None and progress.done >= 1.0
        return BenchState.FINISHED if done else BenchState.STOPPED

    def require_unchanged(self) -> None:
        """Make sure that what it depends on is as it was when it began.

        Raises:
            InputError: Policies, workloads or code have changed, or cannot be loaded any more.
        """
        if self.request.identity() != self.identity:
            raise InputError(
                "expected policies, workloads and code as when the benchmark began, "
                f"found them changed since {self.path.name}.",
                "Begin a new one with the same arguments.",
            )

    def lock(self) -> EngineLock:
        """Become the one process that works on it.

        Raises:
            RunError: Another one does.
        """
        try:
            return EngineLock(self.path)
        except RunError as error:
            raise RunError(
                f"expected nobody to work on this benchmark, found another process on {self.path}.",
                "Wait for it, or stop it first.",
            ) from error

    def forget(self) -> None:
        """Throw away what was found so far."""
        for name in (RESULTS_FILE, PROGRESS_FILE):
            (self.path / name).unlink(missing_ok=True)

    def forget_stop(self) -> None:
        """Forget that a former worker was asked to stop."""
        (self.path / STOP_FILE).unlink(missing_ok=True)

    def ask_to_stop(self) -> None:
        """Ask whoever works on it to stop; it does within a second or two.

        A process that works alone (`--jobs 1`) first ends an oracle's job that it is at.
        """
        (self.path / STOP_FILE).touch()

    @property
    def is_asked_to_stop(self) -> bool:
        """Whether somebody has asked so since the work began."""
        return (self.path / STOP_FILE).exists()

    def append(self, job: str, records: Sequence[Record]) -> None:
        """Keep the lines of a finished job.

        Raises:
            RunError: The disk does not take them.
        """
        lines = [*records, {"kind": RecordKind.JOB.value, "job": job}]
        text = "".join(json.dumps(line, allow_nan=False) + "\n" for line in lines)
        path = self.path / RESULTS_FILE
        try:
            with path.open("ab+") as file:
                # What an interrupted process wrote of a line must not spoil this one.
                file.seek(max(file.tell() - 1, 0))
                torn = file.read() not in (b"", b"\n")
                file.write(b"\n" * torn + text.encode())
        except OSError as error:
            raise RunError(f"cannot write {path}: {error.strerror or error}.") from error

    def jobs(self) -> Iterator[tuple[str, list[Record]]]:
        """The key and the lines of every finished job."""
        try:
            text = (self.path / RESULTS_FILE).read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        open_lines: list[Record] = []
        for line in text.splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                open_lines = []
                continue
            if record["kind"] == RecordKind.JOB.value:
                yield record["job"], open_lines
                open_lines = []
            else:
                open_lines.append(record)

    def tell(self, progress: BenchProgress) -> None:
        """Say how far it is, for those who look on; what cannot be said is left unsaid."""
        with contextlib.suppress(OSError):
            _replace(self.path / PROGRESS_FILE, asdict(progress))

    def progress(self) -> BenchProgress | None:
        """How far it is; None before anything was said."""
        try:
            content = json.loads((self.path / PROGRESS_FILE).read_text(encoding="utf-8"))
            return BenchProgress(**content)
        except (OSError, ValueError, TypeError):
            return None

    def run_of(self, policy: str, workload: str, seed: int) -> Path | None:
        """The run that was made of a cell to look at it closely, if it still exists."""
        found = self._runs().get(_cell_key(policy, workload, seed))
        return Path(found) if found is not None and os.path.isdir(found) else None

    def remember_run(self, policy: str, workload: str, seed: int, run: Path) -> None:
        """Remember that a run was made of a cell."""
        runs = self._runs() | {_cell_key(policy, workload, seed): str(run)}
        with contextlib.suppress(OSError):
            _replace(self.path / RUNS_FILE, runs)

    def _runs(self) -> dict[str, str]:
        try:
            content = json.loads((self.path / RUNS_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}


def list_benchmarks() -> list[BenchDirectory]:
    """All benchmarks on this machine that can be read, newest first."""
    found = []
    for path in benchmarks_directory().glob(f"*/{REQUEST_FILE}"):
        with contextlib.suppress(InputError):
            found.append(BenchDirectory(path.parent))
    return sorted(found, key=lambda one: (one.created_wall_time, one.path.name), reverse=True)


def find_benchmark(name: str) -> BenchDirectory:
    """The benchmark of a directory, or of a beginning of its name.

    Raises:
        InputError: There is none, or several.
    """
    path = typed_path(name)
    if os.path.isfile(path / REQUEST_FILE):
        return BenchDirectory(path)
    matches = [one for one in list_benchmarks() if name and one.path.name.startswith(name)]
    if len(matches) == 1:
        return matches[0]
    raise InputError(
        f"expected the directory of a benchmark, found {len(matches) or 'none'} for {name!r}.",
        f"They lie below {benchmarks_directory()}.",
    )


def when(benchmark: BenchDirectory) -> str:
    """When a benchmark was first asked for, in the operator's time."""
    return datetime.fromtimestamp(benchmark.created_wall_time).strftime("%Y-%m-%d %H:%M")


def _cell_key(policy: str, workload: str, seed: int) -> str:
    return f"{policy} {workload} {seed}"


def _replace(path: Path, content: Any) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(content), encoding="utf-8")
    draft.replace(path)
