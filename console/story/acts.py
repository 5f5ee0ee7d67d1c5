"""What each step of a script does on the console."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from console.story.figures import filled
from console.story.steps import (
    Compare,
    Debug,
    Live,
    Mode,
    Override,
    Part,
    Pause,
    Press,
    Release,
    Resume,
    Say,
    Speed,
    Start,
    Until,
    Versus,
    Wait,
)
from core.state import ControlMode

if TYPE_CHECKING:
    from console.story.company import Company
    from console.story.director import Director
    from console.story.script import Scene

_POLL_S = 0.05


def is_over(scene: Scene, present: str, runs: Company) -> bool:
    """Whether a scene waits for a run, or overrides one, that has ended before it began."""
    for step in scene.steps:
        if isinstance(step, Live):
            present = step.live
        elif isinstance(step, (Until, Override)):
            name = step.run if isinstance(step, Until) and step.run else present
            if runs.has_ended(name):
                return True
    return False


class Act:
    """One step, ready to be played; it may be broken off anywhere and played again.

    Args:
        step: What the script says.
        director: Whose story it is.
        runs: The runs of the story.
    """

    def __init__(self, step: Part, director: Director, runs: Company) -> None:
        self._step = step
        self._director = director
        self._runs = runs

    async def __call__(self) -> None:
        """Play it."""
        director, runs, stage = self._director, self._runs, self._director.stage
        match self._step:
            case Say(say=text) as step:
                director.say(await asyncio.to_thread(filled, text, runs.moment))
                await director.rest(step.seconds)
            case Wait(wait=seconds):
                await director.rest(seconds)
            case Until(until=time_s, run=name):
                await self._until(name or director.present, time_s)
            case Start(start=names):
                director.in_background(partial(runs.open_all, names))
            case Live(live=name):
                director.present = name
                await director.set_scene(partial(self._show_live, name))
            case Compare() | Versus() | Debug():
                await director.set_scene(self._show_screen)
            case Override(override=replicas, for_text=time):
                await self._override(replicas, time)
            case Release():
                await self._show_live(director.present)
                await stage.press("r")
                await asyncio.to_thread(runs.pinned, director.present, None)
            case Press(press=keys):
                await stage.press(*keys, apart_s=0.3)
            case step:
                await asyncio.to_thread(self._command, step)

    def _command(self, step: Part) -> None:
        present, runs = self._director.present, self._runs
        match step:
            case Speed(speed=speed, run=name):
                runs.speed(name or present, speed)
            case Mode(mode=mode, run=name):
                runs.mode(name or present, ControlMode(mode))
            case Pause(pause=name):
                runs.pause(name or present)
            case Resume(resume=name):
                runs.resume(name or present)

    async def _until(self, name: str, time_s: float) -> None:
        while not await asyncio.to_thread(self._runs.has_reached, name, time_s):
            await asyncio.sleep(_POLL_S)

    async def _show_live(self, name: str) -> None:
        await self._director.stage.show_live(await asyncio.to_thread(self._runs.open, name))

    async def _show_screen(self) -> None:
        # Screens are imported where they are made: the first paint does not wait for them.
        runs, show = self._runs, self._director.stage.show
        match self._step:
            case Compare(compare=pair):
                from console.screens.compare import CompareScreen

                first, second = [await asyncio.to_thread(runs.open, name) for name in pair]
                await show(CompareScreen(first, second))
            case Versus(versus=pair, at=at):
                from console.screens.versus import VersusScreen

                first, second = [await asyncio.to_thread(runs.open, name) for name in pair]
                step = None
                if at is not None:
                    step = await asyncio.to_thread(runs.step_at, pair[0], at)
                await show(VersusScreen(first, second, step))
            case Debug(debug=name, at=at):
                from console.screens.debug import DebugScreen

                directory = await asyncio.to_thread(runs.open, name)
                await show(DebugScreen(directory, time_s=at))

    async def _override(self, replicas: int, time: str) -> None:
        director, runs = self._director, self._runs
        name = director.present
        await self._show_live(name)
        if await director.stage.override(replicas, time):
            await asyncio.to_thread(runs.pinned, name, replicas)
