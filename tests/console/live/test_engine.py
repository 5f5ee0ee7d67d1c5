"""All control keys on a real engine, and both ways of leaving it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.dialogs.override import OverrideDialog
from console.screens.live import LiveScreen
from console.settings import Settings
from console.start import StartAttach
from core.runs.commands import Command, CommandSender
from core.runs.config import InferenceConfig
from core.runs.launch import launch
from core.runs.lock import is_alive
from core.runs.reader import RunReader
from core.runs.records import RunState, RunStatus
from core.state import ControlMode
from tests.console.pilots import console, shown, typed, until
from tests.core.runs.conftest import engines

__all__ = ["engines"]

pytestmark = pytest.mark.usefixtures("engines")


@pytest.fixture
def paused_run(isolated: Path) -> Iterator[Path]:
    """A real engine that stands before its first interval."""
    directory = launch(
        InferenceConfig(policy="hpa", scenario="flash-crowd", speed=1.0, paused=True)
    )
    deadline = time.monotonic() + 20.0
    while _status(directory).step < 0:
        assert time.monotonic() < deadline, "the engine took no first decision"
    yield directory
    if is_alive(directory):
        sender = CommandSender(directory)
        sender.send(Command.stop())
        sender.close()


def _status(directory: Path) -> RunStatus:
    reader = RunReader(directory)
    try:
        return reader.status()
    finally:
        reader.close()


async def test_every_control_key(paused_run: Path) -> None:
    app = console(StartAttach(paused_run), settings=Settings())
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = app.screen
        assert isinstance(screen, LiveScreen)

        def status() -> RunStatus:
            assert screen.scene.snapshot is not None
            return screen.scene.snapshot.status

        await until(pilot, lambda: screen.scene.snapshot is not None)
        await until(pilot, lambda: "PAUSED" in shown(pilot))
        before = status().step
        await pilot.press("n", "n")
        await until(pilot, lambda: status().step == before + 2, "two single decisions")

        for mode in (ControlMode.SHADOW, ControlMode.MANUAL, ControlMode.HOLD, ControlMode.AUTO):
            await pilot.press("m")
            await until(pilot, lambda mode=mode: status().mode is mode, mode)  # type: ignore[misc]
            await until(pilot, lambda mode=mode: mode in shown(pilot).splitlines()[0])  # type: ignore[misc]

        for speed in (10.0, 60.0, None):
            await pilot.press("plus")
            await until(pilot, lambda speed=speed: status().speed == speed, str(speed))  # type: ignore[misc]
        await pilot.press("minus")
        await until(pilot, lambda: status().speed == 60.0)

        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, OverrideDialog))
        await typed(pilot, "9")
        await until(pilot, lambda: "→ 9" in shown(pilot))
        assert "allowed" in shown(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: status().override_target == 9)
        await until(pilot, lambda: "MANUAL 9 · 15:00 left" in shown(pilot))
        await pilot.press("up", "up", "up", "down")
        await until(pilot, lambda: status().override_target == 11)
        assert status().override_remaining_s == pytest.approx(900.0)
        await pilot.press("r")
        await until(pilot, lambda: status().mode is ControlMode.AUTO)

        await pilot.press("space")
        await until(pilot, lambda: status().state is RunState.RUNNING)
        await until(pilot, lambda: status().step > before + 4, "it runs by itself")
        await pilot.press("space")
        await until(pilot, lambda: status().state is RunState.PAUSED)
        log = "\n".join(line.text for line in screen.scene.log)
        for words in ("mode SHADOW", "pinned 9 replicas for 900 s", "released", "speed 60"):
            assert words in log

        await pilot.press("q", "s")
        await until(pilot, lambda: not app.is_running, "stopping ends the console too")
    assert _status(paused_run).state is RunState.STOPPED


async def test_leaving_leaves_it_running(paused_run: Path) -> None:
    app = console(StartAttach(paused_run), settings=Settings())
    async with app.run_test(size=(80, 24)) as pilot:
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await until(pilot, lambda: screen.commands_running_engine)
        await pilot.press("q", "l")
        await until(pilot, lambda: not app.is_running)
    assert is_alive(paused_run)


async def test_a_spectator_commands_nothing(paused_run: Path) -> None:
    before = _status(paused_run)
    app = console(StartAttach(paused_run, read_only=True), settings=Settings())
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen
        assert isinstance(screen, LiveScreen)
        await until(pilot, lambda: screen.scene.snapshot is not None)
        await pilot.press("space", "n", "m", "plus", "r")
        await until(pilot, lambda: len(screen.scene.refusals) == 5)
        await pilot.press("o")
        await pilot.pause()
        assert app.screen is screen, "no dialog is filled in for nothing"
    after = _status(paused_run)
    assert (after.mode, after.speed, after.step, after.paused) == (
        before.mode,
        before.speed,
        before.step,
        before.paused,
    )
