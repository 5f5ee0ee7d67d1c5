"""Benchmarks in a process of their own."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.bench.bench import read_report
from core.bench.directory import BenchDirectory, BenchState
from core.bench.launch import launch_bench
from core.bench.request import make_request
from core.errors import RunError
from tests.core.bench.factory import remember_calibrations, small_request


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60.0
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def _calibrated(isolated: Path) -> None:
    remember_calibrations()


def test_it_finishes_by_itself(tmp_path: Path) -> None:
    request = small_request(tmp_path, "hpa", seeds=1)
    directory = BenchDirectory.make(request, request.identity())
    launch_bench(directory)
    until(lambda: directory.state() is BenchState.FINISHED)
    assert len(read_report(directory).cells) == 3 * 2


def test_it_stops_when_it_is_asked_to_and_goes_on_later() -> None:
    request = make_request(["threshold"], ["bursty"], [], peak_rps=None, seeds=10)
    directory = BenchDirectory.make(request, request.identity())
    launch_bench(directory)
    until(lambda: directory.progress() is not None)
    directory.ask_to_stop()
    until(lambda: directory.state() is not BenchState.RUNNING)
    progress = directory.progress()
    assert progress is not None
    assert progress.error == "stopped as asked. What is finished is kept."
    assert directory.state() is BenchState.STOPPED
    launch_bench(directory)
    assert not directory.is_asked_to_stop
    directory.ask_to_stop()
    until(lambda: directory.state() is not BenchState.RUNNING)


def test_what_cannot_start_says_why(tmp_path: Path) -> None:
    request = small_request(tmp_path, "hpa", seeds=1)
    directory = BenchDirectory.make(request, "other code")
    # It holds the lock for a moment, so its end may be seen as a start.
    with contextlib.suppress(RunError):
        launch_bench(directory)
    until(lambda: directory.progress() is not None and not directory.is_worked_on)
    progress = directory.progress()
    assert progress is not None
    assert "found them changed" in progress.error
