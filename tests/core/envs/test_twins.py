"""The process beside a training: where it comes from, and what does not reach it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from core.envs.batch_env import RandomTraffic
from core.envs.twins import TwinsBeside, TwinsHere


@pytest.fixture
def beside() -> Iterator[TwinsBeside]:
    twins = TwinsBeside(RandomTraffic(), 2, 15, False)
    yield twins
    twins.close()


def test_a_directory_named_core_is_not_taken_for_ours(
    beside: TwinsBeside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    here = TwinsHere(RandomTraffic(), 2, 15, False)
    here.restart(5)
    beside.restart(5)
    np.testing.assert_array_equal(beside.rewards(), here.rewards())


def test_an_interrupt_of_our_process_group_does_not_reach_it(beside: TwinsBeside) -> None:
    beside.restart(5)
    assert beside._process is not None
    assert os.getpgid(beside._process.pid) != os.getpgid(0)
