from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.clock import SystemClock
from core.errors import RunError
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import EventKind, RunKind, RunState, RunTotals
from core.runs.rows import StepRecord
from core.runs.schema import SERIES
from core.runs.store import RunWriter
from core.state import Actor, ControlMode
from tests.core.runs.clocks import wait_until
from tests.core.runs.factory import write_run
from tests.core.runs.steps import ACTIONS, CAPACITY_RPS, FEATURES


def test_info_tells_what_never_changes(tmp_path: Path) -> None:
    info = RunReader(write_run(tmp_path / "my-run", 5, seed=7)).info()
    assert (info.run_id, info.kind, info.seed, info.interval_s) == (
        "my-run",
        RunKind.INFERENCE,
        7,
        15.0,
    )
    assert info.facts is not None
    assert info.facts.pod_capacity_rps == CAPACITY_RPS
    assert info.action_labels == ACTIONS
    assert info.feature_names == FEATURES


def test_status_is_lost_without_an_engine_and_live_with_one(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 5, state=RunState.RUNNING)
    reader = RunReader(directory)
    assert reader.status().state is RunState.LOST
    with EngineLock(directory):
        assert reader.status().state is RunState.RUNNING
    assert reader.status().state is RunState.LOST


def test_an_engine_that_came_and_went_is_noticed(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 5, state=RunState.STOPPED)
    reader = RunReader(directory)
    assert reader.status().state is RunState.STOPPED
    writer = RunWriter(directory, SystemClock())
    writer.set_status(replace(writer.status, state=RunState.FINISHED))
    writer.close()
    assert not (directory / "run.db-wal").exists()
    assert reader.status().state is RunState.FINISHED


def test_a_paused_run_says_so(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 5, state=RunState.RUNNING, paused=True)
    with EngineLock(directory):
        assert RunReader(directory).status().state is RunState.PAUSED


def test_ended_runs_need_no_lock(tmp_path: Path) -> None:
    for state in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED):
        directory = write_run(tmp_path / state, 3, state=state, message="why")
        status = RunReader(directory).status()
        assert (status.state, status.message) == (state, "why")


def test_training_status(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 400, kind=RunKind.TRAINING)
    reader = RunReader(directory)
    training = reader.status().training
    assert training is not None
    assert (training.timesteps, training.total_timesteps) == (400 * 128, 400 * 256)
    rows = reader.training_after(0)
    assert reader.training_after(rows[-1].id) == []
    assert rows[0].q_loss is None
    assert [row.best for row in reader.evaluations_after(0)] == [True, True, True]


def test_rows_after_the_last_seen_come_once(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 100))
    seen: list[int] = []
    while len(steps := reader.steps_after(seen[-1] if seen else -1, limit=33)):
        seen += steps.step.tolist()
    assert seen == list(range(100))
    events = reader.events_after(0)
    assert reader.events_after(events[0].id) == events[1:]
    assert reader.last_events(2) == events[-2:]
    assert {event.kind for event in events} == {EventKind.GUARDRAIL, EventKind.OVERRIDE}


def test_an_empty_run_reads_as_empty(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 0))
    assert reader.last_step() == -1
    assert len(reader.tail(10)) == 0
    assert len(reader.window(0, 100, 50)) == 0
    assert reader.totals().slo_violation_ratio is None
    assert reader.status().step == -1


def test_a_short_window_is_not_reduced(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 300))
    window = reader.window(100, 199, max_points=100)
    steps = reader.steps_after(99, 100)
    assert window.bucket_steps == 1
    np.testing.assert_array_equal(window.low["rps"], steps.rps)
    np.testing.assert_array_equal(window.high["rps"], steps.rps)
    assert window.actors == tuple(frozenset({actor}) for actor in steps.actor)


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("long") / "run", 5000)


@pytest.mark.parametrize(
    ("first", "last", "max_points"),
    [(0, 4999, 100), (0, 4999, 2000), (777, 4321, 80), (3000, 99_999, 10), (4990, 4999, 4)],
)
def test_a_reduced_window_keeps_every_extreme(
    long_run: Path, first: int, last: int, max_points: int
) -> None:
    reader = RunReader(long_run)
    window = reader.window(first, last, max_points)
    last = min(last, 4999)
    size = window.bucket_steps
    assert len(window) <= max_points // 2 + 1
    assert window.step[0] == first - first % size
    every = reader.steps_after(int(window.step[0]) - 1, 5000)
    inside = every.step <= last
    for name in SERIES:
        values = getattr(every, name)[inside]
        starts = window.step - window.step[0]
        np.testing.assert_array_equal(window.low[name], np.fmin.reduceat(values, starts))
        np.testing.assert_array_equal(window.high[name], np.fmax.reduceat(values, starts))
    ups = (every.target > every.replicas_desired)[inside]
    np.testing.assert_array_equal(window.ups, np.add.reduceat(ups.astype(int), starts))
    position = len(window) // 2
    begin = int(starts[position])
    end = int(starts[position + 1]) if position + 1 < len(window) else None
    assert window.actors[position] == frozenset(every.actor[begin:end])
    assert window.modes[position] == frozenset(every.mode[begin:end])


def test_windows_do_not_flicker_while_they_follow_the_tail(long_run: Path) -> None:
    reader = RunReader(long_run)
    early, late = reader.window(0, 1800, 200), reader.window(7, 1807, 200)
    common = np.intersect1d(early.step, late.step)
    assert len(common) >= len(early) - 2


def test_a_window_names_series(tmp_path: Path) -> None:
    window = RunReader(write_run(tmp_path / "run", 400)).window(0, 399, 40)
    series = window.series("latency_p95_ms")
    assert (series.low <= series.high).all()
    assert series.time_s.tolist() == (series.step * 15.0).tolist()


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


def test_totals_at_any_step(tmp_path: Path) -> None:
    reader = RunReader(write_run(tmp_path / "run", 100))
    assert 0 < reader.totals(10).requests < reader.totals().requests
    assert reader.totals(99) == reader.totals()


def test_manual_mode_in_the_header(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 10, mode=ControlMode.MANUAL, override_target=12)
    status = RunReader(directory).status()
    assert (status.mode, status.override_target) == (ControlMode.MANUAL, 12)
    assert status.override_remaining_s == pytest.approx(10 * 15 + 272 - 9 * 15)
