"""A living engine: driven on from a decision, or waited for by who may not drive."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input

from console.debug.driver import Driver
from console.debug.works import go_to_time
from console.dialogs.branch import BranchDialog
from console.screens.debug import DebugScreen
from core.debug.debugger import Debugger
from core.errors import InputError
from core.locations import runs_directory
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.lock import is_alive
from core.runs.reader import RunReader
from core.runs.records import RunState
from tests.console.debug.opening import at, futures, opened, told
from tests.console.pilots import shown, typed, until
from tests.core.debug.factory import EVENTFUL, STEPS, played
from tests.core.runs.conftest import engines

__all__ = ["engines"]


@pytest.fixture
def long_run(isolated: Path) -> Path:
    """A PPO run whose branches are still going on when somebody looks."""
    return played(runs_directory(), "ppo", EVENTFUL.model_copy(update={"duration_s": 4000 * 15}))


def test_a_time_to_come_is_driven_to(run: Path) -> None:
    driven: list[int | None] = []

    class Noting(Driver):
        def run_on(self, debugger: Debugger, until: int | None = None) -> None:
            driven.append(until)

    driver, debugger = Noting(run, lambda _: None), Debugger(run)
    for time_s, goto in ((600.0, 40), (STEPS * 15.0, STEPS), (STEPS * 15.0 + 14.0, STEPS)):
        assert go_to_time(time_s, driver)(debugger, 0).goto == goto
    assert driven == []
    assert go_to_time(STEPS * 15.0 + 60.0, driver)(debugger, 0).follow
    assert driven == [STEPS + 4]
    assert go_to_time(STEPS * 15.0 + 14.0, None)(debugger, 0).goto == STEPS
    with pytest.raises(InputError, match="expected a time up to"):
        go_to_time(1e9, None)(debugger, 0)
    debugger.close()


@pytest.mark.usefixtures("engines")
async def test_a_new_run_goes_on_from_here(long_run: Path) -> None:
    async with opened(long_run, 33) as (pilot, screen):
        await pilot.press("4")
        await futures(pilot, screen)
        played = screen.scene.played
        assert played is not None
        assert played.found is not None
        outcomes = played.found.outcomes
        row = next(place for place, one in enumerate(outcomes) if place and not one.takes_over)
        await pilot.press(*["down"] * row, "B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BranchDialog))
        assert pilot.app.screen.query(Input)[0].value == str(outcomes[row].wanted)
        await pilot.press("escape", "B")
        await until(pilot, lambda: isinstance(pilot.app.screen, BranchDialog))
        fields = pilot.app.screen.query(Input)
        fields[0].value = "99"
        await until(pilot, lambda: "expected 2 to 60" in shown(pilot))
        await pilot.press("enter")
        assert isinstance(pilot.app.screen, BranchDialog)
        fields[0].value = "9"
        fields[1].value = "hpa"
        await pilot.press("tab", "tab", "right", "right")
        await until(pilot, lambda: "Waits at this decision" in shown(pilot))
        await pilot.press("shift+tab", "enter")
        await until(
            pilot,
            lambda: isinstance(pilot.app.screen, DebugScreen) and pilot.app.screen is not screen,
            "an engine of its own",
            within_s=60.0,
        )
        branch = pilot.app.screen
        assert isinstance(branch, DebugScreen)
        await at(pilot, branch, 33)
        reader = RunReader(branch.directory)
        assert reader.info().parent == long_run.name
        step = reader.step(33)
        assert step.decision.target == 9
        assert step.state == RunReader(long_run).step(33).state
        # It is a living run: the next decision is taken by the engine, and `c` runs on.
        await pilot.press("n")
        await at(pilot, branch, 34)
        assert "CPU" in reader.step(34).decision.reason
        await pilot.press("p")
        await typed(pilot, "step == 39")
        await pilot.press("enter", "c")
        await at(pilot, branch, 39)
        await until(pilot, lambda: "Stopped at step == 39" in told(pilot))
        assert reader.last_step() == 39
        await pilot.press("t")
        await typed(pilot, "44")
        await pilot.press("enter")
        await at(pilot, branch, 44)
        await pilot.press("x", "p")
        await typed(pilot, "rps < 0")
        await pilot.press("enter", "c")
        await until(pilot, lambda: "TO STOP" in shown(pilot))
        await pilot.press("b")
        await until(pilot, lambda: "TO STOP" not in shown(pilot))
        assert reader.status().state is RunState.PAUSED
        await pilot.press("escape")
        assert screen in pilot.app.screen_stack
        assert branch not in pilot.app.screen_stack
        assert is_alive(branch.directory)


@pytest.mark.usefixtures("engines")
async def test_who_may_not_drive_waits_for_the_next_stop(isolated: Path) -> None:
    directory = launch(InferenceConfig(policy="hpa", scenario="daily-pattern", speed=300.0))
    async with opened(directory, read_only=True) as (pilot, screen):
        await pilot.press("p")
        await typed(pilot, "rps > 0 and step % 40 == 39")
        await pilot.press("enter", "c")
        await until(pilot, lambda: screen.picture is not None and screen.picture.index % 40 == 39)
        await pilot.press("x", "p")
        await typed(pilot, "rps < 0")
        await pilot.press("enter", "c")
        await until(pilot, lambda: "TO STOP" in shown(pilot))
        await pilot.press("b")
        await until(pilot, lambda: "TO STOP" not in shown(pilot))
        assert is_alive(directory)
