"""Keys that come in one packet, as over a slow line, mean what they mean one by one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from console.key_order import KeysInOrder
from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartAttach
from core.clock import SystemClock
from core.runs.commands import CommandName
from core.runs.lock import EngineLock
from core.runs.reader import RunReader
from core.runs.records import RunState
from tests.console.pilots import console, shown, until
from tests.core.runs.factory import write_run


def keys(*names: str) -> list[Key]:
    return [Key(name, {"enter": "\r", "tab": "\t"}.get(name, name)) for name in names]


class Form(Screen[None]):
    """Two fields; the second one takes its time to be there."""

    AUTO_FOCUS = "#first"

    def compose(self) -> ComposeResult:
        yield Input(id="first")
        yield Input(id="second")

    async def on_mount(self) -> None:
        await asyncio.sleep(0.05)


class Sample(KeysInOrder):
    BINDINGS = [("o", "open", "open"), ("s", "stall", "stall")]  # noqa: RUF012

    def action_open(self) -> None:
        self.push_screen(Form())

    async def action_stall(self) -> None:
        await self.query_one("#gone").remove()

    def compose(self) -> ComposeResult:
        yield Input(id="gone", disabled=True)


async def test_a_screen_that_a_key_opens_gets_the_keys_behind_it() -> None:
    app = Sample()
    async with app.run_test() as pilot:
        for key in keys("o", "1", "2", "tab", "3"):
            app.post_message(key)
        await until(pilot, lambda: isinstance(app.screen, Form))
        fields = app.screen.query(Input)
        await until(pilot, lambda: [field.value for field in fields] == ["12", "3"], "all keys")


async def test_no_key_holds_back_the_others_for_ever() -> None:
    app = Sample()
    async with app.run_test() as pilot:
        for key in keys("s", "o", "7"):
            app.post_message(key)
        await until(pilot, lambda: isinstance(app.screen, Form))
        first = app.screen.query_one("#first", Input)
        await until(pilot, lambda: first.value == "7")


async def test_an_override_typed_in_one_breath_pins_what_was_typed(isolated: Path) -> None:
    run = write_run(isolated / "live", 40, state=RunState.RUNNING)
    with EngineLock(run, SystemClock()):
        app = console(StartAttach(run), settings=Settings())
        async with app.run_test(size=(100, 30)) as pilot:
            assert isinstance(app.screen, LiveScreen)
            await until(pilot, lambda: "p99" in shown(pilot), "charts")
            for key in keys("o", "1", "3", "enter"):
                app.post_message(key)
            reader = RunReader(run)
            await until(pilot, lambda: bool(reader.commands_after(0)), "the command")
            [sent] = reader.commands_after(0)
            assert (sent.name, sent.arguments["replicas"]) == (CommandName.OVERRIDE, 13)
