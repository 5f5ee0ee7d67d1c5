"""Which command a key means."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from console.live.control import next_mode, next_speed, pause_or_resume, pinned, target_of
from core.runs.commands import Command, CommandName
from core.runs.reader import RunReader
from core.runs.records import RunState, RunStatus
from core.state import ControlMode, DeploymentFacts

_FACTS = DeploymentFacts(57.0, 250.0, 2, 14, 15.0, 20.0)


@pytest.fixture
def status(finished_run: Path) -> RunStatus:
    reader = RunReader(finished_run)
    found = reader.status()
    reader.close()
    return found


def test_space_pauses_and_resumes(status: RunStatus) -> None:
    running = replace(status, state=RunState.RUNNING, paused=False)
    assert pause_or_resume(running) == Command.pause()
    assert pause_or_resume(replace(running, paused=True)) == Command.resume()
    assert pause_or_resume(replace(running, state=RunState.PAUSED)) == Command.resume()


def test_modes_go_round() -> None:
    mode = ControlMode.AUTO
    seen = []
    for _ in range(4):
        command = next_mode(mode)
        assert command.name is CommandName.MODE
        mode = ControlMode(str(command.arguments["value"]))
        seen.append(mode)
    assert seen == [ControlMode.SHADOW, ControlMode.MANUAL, ControlMode.HOLD, ControlMode.AUTO]


@pytest.mark.parametrize(
    ("speed", "up", "down"),
    [
        (1.0, 10.0, 1.0),
        (10.0, 60.0, 1.0),
        (60.0, None, 10.0),
        (None, None, 60.0),
        (30.0, 60.0, 10.0),
    ],
)
def test_speeds(speed: float | None, up: float | None, down: float | None) -> None:
    assert next_speed(speed, 1) == up
    assert next_speed(speed, -1) == down


def test_pins_count_on_from_what_was_asked_for(status: RunStatus) -> None:
    manual = replace(status, mode=ControlMode.MANUAL, override_target=12, override_remaining_s=90.0)
    first = pinned(manual, None, _FACTS, 1, None)
    assert first == Command.override(13, 90.0)
    assert first is not None
    second = pinned(manual, None, _FACTS, 1, target_of(first))
    assert second == Command.override(14, 90.0)
    assert pinned(manual, None, _FACTS, 1, 14) is None
    assert pinned(manual, None, _FACTS, -20, 14) == Command.override(2, 90.0)


def test_only_overrides_have_a_target() -> None:
    assert target_of(Command.pause()) is None
