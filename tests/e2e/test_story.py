"""The demo in a real terminal: it tells its story to the end, and gives way to whoever presses."""

from __future__ import annotations

import pytest

from core.runs.catalogue import list_runs
from tests.e2e.terminal import Terminal


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.usefixtures("clean_engines")
def test_the_story_is_told_to_its_end() -> None:
    with Terminal("demo", "--pace", "12") as terminal:
        terminal.wait_for(r"Traffic triples at 00:10\. Watch how soon and how far the policy")
        terminal.wait_for(r"sim . flash-crowd-faults . ppo")
        for scene in ("2/7 flash crowd", "3/7 side by side", "4/7 pod crash"):
            terminal.wait_for(scene)
        terminal.wait_for("Override replicas")
        terminal.wait_for(r"MANUAL 18")
        terminal.wait_for("6/7 why")
        terminal.wait_for(r"decision 43 of \d+ +00:10:45")
        terminal.wait_for("the story is over")
        terminal.press("q")
        terminal.wait_for("Left running, it (goes on|stays paused)|Leave")
        terminal.press("s")
        assert terminal.wait_for_end() == 0
    names = [entry.run_id for entry in list_runs()]
    assert len(names) == 3
    assert sum("hpa" in name for name in names) == 1


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("clean_engines")
def test_a_newcomer_takes_over_with_the_first_key() -> None:
    with Terminal("demo") as terminal:
        terminal.wait_for(r"Press\s+o\s+to\s+take\s+over,\s+\?\s+for\s+help")
        terminal.wait_for(r"AUTO +30× +00:0\d:[1-5]\d")
        terminal.press("o")
        terminal.wait_for("Override replicas")
        terminal.wait_for("You steer, the story waits at 1/7 calm")
        terminal.press("3\r")
        terminal.wait_for(r"MANUAL 3")
        terminal.press("r")
        terminal.wait_for(r"AUTO +30×")
        terminal.press("G")
        terminal.wait_for("1/7 calm · space pauses")
        terminal.press("qs")
        assert terminal.wait_for_end() == 0
