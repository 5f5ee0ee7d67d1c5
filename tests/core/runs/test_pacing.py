from __future__ import annotations

import math

import pytest

from core.runs.pacing import Pacer


def test_real_time_waits_one_interval() -> None:
    pacer = Pacer(15.0, 1.0, paused=False, now=100.0)
    assert pacer.due_in(100.0) == pytest.approx(15.0)
    assert pacer.due_in(110.0) == pytest.approx(5.0)
    assert pacer.due_in(115.0) == 0.0


def test_ten_times_faster_waits_a_tenth() -> None:
    pacer = Pacer(15.0, 10.0, paused=False, now=0.0)
    assert pacer.due_in(0.0) == pytest.approx(1.5)


def test_max_is_always_due() -> None:
    assert Pacer(15.0, None, paused=False, now=0.0).due_in(0.0) == 0.0


def test_changing_the_speed_keeps_what_has_passed() -> None:
    pacer = Pacer(15.0, 1.0, paused=False, now=0.0)
    pacer.set_speed(10.0, now=5.0)
    assert pacer.due_in(5.0) == pytest.approx(1.0)


def test_paused_time_does_not_pass() -> None:
    pacer = Pacer(15.0, 1.0, paused=False, now=0.0)
    pacer.pause(now=5.0)
    assert math.isinf(pacer.due_in(1000.0))
    pacer.resume(now=1000.0)
    assert pacer.due_in(1000.0) == pytest.approx(10.0)


def test_a_slow_turn_is_not_caught_up_more_than_once() -> None:
    pacer = Pacer(15.0, 1.0, paused=False, now=0.0)
    pacer.turn_taken(now=500.0)
    assert pacer.due_in(500.0) == 0.0
    pacer.turn_taken(now=500.0)
    assert pacer.due_in(500.0) == pytest.approx(15.0)


def test_a_turn_on_time_starts_a_whole_interval() -> None:
    pacer = Pacer(15.0, 60.0, paused=False, now=0.0)
    pacer.turn_taken(now=0.25)
    assert pacer.due_in(0.25) == pytest.approx(0.25)


def test_a_turn_taken_by_hand_does_not_lend_time() -> None:
    pacer = Pacer(15.0, 1.0, paused=True, now=0.0)
    pacer.turn_taken(now=3.0)
    pacer.resume(now=3.0)
    assert pacer.due_in(3.0) == pytest.approx(15.0)
