"""Enter starts what is chosen, or says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.events import Key
from textual.widgets import Input

from console.screens.live import LiveScreen
from console.screens.setup import SetupScreen
from console.settings import load_settings
from console.start import StartSetup
from console.widgets.field import Field
from core.errors import RunError
from core.runs.config import InferenceConfig, RunConfig
from tests.console.pilots import console, settled, shown, until
from tests.console.setup.conftest import picked, said, setup

SMALL = (80, 24)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


async def test_enter_on_the_defaults_starts_something_sensible(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
    assert launched == [InferenceConfig(policy="ppo", scenario="flash-crowd", speed=10.0)]


async def test_nothing_must_be_read_before_the_first_enter(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
    assert launched == [InferenceConfig(policy="ppo", scenario="flash-crowd", speed=10.0)]


async def test_enter_starts_with_what_was_typed_in_the_same_breath(
    launched: list[RunConfig],
) -> None:
    """Keys that arrive together, as from a fast hand or a paste, are taken in their order."""
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        pilot.app.set_focus(setup(pilot).query_one("#seed", Field).input)
        for key in (Key("4", "4"), Key("2", "2"), Key("enter", "\r")):
            pilot.app.post_message(key)
        await until(pilot, lambda: len(launched) == 1)
    assert launched[0].seed == 42


async def test_choices_are_remembered_for_the_next_start(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("down", "3", "end", "tab", *["backspace"] * 2, "7", "enter")
        await until(pilot, lambda: len(launched) == 1)
    assert launched == [InferenceConfig(policy="static:7", scenario="waves", speed=10.0)]
    remembered = load_settings().settings.setup
    assert (remembered.scenario, remembered.policy) == ("waves", "static:7")
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert picked(pilot, "#scenarios") == "waves"
        assert picked(pilot, "#policies") == "static"
        assert setup(pilot).choices.policy == "static:7"


async def test_speed_seed_and_mode_reach_the_engine(launched: list[RunConfig]) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("1", "tab", "right", "right", "tab", "4", "2")
        assert "at full speed, AUTO, seed 42" in said(pilot, "#setup-sentence")
        await pilot.press("escape", "3", "tab", "right")
        assert "SHADOW" in said(pilot, "#setup-sentence")
        assert "only advises" in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: len(launched) == 1)
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert (config.speed, config.seed, config.mode.value) == (None, 42, "SHADOW")


async def test_a_wrong_field_says_so_beside_it_and_stops_the_start(
    launched: list[RunConfig],
) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("1", "tab", "tab", "x")
        await pilot.pause()
        assert "! 0 to 2^32-1" in shown(pilot)
        assert "Cannot start: seed" in shown(pilot)
        await pilot.press("escape", "2", "enter")
        await pilot.pause()
        assert launched == []
        assert isinstance(pilot.app.focused, Input)
        assert pilot.app.focused.region.area > 0
        await pilot.press("backspace", "5", "enter")
        await until(pilot, lambda: len(launched) == 1)


async def test_a_run_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(config: RunConfig) -> Path:
        raise RunError("expected the engine to start, found it ended.", "See the log.")

    monkeypatch.setattr("core.runs.launch.launch", refuse)
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: "Not started: expected the engine" in shown(pilot))
        assert isinstance(pilot.app.screen, SetupScreen)


async def test_keys_start_nothing_on_a_screen_that_cannot_be_seen(
    launched: list[RunConfig],
) -> None:
    async with console(StartSetup(training=True)).run_test(size=(40, 10)) as pilot:
        await settled(pilot)
        before = pilot.app.focused
        await pilot.press("enter", "S", "R", "B", "u", "2", "down", "colon", "enter", "escape")
        await settled(pilot)
        assert isinstance(pilot.app.screen, SetupScreen)
        assert launched == []
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert pilot.app.focused in (before, None)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
    assert len(launched) == 1
