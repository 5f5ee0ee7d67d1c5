"""Leaving Setup, whatever is still being read or started behind it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from console.screens.live import LiveScreen
from console.screens.runs import RunsScreen
from console.screens.setup import SetupScreen
from console.settings import load_settings
from console.start import StartRuns, StartSetup
from core.agents.registry import PolicyEntry
from core.errors import RunError
from core.locations import runs_directory
from core.runs.config import RunConfig
from tests.console.pilots import console, settled, until
from tests.console.setup.conftest import POLICIES, setup
from tests.core.runs.factory import write_run

SMALL = (80, 24)
pytestmark = pytest.mark.usefixtures("scenarios", "policies")


async def test_escape_leaves_only_where_there_is_somewhere_to_go(
    launched: list[RunConfig],
) -> None:
    async with console(StartSetup()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("escape")
        assert isinstance(pilot.app.screen, SetupScreen)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))


async def test_what_is_not_started_is_not_remembered() -> None:
    async with console(StartRuns()).run_test(size=SMALL) as pilot:
        await settled(pilot)
        before = load_settings().settings.setup
        await pilot.press("S", "2", "down", "t", "escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        assert load_settings().settings.setup == before
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await settled(pilot)
        assert not setup(pilot).decider.is_training
        assert setup(pilot).choices.scenario == before.scenario


async def test_leaving_while_files_are_still_read_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow_list() -> list[PolicyEntry]:
        reading.set()
        go_on.wait(10)
        return []

    monkeypatch.setattr("core.agents.registry.list_policies", slow_list)
    app = console(StartRuns())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await until(pilot, reading.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        go_on.set()
        await pilot.pause(0.1)
        await settled(pilot)
        assert app.is_running
        assert app.return_code in (None, 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_leaving_while_the_engine_starts_is_told_later(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def slow_launch(config: RunConfig) -> Path:
        asked.set()
        go_on.wait(10)
        if fails:
            raise RunError("expected the engine to start, found it ended.")
        return write_run(runs_directory() / "20260101-000000-late", 5)

    monkeypatch.setattr("core.runs.launch.launch", slow_launch)
    app = console(StartRuns())
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await settled(pilot)
        await pilot.press("enter")
        await until(pilot, asked.is_set)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
        go_on.set()
        expected = "Not started" if fails else "20260101-000000-late has started"
        await until(pilot, lambda: any(expected in n.message for n in app._notifications))
        assert isinstance(pilot.app.screen, RunsScreen)


async def test_quitting_while_files_are_still_read_does_no_harm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading, go_on = threading.Event(), threading.Event()

    def slow_list() -> list[PolicyEntry]:
        reading.set()
        go_on.wait(10)
        return POLICIES

    monkeypatch.setattr("core.agents.registry.list_policies", slow_list)
    app = console(StartSetup())
    async with app.run_test(size=SMALL) as pilot:
        await until(pilot, reading.is_set)
        app.exit()
        go_on.set()
    assert app.return_code == 0
