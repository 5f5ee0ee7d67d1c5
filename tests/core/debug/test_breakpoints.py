"""Breakpoints are kept with the run, and found, counted and switched there."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from core.debug.breakpoints import FILE_NAME, MOST, Breakpoint, Breakpoints, When
from core.debug.search import RunSearch
from core.errors import InputError, RunError
from core.runs.reader import RunReader
from tests.core.debug.factory import STEPS


@pytest.fixture
def run(operated_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(operated_run, tmp_path / "run"))


def opened(run: Path) -> Breakpoints:
    return Breakpoints(RunSearch(RunReader(run)), run)


def test_they_are_kept_with_the_run(run: Path) -> None:
    first = opened(run)
    first.add("p95  >  slo")
    first.add("guardrail", When.START)
    first.add("step == 3")
    first.toggle(1)
    first.switch(0)
    first.remove(2)
    again = opened(run)
    assert again.all == (
        Breakpoint("p95 > slo", when=When.START),
        Breakpoint("guardrail", enabled=False, when=When.START),
    )
    assert stat.S_IMODE((run / FILE_NAME).stat().st_mode) == 0o600
    assert [path.name for path in run.glob(".*")] == []


def test_the_same_condition_is_there_once(run: Path) -> None:
    points = opened(run)
    points.add("guardrail")
    points.toggle(0)
    points.add(" guardrail ", When.START)
    assert points.all == (Breakpoint("guardrail", when=When.START),)


def test_they_stop_before_and_after(run: Path) -> None:
    points = opened(run)
    points.add("step % 30 == 0")
    points.add("20 <= step < 25", When.START)
    assert points.stops().tolist() == [0, 20, 30, 60]
    assert [points.after(step) for step in (-1, 0, 20, 59, 60)] == [0, 20, 30, 60, None]
    assert [points.before(step) for step in (0, 1, 30, STEPS)] == [None, 0, 20, 60]
    assert [one.text for one in points.at(20)] == ["20 <= step < 25"]
    points.switch(1)
    assert points.after(20) == 21
    points.toggle(0)
    assert points.stops().tolist() == [20, 21, 22, 23, 24]
    assert [(one.hits, one.breakpoint.enabled) for one in points.counts()] == [
        (3, False),
        (5, True),
    ]


def test_a_growing_run_is_searched_on(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = RunReader(run)
    last = 10
    monkeypatch.setattr(reader, "last_step", lambda: last)
    points = Breakpoints(RunSearch(reader))
    points.add("step % 4 == 2")
    assert points.stops().tolist() == [2, 6, 10]
    last = 18
    assert points.stops().tolist() == [2, 6, 10, 14, 18]
    assert points.counts()[0].hits == 5


def test_what_is_no_condition_is_not_added(run: Path) -> None:
    points = opened(run)
    with pytest.raises(InputError, match="a name of a field"):
        points.add("p59 > slo")
    for number in range(MOST):
        points.add(f"step == {number}")
    with pytest.raises(InputError, match="at most 50 breakpoints"):
        points.add("guardrail")
    points.add("step == 7")
    assert len(points.all) == MOST


def test_one_that_is_not_understood_any_more_says_so(run: Path) -> None:
    opened(run).add("guardrail")
    text = (run / FILE_NAME).read_text().replace("guardrail", "gone_field > 1")
    (run / FILE_NAME).write_text(text)
    points = opened(run)
    assert points.counts()[0].problem.startswith("expected a name of a field")
    assert points.stops().tolist() == []


def test_a_foreign_file_is_not_overwritten(run: Path) -> None:
    (run / FILE_NAME).write_text("[]")
    with pytest.raises(RunError, match="found something else"):
        opened(run)
    assert (run / FILE_NAME).read_text() == "[]"


def test_where_nothing_can_be_kept_they_hold_all_the_same(run: Path, tmp_path: Path) -> None:
    points = Breakpoints(RunSearch(RunReader(run)), tmp_path / "gone")
    with pytest.raises(RunError, match="hold until this console is left"):
        points.add("guardrail")
    assert points.all == (Breakpoint("guardrail"),)
