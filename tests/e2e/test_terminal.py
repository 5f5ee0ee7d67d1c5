"""The main job in a real terminal: train, leave, come back, see it go on, stop it."""

from __future__ import annotations

import pytest

from core.runs.catalogue import RunEntry, list_runs
from core.runs.records import RunState
from tests.e2e.terminal import Terminal

ENTER, TAB = "\r", "\t"


def only_run() -> RunEntry:
    (entry,) = list_runs()
    return entry


def decisions(terminal: Terminal) -> float:
    """Decisions taken so far, as the screen tells them."""
    found = terminal.wait_for(r"([0-9.]+)(k|M|) of [0-9.]+[kM]? decisions")
    return float(found[1]) * {"": 1, "k": 1e3, "M": 1e6}[found[2]]


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.usefixtures("clean_engines")
def test_a_training_outlives_the_console_and_is_found_again() -> None:
    with Terminal() as terminal:
        terminal.wait_for("2 traffic")
        terminal.wait_for("flash-crowd")
        terminal.press("t")
        terminal.wait_for(r"Train PPO for [0-9,]+ steps")
        terminal.press(TAB * 4)
        terminal.press("50M")
        terminal.wait_for(r"Train PPO for 50,000,000 steps")
        terminal.press(ENTER)
        terminal.wait_for(r"of 50(\.0+)?M decisions")
        before = decisions(terminal)
        terminal.press("q")
        terminal.wait_for("Left running, it goes on")
        terminal.press("l")
        assert terminal.wait_for_end() == 0
    status = only_run().status
    assert status is not None
    assert status.state.is_live

    with Terminal() as terminal:
        terminal.wait_for("2 traffic")
        terminal.press("R")
        terminal.wait_for("1 live")
        terminal.wait_for(r"running\s+train ppo")
        terminal.press(ENTER)
        terminal.wait_for(r"of 50(\.0+)?M decisions")
        attached = decisions(terminal)
        assert attached >= before
        terminal.wait_until(lambda: decisions(terminal) > attached, "progress")
        terminal.press("R")
        terminal.wait_for(r"running\s+train ppo")
        terminal.press("x")
        terminal.wait_for("Stop this run")
        terminal.press("y")
        terminal.wait_for(r"stopped\s+train ppo")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    status = only_run().status
    assert status is not None
    assert status.state is RunState.STOPPED
