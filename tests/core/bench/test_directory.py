from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.bench.directory import (
    RESULTS_FILE,
    BenchDirectory,
    BenchProgress,
    BenchState,
    find_benchmark,
    list_benchmarks,
)
from core.bench.results import cell_record
from core.errors import InputError, RunError
from tests.core.bench.factory import make_summary, small_request

CELL = cell_record("hpa", "short", 0, make_summary(2.0))


@pytest.fixture
def directory(tmp_path: Path) -> BenchDirectory:
    return BenchDirectory.make(small_request(tmp_path, "hpa"), "0123456789abcdef0123")


def test_the_same_request_has_the_same_directory(directory: BenchDirectory) -> None:
    again = BenchDirectory.make(directory.request, directory.identity)
    assert again.path == directory.path
    assert again.created_wall_time == directory.created_wall_time
    assert BenchDirectory.make(directory.request, "f" * 64).path != directory.path
    assert os.stat(directory.path).st_mode & 0o077 == 0


def test_benchmarks_are_found_by_name_and_by_path(directory: BenchDirectory) -> None:
    BenchDirectory.make(directory.request, "0999")
    assert {one.path.name for one in list_benchmarks()} == {"0123456789abcdef", "0999"}
    assert find_benchmark("0123").path == directory.path
    assert find_benchmark(str(directory.path)).request == directory.request
    for name in ("0", "", "nothing"):
        with pytest.raises(InputError, match="directory of a benchmark"):
            find_benchmark(name)


def test_what_is_no_benchmark_is_refused(directory: BenchDirectory, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="none that can be read"):
        BenchDirectory(tmp_path)
    (directory.path / "bench.json").write_text("{}")
    with pytest.raises(InputError, match="none that can be read"):
        BenchDirectory(directory.path)
    assert list_benchmarks() == []


def test_lines_count_once_their_job_is_closed(directory: BenchDirectory) -> None:
    assert list(directory.jobs()) == []
    directory.append("first", [CELL, CELL])
    directory.append("second", [])
    assert list(directory.jobs()) == [("first", [CELL, CELL]), ("second", [])]
    path = directory.path / RESULTS_FILE
    whole = path.read_text()
    # Interrupted after a line, and in the middle of one.
    for rest in ('{"kind": "cell", "policy": "lost"}\n', '{"kind": "cell", "pol'):
        path.write_text(whole + rest)
        assert [key for key, _ in directory.jobs()] == ["first", "second"]
    directory.append("third", [CELL])
    assert list(directory.jobs())[2] == ("third", [CELL])
    directory.forget()
    assert list(directory.jobs()) == []


def test_one_process_works_on_it_at_a_time(directory: BenchDirectory) -> None:
    assert directory.state() is BenchState.STOPPED
    with directory.lock():
        assert directory.state() is BenchState.RUNNING
        with pytest.raises(RunError, match="nobody to work"):
            directory.lock()
    directory.tell(BenchProgress(1.0, 60.0, 0.0, "finished"))
    assert directory.state() is BenchState.FINISHED


def test_how_far_it_is_can_be_read(directory: BenchDirectory) -> None:
    assert directory.progress() is None
    told = BenchProgress(0.25, 10.0, 30.0, "3 of 12 jobs")
    directory.tell(told)
    assert directory.progress() == told
    (directory.path / "progress.json").write_text("{")
    assert directory.progress() is None
