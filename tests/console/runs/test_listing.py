from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from console.runs.listing import RunListing
from console.runs.row import RunRow
from core.runs.reader import RunReader
from core.runs.records import RunKind, RunState
from core.runs.summary import summarise
from tests.core.runs.factory import write_run


def by_id(home: Path) -> dict[str, RunRow]:
    return {row.run_id: row for row in RunListing(home).read()}


def test_an_absent_directory_holds_no_runs(tmp_path: Path) -> None:
    assert RunListing(tmp_path / "none").read() == []


def test_every_state_is_told(home: Path) -> None:
    rows = by_id(home)
    states = {run_id[16:]: (row.state_word, row.is_live) for run_id, row in rows.items()}
    assert states == {
        "ppo-flash-crowd-0001": ("finished", False),
        "hpa-flash-crowd-0002": ("stopped", False),
        "ppo-random-0003": ("finished", False),
        "dqn-random-0004": ("lost", False),
        "ppo-bursty-0005": ("running", True),
        "": ("broken", False),
    }


def test_what_can_be_resumed(home: Path) -> None:
    able = {run_id[16:] for run_id, row in by_id(home).items() if row.can_resume}
    assert able == {"ppo-flash-crowd-0001", "hpa-flash-crowd-0002", "dqn-random-0004"}


def test_figures_are_those_of_the_run(home: Path) -> None:
    rows = by_id(home)
    row = rows["20260101-110000-hpa-flash-crowd-0002"]
    reader = RunReader(row.directory)
    totals = reader.status().totals
    shown = summarise(reader).figures
    reader.close()
    assert totals.slo_violation_ratio is not None
    assert row.violations == f"{totals.slo_violation_ratio:.2%}"
    assert row.pod_hours == f"{totals.pod_hours:.1f}"
    assert row.score == f"{shown.score:.2f}", "as `runs show` prints it"
    assert (row.title, row.seed, row.message) == ("hpa on flash-crowd", 3, "stopped by ops@host")
    assert row.progress == "19% of 2 h"
    training = rows["20260101-130000-dqn-random-0004"]
    assert (training.title, training.kind) == ("train dqn on random", RunKind.TRAINING)
    assert (training.score, training.violations) == ("2.31", "-")


def test_an_unreadable_run_is_listed_last_and_says_why(home: Path) -> None:
    last = RunListing(home).read()[-1]
    assert (last.run_id, last.readable) == ("broken", False)
    assert last.message


def test_only_what_changed_is_read_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    class Counting(RunReader):
        def __init__(self, path: Path) -> None:
            opened.append(path.name)
            super().__init__(path)

    monkeypatch.setattr("console.runs.listing.RunReader", Counting)
    listing = RunListing(home)
    before = listing.read()
    assert len(opened) == 6
    listing.read()
    opened.clear()
    assert listing.read() == before
    assert opened == []
    write_run(home / "20260102-000000-new-0006", 5, state=RunState.STOPPED)
    shutil.rmtree(home / "broken")
    after = {row.run_id for row in listing.read()}
    assert opened == ["20260102-000000-new-0006"]
    assert after == {row.run_id for row in before} - {"broken"} | {"20260102-000000-new-0006"}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("hpa", {"0002"}),
        ("RUNNING bursty", {"0005"}),
        ("train", {"0003", "0004"}),
        ("lost", {"0004"}),
        ("nothing", set()),
        ("", {"0001", "0002", "0003", "0004", "0005", "oken"}),
    ],
)
def test_words_find_runs(home: Path, words: str, expected: set[str]) -> None:
    found = {row.run_id[-4:] for row in RunListing(home).read() if row.matches(words)}
    assert found == expected


def test_every_state_has_a_sign_in_both_alphabets(home: Path) -> None:
    for row in RunListing(home).read():
        assert len(row.sign(ascii_only=False)) == 1
        assert row.sign(ascii_only=True).isascii()
