"""The console over a thin line and over one that breaks, in a real pseudo-terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.runs.catalogue import stop_run
from core.runs.commands import Command, CommandSender
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.lock import is_alive
from core.runs.reader import RunReader
from core.state import ControlMode
from tests.core.runs.conftest import engines
from tests.e2e.terminal import DEADLINE_S, Terminal

__all__ = ["engines"]

pytestmark = pytest.mark.usefixtures("engines")

SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"}
STILL_S = 4.0
"""Four redraws over SSH."""


@pytest.fixture
def run(isolated: Path) -> Iterator[Path]:
    """A live run, ten times as fast as the world."""
    directory = launch(InferenceConfig(policy="hpa", scenario="flash-crowd", speed=10.0))
    yield directory
    stop_run(directory)


def test_nothing_is_sent_while_nothing_changes(run: Path) -> None:
    sender = CommandSender(run)
    assert sender.send(Command.pause()).ok
    with Terminal("attach", environment=SSH, columns=120, rows=40) as terminal:
        terminal.wait_for("PAUSED")
        terminal.wait_for(r"operator +paused")
        terminal.wait_for_silence()
        assert terminal.bytes_within(STILL_S) == 0
        # Not because it stopped looking.
        assert sender.send(Command.step()).ok
        terminal.wait_for("00:00:15")
    sender.close()


def test_a_lost_line_ends_the_console_and_nothing_else(run: Path) -> None:
    with Terminal("attach", environment=SSH, columns=100, rows=30) as terminal:
        terminal.wait_for("engine started")
        terminal.press("+")
        terminal.wait_for("60×")
        terminal.hang_up()
    assert is_alive(run)
    status = RunReader(run).status()
    assert (status.mode, status.speed, status.paused) == (ControlMode.AUTO, 60.0, False)
    with Terminal("attach", environment=SSH, columns=100, rows=30) as terminal:
        terminal.wait_for("60×")
        terminal.press("q")
        terminal.wait_for("goes on without a console")
        terminal.press("l")
        assert terminal.wait_for_end() == 0


def test_an_override_whose_operator_is_gone_ends_by_itself(run: Path) -> None:
    with Terminal("attach", environment=SSH, columns=100, rows=30) as terminal:
        terminal.wait_for("engine started")
        terminal.press("o")
        terminal.wait_for("pin to")
        terminal.press("12\r")
        terminal.wait_for(r"MANUAL 12 · 1\d:\d\d left")
        terminal.hang_up()
    sender = CommandSender(run)
    sender.send(Command.speed(None))
    sender.close()
    reader, deadline = RunReader(run), time.monotonic() + DEADLINE_S
    while reader.status().mode is ControlMode.MANUAL:
        assert time.monotonic() < deadline, "the override outlives its time"
    words = [event.message for event in reader.events_after(0)]
    assert words.count("override ended, mode AUTO") == 1
    assert "pinned 12 replicas for 900 s" in words


def test_attach_without_a_name_finds_the_live_run(run: Path) -> None:
    with Terminal("attach", "--read-only") as terminal:
        terminal.wait_for("READ-ONLY")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    other = launch(InferenceConfig(policy="hpa", scenario="flash-crowd", speed=1.0))
    with Terminal("attach", columns=160) as terminal:
        assert terminal.wait_for_end() == 2
        terminal.wait_for("expected one live run, found 2")
        assert run.name in terminal.text
        assert other.name in terminal.text
    stop_run(other)
