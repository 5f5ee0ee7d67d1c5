from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from core.errors import InputError, RunError
from core.runs.catalogue import delete_run, find_run, list_runs
from core.runs.lock import EngineLock
from core.runs.records import RunKind, RunState
from tests.core.runs.factory import write_odd_run, write_run


def test_all_runs_with_their_state(tmp_path: Path) -> None:
    write_run(tmp_path / "a-finished", 3)
    write_run(tmp_path / "b-lost", 3, state=RunState.RUNNING)
    live = write_run(tmp_path / "c-live", 3, state=RunState.RUNNING, kind=RunKind.TRAINING)
    write_run(tmp_path / "d-broken", 3)
    (tmp_path / "d-broken" / "run.db").write_bytes(b"garbage" * 1000)
    (tmp_path / "not-a-run").mkdir()
    with EngineLock(live):
        entries = {entry.run_id: entry for entry in list_runs(tmp_path)}
    states = {
        name: None if entry.status is None else entry.status.state
        for name, entry in entries.items()
    }
    assert states == {
        "a-finished": RunState.FINISHED,
        "b-lost": RunState.LOST,
        "c-live": RunState.RUNNING,
        "d-broken": None,
    }
    assert "expected a readable run file" in entries["d-broken"].error
    assert entries["a-finished"].error == ""
    assert entries["a-finished"].size_bytes > 10_000


def test_an_odd_run_is_listed_among_the_others(tmp_path: Path) -> None:
    write_run(tmp_path / "a", 3)
    write_odd_run(tmp_path / "b", "facts", '{"zone": "a"}')
    errors = {entry.run_id: entry.error for entry in list_runs(tmp_path)}
    assert errors["a"] == ""
    assert "unexpected keyword argument 'zone'" in errors["b"]


def test_no_runs_at_all(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "nowhere") == []
    with pytest.raises(InputError, match="expected a run's name"):
        find_run("anything", tmp_path / "nowhere")


def test_finding_by_id_prefix_suffix_and_path(tmp_path: Path) -> None:
    first = write_run(tmp_path / "20260101-000000-ppo-flash-crowd-aaaa", 1)
    second = write_run(tmp_path / "20260101-000000-hpa-flash-crowd-bbbb", 1)
    assert find_run(first.name, tmp_path) == first
    assert find_run("20260101-000000-p", tmp_path) == first
    assert find_run("bbbb", tmp_path) == second
    assert find_run(str(second), tmp_path / "elsewhere") == second
    assert find_run(str(second / "run.db"), tmp_path) == second / "run.db"
    assert find_run("latest", tmp_path) in (first, second)


def test_ambiguous_and_unknown_names(tmp_path: Path) -> None:
    for number in range(6):
        write_run(tmp_path / f"2026-{number}", 1)
    with pytest.raises(InputError, match=r"found 6 for '2026': .* and 2 more"):
        find_run("2026", tmp_path)
    for name in ("nothing", ""):
        with pytest.raises(InputError, match="expected a run's name"):
            find_run(name, tmp_path)


def test_deleting_takes_everything(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 3)
    (directory / "bundle").mkdir()
    (directory / "bundle" / "policy.json").write_text("{}")
    delete_run(directory)
    assert not directory.exists()


def test_a_live_run_is_not_deleted(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 3, state=RunState.RUNNING)
    with EngineLock(directory), pytest.raises(RunError, match="found run with a live engine"):
        delete_run(directory)
    assert (directory / "run.db").exists()


def test_what_lies_beside_a_copied_file_is_not_deleted(tmp_path: Path) -> None:
    directory = write_run(tmp_path / "run", 3)
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("x")
    shutil.copy(directory / "run.db", thesis / "run.db")
    with pytest.raises(RunError, match="expected a run's own directory to delete"):
        delete_run(thesis)
    assert (thesis / "chapter.txt").exists()


def test_a_damaged_run_among_the_others_is_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(tmp_path))
    directory = write_run(tmp_path / "runs" / "run", 3)
    (directory / "run.db").write_bytes(b"no database")
    delete_run(directory)
    assert not directory.exists()


def test_only_runs_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("x")
    with pytest.raises(RunError, match=r"found no run\.db"):
        delete_run(tmp_path)
    assert (tmp_path / "precious.txt").exists()
