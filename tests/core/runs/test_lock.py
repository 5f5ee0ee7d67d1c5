from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.errors import RunError
from core.runs.lock import LOCK_NAME, EngineLock, is_alive
from tests.core.runs.clocks import ManualClock, wait_until

HOLDER = (
    "import sys, pathlib, signal\n"
    "from core.runs.lock import EngineLock\n"
    "lock = EngineLock(pathlib.Path(sys.argv[1])); print('held', flush=True); signal.pause()\n"
)


def test_alive_exactly_while_held(tmp_path: Path) -> None:
    assert not is_alive(tmp_path)
    with EngineLock(tmp_path):
        assert is_alive(tmp_path)
    assert not is_alive(tmp_path)
    assert (tmp_path / LOCK_NAME).stat().st_mode & 0o777 == 0o600


def test_one_engine_per_run(tmp_path: Path) -> None:
    with EngineLock(tmp_path), pytest.raises(RunError, match="found an engine working on it"):
        EngineLock(tmp_path, ManualClock())


def test_a_killed_holder_lets_go(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    assert is_alive(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    wait_until(lambda: not is_alive(tmp_path))


def test_probes_do_not_keep_an_engine_from_starting(tmp_path: Path) -> None:
    (tmp_path / LOCK_NAME).touch()
    done = threading.Event()
    probed = [0, 0, 0]

    def probe(position: int) -> None:
        while not done.is_set():
            is_alive(tmp_path)
            probed[position] += 1

    threads = [threading.Thread(target=probe, args=(position,)) for position in range(3)]
    for thread in threads:
        thread.start()
    try:
        wait_until(lambda: min(probed) > 10)
        for _ in range(30):
            started = time.monotonic()
            with EngineLock(tmp_path, SystemClock()):
                assert is_alive(tmp_path)
            assert time.monotonic() - started < 1.0
    finally:
        done.set()
        for thread in threads:
            thread.join()


def test_a_probe_in_the_holding_process_does_not_release_the_lock(tmp_path: Path) -> None:
    with EngineLock(tmp_path):
        for _ in range(3):
            assert is_alive(tmp_path)


def test_a_file_without_its_directory_has_no_engine(tmp_path: Path) -> None:
    assert not is_alive(tmp_path / "nowhere")
