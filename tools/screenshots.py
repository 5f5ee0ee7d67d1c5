"""Draw the images of the README from the real console: docs/images/*.svg.

Every image is the application itself, on real runs in a data directory of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from console.start import StartRequest

_IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
_SIZE = (120, 36)
_DEADLINE_S = 240.0

Act = Callable[["Pilot[None]"], Awaitable[None]]


async def _until(pilot: Pilot[None], condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _DEADLINE_S
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit(f"error: waited {_DEADLINE_S:g} s in vain until {what}")
        await pilot.pause(0.05)


async def _draw(
    name: str, start: StartRequest, act: Act | None = None, size: tuple[int, int] = _SIZE
) -> None:
    from console.app import RlscaleApp
    from console.settings import LoadedSettings, Settings

    application = RlscaleApp(start, loaded=LoadedSettings(Settings()))
    async with application.run_test(size=size) as pilot:
        await pilot.pause()
        # A story is told by a worker that stays as long as it lasts.
        if application.story is None:
            await application.workers.wait_for_complete()
        # Twice the interval at which the screens look for something new.
        await pilot.pause(1.0)
        if act is not None:
            await act(pilot)
            await pilot.pause(1.0)
        svg = application.export_screenshot(title="rlscale-console")
        application.exit()
    path = _IMAGES / f"{name}.svg"
    path.write_text(svg, encoding="utf-8")
    print(f"{path.relative_to(_IMAGES.parents[1])}  {len(svg) / 1024:.0f} KiB")


def _live_run(policy: str, decisions: int) -> Path:
    """A run that an engine is at work on, after some decisions."""
    from core.runs.commands import Command, CommandSender
    from core.runs.config import InferenceConfig
    from core.runs.launch import launch

    directory = launch(InferenceConfig(policy=policy, scenario="flash-crowd", paused=True, speed=1))
    sender = CommandSender(directory)
    for _ in range(decisions):
        sender.send(Command.step())
    sender.send(Command.resume())
    sender.close()
    return directory


def _finished_run(policy: str, scenario: str) -> None:
    from core.clock import SystemClock
    from core.runs.config import InferenceConfig
    from core.runs.creation import create_run
    from core.runs.execution import execute

    execute(
        create_run(InferenceConfig(policy=policy, scenario=scenario, speed=None)), SystemClock()
    )


async def _draw_all(policy: str) -> None:
    from console.app import RlscaleApp
    from console.screens.debug import DebugScreen
    from console.start import StartAttach, StartDebug, StartDemo, StartRuns, StartSetup
    from core.agents.config import Algorithm, TrainingConfig
    from core.runs.catalogue import list_runs, stop_run
    from core.runs.launch import launch
    from core.runs.reader import RunReader

    directory = _live_run(policy, 190)

    async def zoom_out(pilot: Pilot[None]) -> None:
        await pilot.press("z")

    await _draw("live", StartAttach(directory), zoom_out)

    async def pin_three(pilot: Pilot[None]) -> None:
        await pilot.press("o")
        await pilot.pause(0.5)
        await pilot.press("3")

    await _draw("override", StartAttach(directory), pin_three)
    stop_run(directory)

    async def look_ahead(pilot: Pilot[None]) -> None:
        screen = pilot.app.screen
        assert isinstance(screen, DebugScreen)
        await _until(pilot, lambda: screen.picture is not None, "the decision is read")
        # As the traffic triples.
        await pilot.press("t", *"43", "enter")
        await _until(
            pilot,
            lambda: screen.scene.played is not None and screen.scene.played.found is not None,
            "the decision is played forward",
        )
        await pilot.press("4", "down")

    await _draw("debugger", StartDebug(directory), look_ahead, size=(160, 50))

    async def until_overridden(pilot: Pilot[None]) -> None:
        application = pilot.app
        assert isinstance(application, RlscaleApp)

        def overridden() -> bool:
            return application.story is not None and "MANUAL" in application.story.picture.caption

        await _until(pilot, overridden, "the story has come to the override")

    await _draw("story", StartDemo(pace=3.0), until_overridden)
    for entry in list_runs():
        if entry.status is not None and entry.status.state.is_live:
            stop_run(entry.directory)
    await _draw("setup", StartSetup())

    config = TrainingConfig(algo=Algorithm.PPO, steps=600_000)
    training = launch(config)
    reader = RunReader(training)

    async def halfway(pilot: Pilot[None]) -> None:
        def reached() -> bool:
            status = reader.status().training
            return status is not None and status.timesteps > config.steps // 2

        await _until(pilot, reached, "half of the training is done")

    await _draw("training", StartAttach(training), halfway)
    stop_run(training)
    reader.close()
    for other in ("hpa", "threshold"):
        for scenario in ("flash-crowd", "gradual-ramp"):
            _finished_run(other, scenario)
    await _draw("runs", StartRuns())


def main() -> int:
    """Draw all images."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", default="ppo", help="the policy that is shown")
    arguments = parser.parse_args()
    _IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["RLSCALE_DATA_DIR"] = f"{home}/data"
        os.environ["RLSCALE_CONFIG_DIR"] = f"{home}/config"
        os.environ["COLORTERM"] = "truecolor"
        os.environ["WANDB_MODE"] = "offline"
        for variable in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY"):
            os.environ.pop(variable, None)
        asyncio.run(_draw_all(arguments.policy))
    return 0


if __name__ == "__main__":
    sys.exit(main())
