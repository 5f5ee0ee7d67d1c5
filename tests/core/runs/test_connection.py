"""A connection that only reads: beside an engine, on a copied, damaged or missing file."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from core.clock import SystemClock
from core.errors import RunError
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunState, RunTotals
from core.runs.rows import StepRecord
from core.runs.store import RunWriter
from core.state import Actor
from tests.core.runs.clocks import wait_until
from tests.core.runs.factory import write_run


def test_a_copied_file_reads_without_its_log(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 50)
    copy = tmp_path / "elsewhere" / "copy.db"
    copy.parent.mkdir()
    shutil.copy(directory / "run.db", copy)
    copy.chmod(0o400)
    reader = RunReader(copy)
    assert reader.status().step == 49
    assert reader.tail(3).step.tolist() == [47, 48, 49]
    reader.close()
    assert os.listdir(copy.parent) == ["copy.db"], "reading leaves nothing behind"


def test_a_reader_sees_what_comes_after_it_was_opened(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 0, state=RunState.STARTING, lock_file=False)
    reader = RunReader(directory)
    assert reader.last_step() == -1
    with EngineLock(directory):
        writer = RunWriter(directory, SystemClock())
        writer.add_event(EventKind.ENGINE, Actor.NOBODY, "engine started", time_s=0.0, step=-1)
        writer.flush()
        assert [event.message for event in reader.events_after(0)] == ["engine started"]
        writer.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 5)
    before = (directory / "run.db").read_bytes()
    reader = RunReader(directory)
    for sql in ("DELETE FROM steps", "INSERT INTO meta VALUES ('x', '1')", "DROP TABLE events"):
        with pytest.raises(RunError, match="readonly database"):
            reader._file.rows(sql)
    assert (directory / "run.db").read_bytes() == before


_WHAT_IS_OPEN = """
import os, sys
from pathlib import Path
from core.confinement import confine
from core.runs.reader import RunReader
print("confined" if sys.argv[2] == "True" and confine() else "free")
reader = RunReader(Path(sys.argv[1]))
[event] = reader.events_after(0)
for entry in Path("/proc/self/fd").iterdir():
    target = os.path.realpath(entry)
    if os.path.dirname(target) == sys.argv[1]:
        flags = Path(f"/proc/self/fdinfo/{entry.name}").read_text().split("flags:")[1].split()[0]
        mode = ("read", "write", "both")[int(flags, base=8) & os.O_ACCMODE]
        print(os.path.basename(target), mode)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc what is open, and how")
@pytest.mark.parametrize("confined", [False, True])
def test_what_a_reader_beside_an_engine_has_open(tmp_path: Path, confined: bool) -> None:
    directory = write_run(tmp_path / "run", 0, state=RunState.STARTING).resolve()
    with EngineLock(directory):
        writer = RunWriter(directory, SystemClock())
        writer.add_event(EventKind.ENGINE, Actor.NOBODY, "one", time_s=0.0, step=-1)
        writer.flush()
        command = [sys.executable, "-c", _WHAT_IS_OPEN, str(directory), str(confined)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        writer.close()
    [enforced, *found] = done.stdout.splitlines()
    # SQLite asks for a log to write to, whatever the mode, and takes what it is given.
    log = "read" if enforced == "confined" else "both"
    # The index too, in a process that may still command.
    index = "read" if confined else "both"
    assert sorted(found) == ["run.db read", f"run.db-shm {index}", f"run.db-wal {log}"]


def read_all(directory: Path) -> None:
    reader = RunReader(directory)
    reader.status()
    reader.tail(300)


def test_a_damaged_file_gives_one_line(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 300)
    path = directory / "run.db"
    whole = path.read_bytes()
    for damaged in (b"not a database at all" * 100, whole[:5000], b""):
        path.write_bytes(damaged)
        with pytest.raises(RunError) as caught:
            read_all(directory)
        assert "\n" not in str(caught.value)
        assert str(path) in str(caught.value) or "without a run" in str(caught.value)


def test_a_file_that_cannot_be_opened_for_a_moment(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 3)
    path = directory / "run.db"
    whole = path.read_bytes()
    reader = RunReader(directory)
    # As while an engine starts on it, of which not everything is there yet.
    log = path.with_name("run.db-wal")
    log.touch()
    path.write_bytes(b"half")
    for _ in range(2):
        with pytest.raises(RunError, match="expected a readable run file"):
            reader.status()
    path.write_bytes(whole)
    log.unlink()
    assert reader.status().step == 2
    reader.close()


def test_a_missing_run_gives_one_line(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"expected a run file at .*/nowhere, found none"):
        RunReader(tmp_path / "nowhere")


def test_three_readers_keep_up_with_a_writer(tmp_path: Path) -> None:
    source = RunReader(write_run(tmp_path / "source", 600)).steps(0, 599)
    directory = write_run(tmp_path / "run", 0, state=RunState.RUNNING)
    problems: list[str] = []
    done = threading.Event()

    def follow() -> None:
        reader = RunReader(directory)
        seen = -1
        while not (done.is_set() and seen == 599):
            steps = reader.steps_after(seen, 100)
            expected = list(range(seen + 1, seen + 1 + len(steps)))
            if steps.step.tolist() != expected:
                problems.append(f"after {seen}: {steps.step.tolist()}")
                return
            seen += len(steps)
            window = reader.window(0, seen, 50)
            if len(window) and np.nanmax(window.high["rps"]) <= 0:
                problems.append("an empty window")
                return

    threads = [threading.Thread(target=follow) for _ in range(3)]
    with EngineLock(directory):
        for thread in threads:
            thread.start()
        writer = RunWriter(directory, SystemClock(), durable=True)
        for step in source:
            writer.add_step(StepRecord(step, 100.0, RunTotals()))
            writer.flush()
        writer.close()
        done.set()
        for thread in threads:
            thread.join(20)
    assert problems == []
    assert not any(thread.is_alive() for thread in threads)


def test_a_killed_reader_changes_nothing(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 2000, state=RunState.RUNNING)
    program = (
        "import sys, pathlib\n"
        "from core.runs.reader import RunReader\n"
        "reader = RunReader(pathlib.Path(sys.argv[1]))\n"
        "while True:\n"
        "    reader.window(0, 2000, 100); print('read', flush=True)\n"
    )
    with EngineLock(directory):
        writer = RunWriter(directory, SystemClock())
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(directory)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"read\n"
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
        wait_until(lambda: process.poll() is not None)
        writer.add_event(EventKind.PACE, Actor.OPERATOR, "still here", time_s=0.0, step=1999)
        writer.close()
    connection = sqlite3.connect(directory / "run.db")
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert RunReader(directory).last_events(1)[0].message == "still here"
