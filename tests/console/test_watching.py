"""A console that was opened to watch stays with its run and changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.keys import KeyContext, entries
from console.screens.debug import DebugScreen
from console.screens.live import LiveScreen
from console.settings import Settings, settings_path
from console.start import StartAttach, StartDebug
from tests.console.pilots import console, shown, until


@pytest.mark.parametrize("key", ["S", "R", "B", "t"])
async def test_it_goes_to_no_other_screen(finished_run: Path, key: str) -> None:
    app = console(StartAttach(finished_run, read_only=True), settings=Settings())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "p99" in shown(pilot))
        await pilot.press(key)
        await until(pilot, lambda: "This console only watches this run" in shown(pilot))
        assert isinstance(app.screen, LiveScreen)


async def test_it_offers_only_what_it_can(finished_run: Path) -> None:
    app = console(StartAttach(finished_run, read_only=True), settings=Settings())
    async with app.run_test(size=(160, 50)) as pilot:
        await until(pilot, lambda: "p99" in shown(pilot))
        footer = shown(pilot).splitlines()[-1]
        assert "runs" not in footer
        assert "setup" not in footer
        await pilot.press("question_mark")
        await until(pilot, lambda: "Words in the header" in shown(pilot))
        assert "Setup" not in shown(pilot)
        assert "In control" not in shown(pilot)


async def test_the_palette_offers_looking_and_themes(finished_run: Path) -> None:
    from console.commands import ConsoleCommands

    app = console(StartAttach(finished_run, read_only=True), settings=Settings())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: "p99" in shown(pilot))
        found = {command.text: command for command in ConsoleCommands(app.screen)._commands()}
        looking = {one.help for one in entries(KeyContext.LIVE, KeyContext.EVERYWHERE)}
        themes = {name for name in found if name.startswith("Theme: ")}
        assert len(themes) == 3
        [itself] = [one.help for one in entries(KeyContext.EVERYWHERE) if one.display == ":"]
        assert set(found) - themes == looking - {itself}
        found["Theme: light"].run()
        assert app.theme == "light"
    assert not settings_path().exists()


@pytest.mark.parametrize("key", ["B", "e", "v"])
async def test_its_debugger_makes_no_runs_and_no_files(finished_run: Path, key: str) -> None:
    app = console(StartDebug(finished_run, read_only=True), settings=Settings())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, DebugScreen)
        await until(pilot, lambda: screen.picture is not None)
        await pilot.press(key)
        await until(pilot, lambda: "This console only watches this run" in shown(pilot))
        assert not screen.prompt.is_open
