from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import InputError
from core.runs.catalogue import find_live_run
from core.runs.lock import EngineLock
from core.runs.records import RunState
from tests.core.runs.factory import write_run


def test_the_one_live_run_is_found(tmp_path: Path) -> None:
    write_run(tmp_path / "ended", 3)
    live = write_run(tmp_path / "live", 3, state=RunState.RUNNING)
    with EngineLock(live):
        assert find_live_run(tmp_path) == live


def test_none_is_live(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a live run, found none") as caught:
        find_live_run(tmp_path / "nowhere")
    assert "runs list" in caught.value.hint
    write_run(tmp_path / "lost", 3, state=RunState.RUNNING)
    with pytest.raises(InputError, match="found none"):
        find_live_run(tmp_path)


def test_several_are_named_in_one_line(tmp_path: Path) -> None:
    first, second = (write_run(tmp_path / name, 3, state=RunState.RUNNING) for name in "ab")
    with EngineLock(first), EngineLock(second), pytest.raises(InputError) as caught:
        find_live_run(tmp_path)
    assert str(caught.value) == "expected one live run, found 2: a, b. Name one of them."
