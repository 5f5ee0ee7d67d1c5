"""Pods that start, become ready, are removed and terminate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.cluster.pods import PodFleet
from core.cluster.tape import STARTUP_DRAWS

_INTERVAL = 15


def _fleet(size: int = 1, ready: int = 4, startup_s: float = 20.0) -> PodFleet:
    fleet = PodFleet(size)
    for index in range(size):
        fleet.load(index, ready, np.full(STARTUP_DRAWS, startup_s), termination_s=5.0)
    return fleet


def _create(fleet: PodFleet, count: int, now: int, index: int = 0, factor: float = 1.0) -> None:
    fleet.create(np.array([index]), np.array([count]), np.array([now]), np.array([factor]))


def _remove(fleet: PodFleet, count: int, now: int, index: int = 0) -> None:
    fleet.remove(np.array([index]), np.array([count]), np.array([now]))


def _joined(fleet: PodFleet, now: int) -> NDArray[np.float64]:
    joined = fleet.become_ready(np.full(len(fleet.ready), now), _INTERVAL)
    return np.zeros((_INTERVAL + 1, len(fleet.ready))) if joined is None else joined


def test_a_pod_serves_from_the_second_its_start_up_ends() -> None:
    fleet = _fleet(startup_s=20.0)
    _create(fleet, 3, now=0)
    assert not _joined(fleet, 0).any()
    assert fleet.starting[0] == 3
    joined = _joined(fleet, 15)
    assert joined[5, 0] == 3
    assert joined.sum() == 3
    assert (fleet.ready[0], fleet.starting[0]) == (7, 0)


def test_a_pod_that_is_ready_at_the_end_of_an_interval_counts_as_ready_then() -> None:
    fleet = _fleet(startup_s=15.0)
    _create(fleet, 1, now=0)
    assert _joined(fleet, 0)[_INTERVAL, 0] == 1
    assert fleet.ready[0] == 5


def test_start_up_times_are_used_in_turn_and_again() -> None:
    fleet = PodFleet(1)
    fleet.load(0, 0, np.arange(1.0, STARTUP_DRAWS + 1.0), termination_s=5.0)
    _create(fleet, STARTUP_DRAWS + 2, now=0)
    joined = _joined(fleet, 0)[1:, 0]
    assert joined[:3].tolist() == [2, 2, 1]


def test_a_slow_start_multiplies_the_start_up_time() -> None:
    fleet = _fleet(startup_s=4.0)
    _create(fleet, 1, now=0, factor=2.6)
    assert _joined(fleet, 0)[11, 0] == 1  # 10.4 s, rounded up


def test_scaling_down_removes_the_youngest_starting_pods_first() -> None:
    fleet = PodFleet(1)
    fleet.load(0, 4, np.array([3.0, 9.0, *np.full(STARTUP_DRAWS - 2, 13.0)]), termination_s=5.0)
    _create(fleet, 1, now=0)
    _create(fleet, 2, now=0)
    _remove(fleet, 2, now=0)
    assert (fleet.ready[0], fleet.starting[0]) == (4, 1)
    assert _joined(fleet, 0)[3, 0] == 1


def test_ready_pods_terminate_and_are_paid_for_meanwhile() -> None:
    fleet = _fleet(ready=4)
    _remove(fleet, 3, now=30)
    assert fleet.ready[0] == 1
    assert fleet.terminating_seconds(np.array([30]), _INTERVAL)[0] == 15.0
    assert fleet.terminating_seconds(np.array([33]), _INTERVAL)[0] == 6.0
    assert fleet.terminating_seconds(np.array([45]), _INTERVAL)[0] == 0.0


def test_terminations_that_overlap_are_all_paid_for() -> None:
    fleet = PodFleet(1)
    fleet.load(0, 9, np.full(STARTUP_DRAWS, 20.0), termination_s=40.0)
    for now in (0, 15, 30):
        _remove(fleet, 1, now=now)
    seconds = [fleet.terminating_seconds(np.array([now]), _INTERVAL)[0] for now in (30, 45, 60)]
    assert seconds == [15.0 + 15.0 + 10.0, 15.0 + 10.0, 10.0]


def test_pods_that_are_lost_were_the_oldest() -> None:
    fleet = _fleet(startup_s=20.0)
    _create(fleet, 2, now=0)
    _create(fleet, 1, now=10)
    fleet.lose(0, ready=1, scheduled=2)
    assert (fleet.ready[0], fleet.starting[0]) == (3, 1)
    assert _joined(fleet, 15)[_INTERVAL, 0] == 1


def test_pending_pods_start_when_they_are_scheduled() -> None:
    fleet = _fleet(startup_s=2.0)
    fleet.create_pending(np.array([0]), np.array([3]))
    assert not _joined(fleet, 0).any()
    fleet.schedule(0, 2, now=15, factor=1.0)
    assert (fleet.pending[0], fleet.starting[0]) == (1, 3)
    assert _joined(fleet, 15)[2, 0] == 2
    _remove(fleet, 1, now=30)
    assert (fleet.pending[0], fleet.starting[0]) == (0, 0)


@settings(max_examples=60, deadline=None)
@given(
    changes=st.lists(st.lists(st.integers(-30, 30), min_size=3, max_size=3), min_size=1),
    startup_s=st.floats(0.0, 90.0),
)
def test_no_pod_is_lost_or_invented(changes: list[list[int]], startup_s: float) -> None:
    fleet = _fleet(size=3, ready=5, startup_s=startup_s)
    wanted = np.full(3, 5)
    for turn, change in enumerate(changes):
        now = turn * _INTERVAL
        target = np.maximum(wanted + change, 0)
        up = np.flatnonzero(target > wanted)
        down = np.flatnonzero(target < wanted)
        seconds = np.full(3, now)
        if len(up):
            fleet.create(up, (target - wanted)[up], seconds[up], np.ones(len(up)))
        if len(down):
            fleet.remove(down, (wanted - target)[down], seconds[down])
        wanted = target
        before = fleet.ready.copy()
        joined = _joined(fleet, now)
        assert (fleet.ready == before + joined.sum(axis=0)).all()
        assert (fleet.ready + fleet.starting == wanted).all()
        assert (fleet.ready >= 0).all()
        assert (fleet.starting >= 0).all()


@pytest.mark.parametrize("rounds", [5, 50])
def test_memory_does_not_grow_with_pods_that_are_gone(rounds: int) -> None:
    fleet = _fleet(ready=10, startup_s=40.0)
    for turn in range(rounds):
        _create(fleet, 5, now=turn * _INTERVAL)
        _joined(fleet, turn * _INTERVAL)
        _remove(fleet, 5, now=(turn + 1) * _INTERVAL)
    assert fleet._ready_at.shape[0] <= 32
