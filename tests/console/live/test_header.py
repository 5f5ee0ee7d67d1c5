"""The header never lies, and always fits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from console.live.header import alert, header
from console.live.scene import HeaderContext
from console.live.signs import ASCII, UNICODE
from console.live.snapshot import Snapshot
from core.runs.records import RunState
from core.state import ControlMode
from tests.console.live.pictures import picture

_LIVE = HeaderContext()


@pytest.fixture
def snapshot(finished_run: Path) -> Snapshot:
    return picture(finished_run)


def _with(snapshot: Snapshot, **changes: Any) -> Snapshot:
    return replace(snapshot, status=replace(snapshot.status, **changes))


def _text(snapshot: Snapshot, context: HeaderContext = _LIVE, width: int = 80) -> str:
    lines = header(snapshot, context, UNICODE, width)
    assert all(line.cell_length <= width for line in lines)
    return "\n".join(line.plain for line in lines)


def test_tells_what_is_controlled_and_how_it_stands(snapshot: Snapshot) -> None:
    text = _text(_with(snapshot, state=RunState.RUNNING, speed=10.0))
    for part in ("sim", "flash-crowd", "ppo", "AUTO", "10×", "01:39:45", "SLO 0.92 %", "pod·h"):
        assert part in text
    assert "\n" not in text


@pytest.mark.parametrize("mode", list(ControlMode))
def test_every_mode_in_words(snapshot: Snapshot, mode: ControlMode) -> None:
    assert mode.value in _text(_with(snapshot, mode=mode))


def test_manual_tells_the_pin_and_the_time_left(snapshot: Snapshot) -> None:
    text = _text(
        _with(snapshot, mode=ControlMode.MANUAL, override_target=12, override_remaining_s=272.0)
    )
    assert "MANUAL 12 · 04:32 left" in text
    until_released = _text(
        _with(snapshot, mode=ControlMode.MANUAL, override_target=12, override_remaining_s=None)
    )
    assert "MANUAL 12" in until_released
    assert "left" not in until_released


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (RunState.LOST, "ENGINE LOST"),
        (RunState.FAILED, "FAILED"),
        (RunState.FINISHED, "FINISHED"),
        (RunState.STOPPED, "STOPPED"),
        (RunState.STARTING, "STARTING"),
        (RunState.PAUSED, "PAUSED"),
    ],
)
def test_every_state_that_is_not_running(snapshot: Snapshot, state: RunState, words: str) -> None:
    assert words in _text(_with(snapshot, state=state, paused=state is RunState.PAUSED))


def test_read_only_replay_and_degraded(snapshot: Snapshot) -> None:
    assert "READ-ONLY" in _text(snapshot, HeaderContext(read_only=True))
    assert "REPLAY" in _text(snapshot, HeaderContext(replay=True))
    assert "DEGRADED" in _text(_with(snapshot, degraded="metrics too old"))


def test_replay_tells_the_mode_of_its_moment(finished_run: Path) -> None:
    modes = {
        picture(finished_run, head=head).step.mode.value: head  # type: ignore[union-attr]
        for head in range(0, 60)
    }
    assert len(modes) > 1
    for mode, head in modes.items():
        assert mode in _text(picture(finished_run, head=head), HeaderContext(replay=True))


def test_the_worst_case_still_tells_everything(snapshot: Snapshot) -> None:
    worst = _with(
        snapshot,
        state=RunState.PAUSED,
        paused=True,
        mode=ControlMode.MANUAL,
        override_target=12,
        override_remaining_s=272.0,
        degraded="metrics too old",
        scenario="a-scenario-with-a-rather-long-name",
    )
    text = _text(worst, HeaderContext(read_only=True), width=80)
    for part in ("READ-ONLY", "PAUSED", "DEGRADED", "MANUAL 12", "01:39:45", "SLO", "pod·h"):
        assert part in text


def test_wide_header_uses_words(snapshot: Snapshot) -> None:
    text = _text(snapshot, width=160)
    assert "simulator" in text
    assert "ppo (shipped)" in text
    assert "over SLO" in text


def test_ascii_header_is_ascii(snapshot: Snapshot) -> None:
    lines = header(_with(snapshot, state=RunState.RUNNING), _LIVE, ASCII, 80)
    assert all(line.plain.isascii() for line in lines)


def test_nothing_measured_is_not_zero(isolated: Path) -> None:
    from core.locations import runs_directory
    from tests.core.runs.factory import write_run

    empty = picture(write_run(runs_directory() / "20261122-empty", 0))
    assert "SLO -" in _text(empty)


def _alert(snapshot: Snapshot | None, problem: str = "", width: int = 80) -> str:
    lines = alert(snapshot, problem, _LIVE, width)
    assert all(line.cell_length <= width for line in lines)
    return " ".join(line.plain.strip() for line in lines)


def test_alert_says_what_to_do(snapshot: Snapshot, training_run: Path) -> None:
    assert "Restart it" in _alert(_with(snapshot, state=RunState.LOST))
    assert "Resume it" in _alert(_with(picture(training_run), state=RunState.LOST))
    assert "metrics too old" in _alert(_with(snapshot, degraded="metrics too old"))
    assert "disk full" in _alert(_with(snapshot, state=RunState.FAILED, message="disk full."))
    assert _alert(snapshot) == ""


def test_long_alerts_go_on_below() -> None:
    problem = "expected a run at /somewhere/deep/down, found no run.db there. " * 2
    assert _alert(None, problem, width=60) == problem.strip()


def test_a_hold_does_not_hide_what_is_degraded(snapshot: Snapshot) -> None:
    held = _with(
        snapshot,
        state=RunState.RUNNING,
        mode=ControlMode.HOLD,
        former_mode=ControlMode.AUTO,
        message="somebody else scaled 3 → 5",
        degraded="no connection to Prometheus",
    )
    [text] = (line.plain.strip() for line in alert(held, "", _LIVE, 200))
    assert text == (
        "HOLD: somebody else scaled 3 → 5. r resumes AUTO. DEGRADED: no connection to Prometheus."
    )
