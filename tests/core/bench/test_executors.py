from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.bench.directory import BenchDirectory
from core.bench.executors import Here, Processes, RayCluster
from core.bench.jobs import Job, JobKind
from core.bench.results import Record
from core.errors import InputError, RunError
from core.subprocesses import module_environment
from tests.core.bench.factory import remember_calibrations, run_bench, small_request

KILLED = """\
import os, pickle, signal, sys
from core.bench.executors import Processes

def done(job, records):
    os.kill(os.getpid(), signal.SIGKILL)

if __name__ == "__main__":
    Processes(2).run(pickle.load(sys.stdin.buffer), done, lambda weight: None)
"""

INTERRUPTED = """\
import os, pickle, signal, sys
from contextlib import suppress
from threading import Thread
from core.bench.executors import Processes

def work(told):
    jobs = pickle.load(sys.stdin.buffer)
    Processes(2).run(jobs, lambda job, records: told.append(job), lambda weight: None)
    print(len(told), signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()))

if __name__ != "__main__":
    # In a worker that still imports; only in the first one, so that the rest do the work.
    with suppress(FileExistsError), open(__file__ + ".begun", "x"):
        os.kill(os.getpid(), signal.SIGINT)
elif beside:
    thread = Thread(target=work, args=([],))
    thread.start()
    thread.join()
else:
    work([])
"""

LOCKED = """\
import pickle, sys
from core.bench.executors import Processes

def interrupt(frame, event, called):
    if event == "c_return" and called.__name__ in ("acquire", "__enter__"):
        sys.setprofile(None)
        print("interrupted", flush=True)
        raise KeyboardInterrupt

if __name__ == "__main__":
    jobs = pickle.load(sys.stdin.buffer)
    try:
        Processes(2).run(jobs, lambda *_: None, lambda weight: sys.setprofile(interrupt))
    except KeyboardInterrupt:
        sys.exit(130)
"""


def jobs(folder: Path, *policies: str) -> list[Job]:
    request = small_request(folder, "hpa")
    return [
        Job(JobKind.POLICIES, (policy,), workload, (0, 1), weight=4.0)
        for workload in request.workloads
        for policy in policies
    ]


def _keep(done: list[list[Record]], job: Job, records: list[Record]) -> None:
    done.append(records)


def run_program(text: str, folder: Path) -> tuple[int, str, str]:
    """What a program comes to that is given jobs: its code and what it and its workers print."""
    program = folder / "program.py"
    program.write_text(text, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=module_environment(),
        start_new_session=True,
    ) as process:
        wanted = pickle.dumps(jobs(folder, "static:5", "threshold", "hpa"))
        try:
            # Its pipes end with the last of its workers.
            out, err = process.communicate(wanted, timeout=60)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return process.returncode, out.decode(), err.decode()


def test_work_adds_up_to_the_weight_of_all_jobs(tmp_path: Path) -> None:
    for executor in (Here(), Processes(2)):
        done: list[list[Record]] = []
        told: list[float] = []
        wanted = jobs(tmp_path, "static:5", "threshold")
        executor.run(wanted, partial(_keep, done), told.append)
        assert [len(records) for records in done] == [2] * 4
        assert told == sorted(told)
        assert told[-1] == pytest.approx(4 * 4.0)


def test_what_cannot_be_used_is_said_as_in_this_process(tmp_path: Path) -> None:
    for executor in (Here(), Processes(2)):
        with pytest.raises(InputError, match="hppa") as caught:
            executor.run(jobs(tmp_path, "hppa"), lambda job, found: None, lambda weight: None)
        assert "hpa" in caught.value.hint


def test_a_killed_worker_is_replaced(tmp_path: Path) -> None:
    done: list[list[Record]] = []
    wanted = jobs(tmp_path, "static:5", "threshold", "ppo")
    killed: list[int | None] = []

    def kill_one(weight: float) -> None:
        children = multiprocessing.active_children()
        if not killed and children:
            killed.append(children[0].pid)
            children[0].kill()

    Processes(2).run(wanted, partial(_keep, done), kill_one)
    assert len(killed) == 1
    assert len(done) == len(wanted)


def test_workers_that_are_always_killed_are_given_up(tmp_path: Path) -> None:
    def kill_all(weight: float) -> None:
        for child in multiprocessing.active_children():
            child.kill()

    wanted = jobs(tmp_path, "static:5", "threshold", "ppo")
    with pytest.raises(RunError, match="3 killed"):
        Processes(2).run(wanted, lambda job, found: kill_all(0.0), kill_all)


def test_workers_end_with_a_killed_parent(tmp_path: Path) -> None:
    code, _, _ = run_program(KILLED, tmp_path)
    assert code == -signal.SIGKILL


@pytest.mark.parametrize("beside", [False, True])
def test_workers_that_begin_end_at_ctrl_c_without_a_word(tmp_path: Path, beside: bool) -> None:
    found = run_program(f"beside = {beside}\n{INTERRUPTED}", tmp_path)
    assert found == (0, "6 False\n", "")


def test_ctrl_c_ends_the_wait_even_where_a_lock_was_just_taken(tmp_path: Path) -> None:
    assert run_program(LOCKED, tmp_path) == (130, "interrupted\n", "")


def test_a_cluster_that_does_not_answer_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", SimpleNamespace())
    for address in ("127.0.0.1:1", "ray://127.0.0.1:1"):
        with pytest.raises(RunError, match="none that answers"):
            RayCluster(address).run([], lambda job, found: None, lambda weight: None)


def test_ray_brings_home_the_same_figures(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    remember_calibrations()
    request = small_request(tmp_path, "threshold")
    on_ray = run_bench(request, RayCluster(None))
    BenchDirectory.make(request, request.identity()).forget()
    assert run_bench(request) == on_ray
