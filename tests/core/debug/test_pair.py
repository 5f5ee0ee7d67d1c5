"""Two runs are held side by side only if they met the same traffic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.debug.pair import Difference, Pair
from core.errors import InputError, RunError
from core.runs.reader import RunReader
from core.runs.records import RunKind
from tests.core.debug.factory import STEPS, played
from tests.core.runs.factory import write_run


def test_they_are_in_step(plain_run: Path, hpa_run: Path) -> None:
    pair = Pair(plain_run, hpa_run)
    assert pair.last == STEPS
    found = pair.at(40)
    assert found.first == RunReader(plain_run).step(40)
    assert found.second == RunReader(hpa_run).step(40)
    assert found.first.state.time_s == found.second.state.time_s
    assert found.first_totals.requests == found.second_totals.requests
    pair.close()


def test_they_differ_where_they_differ(plain_run: Path, hpa_run: Path) -> None:
    pair = Pair(plain_run, hpa_run)
    steps = list(
        zip(*(RunReader(run).steps(0, STEPS) for run in (plain_run, hpa_run)), strict=True)
    )
    expected = {
        Difference.TARGET: [one.target != two.target for one, two in steps],
        Difference.ACTION: [
            np.sign(one.target - one.state.replicas_desired)
            != np.sign(two.target - two.state.replicas_desired)
            for one, two in steps
        ],
        Difference.SLO: [
            ((one.state.latency_p95_ms or 0) > 250) != ((two.state.latency_p95_ms or 0) > 250)
            for one, two in steps
        ],
    }
    for kind, flags in expected.items():
        found = pair.differences(kind).tolist()
        assert found == [index for index, differs in enumerate(flags) if differs]
        assert found


def test_a_run_does_not_differ_from_itself(plain_run: Path) -> None:
    pair = Pair(plain_run, plain_run)
    assert [len(pair.differences(kind)) for kind in Difference] == [0, 0, 0]


def test_growing_runs_are_read_on(
    plain_run: Path, hpa_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, whole = Pair(plain_run, hpa_run), Pair(plain_run, hpa_run)
    last = 10
    monkeypatch.setattr(pair.readers[1], "last_step", lambda: last)
    assert pair.last == 10
    assert len(pair.curve("target")[0]) == 11
    last = 60
    all_of_them = whole.differences(Difference.TARGET)
    found = pair.differences(Difference.TARGET)
    assert found.tolist() == all_of_them[all_of_them <= 60].tolist()


def test_what_did_not_meet_the_same_traffic_is_refused(plain_run: Path, tmp_path: Path) -> None:
    other = played(tmp_path, "hpa", seed=9)
    with pytest.raises(InputError, match="the same scenario and seed, found eventful with seed 5"):
        Pair(plain_run, other)
    training = write_run(tmp_path / "training", 20, kind=RunKind.TRAINING)
    with pytest.raises(RunError, match="two runs of policies"):
        Pair(plain_run, training)
