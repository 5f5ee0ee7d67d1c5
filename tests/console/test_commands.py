from __future__ import annotations

from pathlib import Path

import pytest
from textual.command import CommandPalette
from textual.pilot import Pilot

from console.app import RlscaleApp
from console.commands import ConsoleCommands, PaletteCommand
from console.dialogs.export import ExportDialog
from console.keys import KeyContext, entries
from console.screens.guide import GuideScreen
from console.screens.live import LiveScreen
from console.screens.runs import RunsScreen
from console.screens.setup import SetupScreen
from console.settings import Settings, SetupChoices, load_settings
from console.setup.traffic import OWN_FILE
from console.start import StartReplay, StartRuns, StartSetup
from console.themes import THEMES
from console.widgets.field import Field
from console.widgets.pick_list import PickList
from core.locations import (
    runs_directory,
    shipped_scenarios_directory,
    trained_policies_directory,
)
from core.runs.config import InferenceConfig, RunConfig
from tests.console.pilots import console, settled, shown, until
from tests.core.runs.factory import write_run


def commands(pilot: Pilot[None]) -> dict[str, PaletteCommand]:
    provider = ConsoleCommands(pilot.app.screen)
    return {command.text: command for command in provider._commands()}


async def choose(pilot: Pilot[None], words: str) -> None:
    """Open the palette, type, take the first command."""
    await pilot.press("colon")
    await until(pilot, lambda: isinstance(pilot.app.screen, CommandPalette))
    await pilot.press(*("space" if letter == " " else letter for letter in words))
    await pilot.app.workers.wait_for_complete()
    await pilot.pause(0.1)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, CommandPalette))


def notices(pilot: Pilot[None]) -> list[str]:
    return [notice.message for notice in pilot.app._notifications]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> list[RunConfig]:
    configs: list[RunConfig] = []

    def launch(config: RunConfig) -> Path:
        configs.append(config)
        return write_run(runs_directory() / "20260101-000000-launched", 30)

    monkeypatch.setattr("core.runs.launch.launch", launch)
    return configs


async def test_every_key_of_the_screen_is_in_the_palette() -> None:
    for start, contexts in (
        (StartSetup(), (KeyContext.SETUP, KeyContext.EVERYWHERE)),
        (StartRuns(), (KeyContext.RUNS, KeyContext.EVERYWHERE)),
    ):
        async with console(start).run_test() as pilot:
            await settled(pilot)
            offered = commands(pilot)
            for entry in entries(*contexts):
                if entry.action != "app.command_palette":
                    assert entry.help in offered


async def test_every_scenario_can_be_run_with_every_policy() -> None:
    for name in ("mine", "ppo"):
        bundle = trained_policies_directory() / name
        bundle.mkdir(parents=True)
        (bundle / "policy.json").touch()
    async with console(StartRuns()).run_test() as pilot:
        await settled(pilot)
        offered = commands(pilot)
        for path in shipped_scenarios_directory().glob("*.yaml"):
            for policy in ("ppo", "dqn", "mine", "hpa", "threshold", "static:10"):
                assert f"Run {path.stem} with {policy}" in offered
            assert f"Set up {path.stem}" in offered


async def test_a_run_starts_from_the_palette(launched: list[RunConfig]) -> None:
    settings = Settings(setup=SetupChoices(speed="60", mode="SHADOW", seed=4))
    async with console(StartRuns(), settings=settings).run_test() as pilot:
        await settled(pilot)
        await choose(pilot, "bursty hpa")
        await until(pilot, lambda: isinstance(pilot.app.screen, LiveScreen))
    (config,) = launched
    assert isinstance(config, InferenceConfig)
    assert (config.scenario, config.policy, config.speed, config.seed, config.mode.value) == (
        "bursty",
        "hpa",
        60.0,
        None,
        "SHADOW",
    )


async def test_own_traffic_leads_to_the_guide() -> None:
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await choose(pilot, "my own")
        await until(pilot, lambda: isinstance(pilot.app.screen, GuideScreen))


async def test_an_own_file_leads_to_the_field_for_it() -> None:
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await choose(pilot, "trace or")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await settled(pilot)
        screen = pilot.app.screen
        assert screen.query_one("#scenarios", PickList).picked == OWN_FILE
        assert pilot.app.focused is screen.query_one("#file", Field).input


async def test_a_scenario_is_set_up_in_the_setup_that_is_open() -> None:
    async with console(StartSetup()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        before = pilot.app.screen
        await choose(pilot, "set up bu")
        await settled(pilot)
        assert pilot.app.screen is before
        assert before.query_one("#scenarios", PickList).picked == "bursty"


async def test_connecting_to_a_cluster_opens_its_fields() -> None:
    async with console(StartRuns()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await choose(pilot, "connect")
        await until(pilot, lambda: isinstance(pilot.app.screen, SetupScreen))
        await until(pilot, lambda: "[cluster]" in shown(pilot))
        assert "kubeconfig" in shown(pilot)


async def test_a_theme_is_taken_and_remembered() -> None:
    async with console(StartRuns()).run_test() as pilot:
        await settled(pilot)
        for theme in THEMES:
            commands(pilot)[f"Theme: {theme.name}"].run()
            await pilot.pause()
            assert pilot.app.theme == theme.name
            assert load_settings().settings.theme == theme.name
            assert console(StartSetup()).theme == theme.name


async def test_drawing_is_remembered_for_the_next_start() -> None:
    async with console(StartRuns()).run_test() as pilot:
        await settled(pilot)
        commands(pilot)["Draw in ASCII alone: turn on"].run()
        commands(pilot)["Low bandwidth: on"].run()
        assert "Draw in ASCII alone: turn off" in commands(pilot)
    settings = load_settings().settings
    assert (settings.ascii, settings.low_bandwidth) == (True, "on")
    drawing = console(StartSetup()).drawing
    assert (drawing.ascii, drawing.low_bandwidth) == (True, True)


async def test_a_screenshot_is_saved_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with console(StartRuns()).run_test() as pilot:
        await settled(pilot)
        commands(pilot)["Save a screenshot"].run()
        await pilot.pause()
        (path,) = tmp_path.glob("*.svg")
        assert "</svg>" in path.read_text()
        assert notices(pilot) == [f"Saved {path}"]


async def test_the_run_on_the_screen_is_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    directory = write_run(runs_directory() / "20260101-000000-a", 30)
    app: RlscaleApp = console(StartReplay(directory))
    async with app.run_test() as pilot:
        screen = pilot.app.screen
        assert isinstance(screen, LiveScreen)
        await until(pilot, lambda: screen.scene.snapshot is not None)
        commands(pilot)["Export this run..."].run()
        await until(pilot, lambda: isinstance(pilot.app.screen, ExportDialog))
        await pilot.press("enter")
        await until(pilot, lambda: any("Exported" in text for text in notices(pilot)))
    assert len((tmp_path / "20260101-000000-a.csv").read_text().splitlines()) == 31


async def test_without_a_run_there_is_nothing_to_export() -> None:
    async with console(StartSetup()).run_test() as pilot:
        await settled(pilot)
        commands(pilot)["Export this run..."].run()
        await pilot.pause()
        assert "found none" in notices(pilot)[-1]


async def test_keys_work_from_the_palette() -> None:
    async with console(StartSetup()).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await choose(pilot, "list of")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunsScreen))
