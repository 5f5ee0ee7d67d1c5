"""A replay moves by wall time times speed, halts at the end, and seeks."""

from __future__ import annotations

import pytest

from console.live.playhead import FASTEST_S, PlayHead


def test_moves_with_time_and_speed() -> None:
    head = PlayHead(speed=10.0).advanced(3.0, 15.0, 399)
    assert head.position_s == pytest.approx(30.0)
    assert head.step(15.0, 399) == 2


def test_halts_at_the_end() -> None:
    head = PlayHead(speed=60.0).advanced(1e6, 15.0, 399)
    assert head.step(15.0, 399) == 399
    assert not head.playing


def test_does_not_move_while_halted() -> None:
    head = PlayHead(playing=False)
    assert head.advanced(100.0, 15.0, 399) is head


def test_max_passes_a_run_in_a_fixed_time() -> None:
    head = PlayHead(speed=None)
    for _ in range(20):
        head = head.advanced(FASTEST_S / 20, 15.0, 100_000)
    assert head.step(15.0, 100_000) == 100_000


def test_playing_on_from_the_end_starts_over() -> None:
    head = PlayHead(speed=60.0).advanced(1e6, 15.0, 399).toggled(15.0, 399)
    assert head.playing
    assert head.step(15.0, 399) == 0


def test_seeking_halts_and_stays_inside() -> None:
    head = PlayHead().moved(-5, 15.0, 399)
    assert head.step(15.0, 399) == 0
    assert not head.playing
    assert PlayHead().at(1_000, 15.0, 399).step(15.0, 399) == 399


def test_every_single_step_can_be_reached() -> None:
    head = PlayHead(playing=False)
    for step in range(1, 200):
        head = head.moved(1, 0.1, 400)
        assert head.step(0.1, 400) == step
