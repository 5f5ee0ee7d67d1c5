"""Plays a script on the console, and lets go of it as soon as somebody else steers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from textual import events
from textual.widgets import Input

from console.keys import KeyContext, entries
from console.live.signs import signs
from console.story.bar import StoryBar, StoryPicture, StoryState
from console.story.stage import BEAT_S, Stage
from core.clock import Clock, SystemClock
from core.errors import RlscaleError

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from console.story.company import Company
    from console.story.opening import Opening
    from console.story.script import Scene, Script

Result = TypeVar("Result")

_BAR_PERIOD_S = 0.1


class Director:
    """A story under way.

    Args:
        application: The console, which shows the first run already.
        opening: Gives script and runs as soon as they are there.
        pace: How much faster than written everything goes.
        clock: What captions stand by.
    """

    def __init__(
        self,
        application: RlscaleApp,
        opening: Opening,
        pace: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        self._application = application
        self._opening = opening
        self._pace = pace
        self._clock = clock or SystemClock()
        self.stage = Stage(application, self._clock, pace)
        self.present = ""
        """Name of the run that was shown last."""
        self._scenery: Callable[[], Awaitable[None]] | None = None
        self._picture = StoryPicture()
        self._turn: asyncio.Task[None] | None = None
        self._displaced = False
        self._cut_short = False
        self._runs: Company | None = None
        self._keys = {key for entry in entries(KeyContext.STORY) for key in entry.keys.split(",")}

    @property
    def picture(self) -> StoryPicture:
        """Where the story stands."""
        return self._picture

    @property
    def state(self) -> StoryState:
        """Who steers."""
        return self._picture.state

    async def play(self) -> None:
        """Play from the first scene to the last; then the last caption stays until a key."""
        timer = self._application.set_interval(_BAR_PERIOD_S, self._show_bar)
        self._show_bar()
        opened = await asyncio.to_thread(self._opening.wait)
        if opened is None:
            self.end()
        else:
            script, self._runs = opened
            try:
                await self._play_all(script, self._runs)
            except RlscaleError as error:
                self._application.notify(f"The story ends: {error}", severity="error", markup=False)
                self.end()
        await self.until(lambda: not self._picture.caption)
        if self._runs is not None and self._cut_short:
            await self._try(self._runs.let_go)
        timer.stop()
        for screen in self._application.screen_stack:
            await screen.query(StoryBar).remove()

    def close(self) -> None:
        """Let go of the runs; their engines go on."""
        self._opening.give_up()
        if self._runs is not None:
            self._runs.close()

    async def _play_all(self, script: Script, runs: Company) -> None:
        from console.story.acts import Act, is_over

        for number, scene in enumerate(script.scenes, start=1):
            if await asyncio.to_thread(is_over, scene, self.present, runs):
                self._leave_out(scene)
                continue
            self._change(scene=scene.title, number=number, scenes=len(script.scenes))
            for step in scene.steps:
                taken = await self._take(Act(step, self, runs), runs)
                if not taken:
                    self._leave_out(scene)
                    break
                if self.state is StoryState.ENDED:
                    return
        self._change(state=StoryState.ENDED)

    def _leave_out(self, scene: Scene) -> None:
        words = f"{scene.title.capitalize()} is left out: its run has ended"
        self._application.notify(words, markup=False)

    async def _take(self, act: Callable[[], Awaitable[None]], runs: Company) -> bool:
        """One step; from its beginning again if somebody else has steered meanwhile.

        Returns:
            Whether it could be done: not if the run that is shown has ended meanwhile.
        """
        had_ended = await asyncio.to_thread(runs.has_ended, self.present)
        while True:
            await self.until(lambda: self.state is not StoryState.WAITING)
            if self.state is StoryState.ENDED:
                return True
            displaced = self._displaced and not had_ended
            if displaced and await asyncio.to_thread(runs.has_ended, self.present):
                return False
            turn = asyncio.ensure_future(self._turn_of(act))
            self._turn = turn
            try:
                await asyncio.wait({turn})
            finally:
                turn.cancel()
            if not turn.cancelled():
                turn.result()
                return True

    async def _turn_of(self, act: Callable[[], Awaitable[None]]) -> None:
        if self._displaced:
            if self._runs is not None:
                if self._runs.is_held:
                    await asyncio.to_thread(self._runs.hold, False)
                if self.present:
                    await asyncio.to_thread(self._runs.put_back, self.present)
            if self._scenery is not None:
                await self._scenery()
            self._displaced = False
        await act()

    # -- for the acts -------------------------------------------------------------------------

    def say(self, caption: str) -> None:
        """Show a caption."""
        self._change(caption=caption)

    async def rest(self, seconds: float) -> None:
        """Let time pass while the story plays; `seconds` are as written in the script."""
        left, before = seconds / self._pace, self._clock.monotonic()
        while left > 0:
            await asyncio.sleep(min(BEAT_S, left))
            now = self._clock.monotonic()
            if self.state is StoryState.PLAYING:
                left -= now - before
            before = now

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something, however long."""
        while not condition():
            await asyncio.sleep(BEAT_S)

    def in_background(self, work: Callable[[], object]) -> None:
        """Do something in a thread without waiting for it."""
        self._application.run_worker(work, thread=True, group="story-runs")

    async def set_scene(self, show: Callable[[], Awaitable[None]]) -> None:
        """Show a screen, and show it again when the story goes on after somebody else steered."""
        self._scenery = show
        await show()

    # -- for the keys -------------------------------------------------------------------------

    def notice(self, event: events.InputEvent) -> None:
        """See what is pressed: whatever means something to the console takes over."""
        if event.is_forwarded or not self._takes_over(event):
            return
        if self.state is StoryState.ENDED:
            self.end()
        elif self.state is not StoryState.WAITING:
            self._change(state=StoryState.WAITING)
            self._displaced = True
            if self._turn is not None:
                self._turn.cancel()

    def _takes_over(self, event: events.InputEvent) -> bool:
        if self.stage.is_own(event):
            return False
        application = self._application
        if isinstance(event, events.Key):
            if event.key in self._keys and self.state is not StoryState.ENDED:
                return False
            typed = isinstance(application.focused, Input)
            return typed or event.key in application.screen.active_bindings
        if isinstance(event, (events.MouseDown, events.MouseScrollUp, events.MouseScrollDown)):
            return not any(bar.region.contains(event.x, event.y) for bar in self._bars())
        return isinstance(event, events.Paste) and isinstance(application.focused, Input)

    async def toggle_pause(self) -> None:
        """Let the story and its runs stand still, or go on."""
        if self._runs is None or self.state not in (StoryState.PLAYING, StoryState.PAUSED):
            return
        held = self.state is StoryState.PLAYING
        self._change(state=StoryState.PAUSED if held else StoryState.PLAYING)
        await self._try(partial(self._runs.hold, held))

    async def _try(self, work: Callable[[], None]) -> None:
        """Do something in a thread; what goes wrong with it is said, and nothing ends."""
        try:
            await asyncio.to_thread(work)
        except RlscaleError as error:
            self._application.notify(str(error), severity="error", markup=False)

    def takes(self, word: str) -> bool:
        """Whether one of its keys means something now: pause, resume or end."""
        match word:
            case "pause":
                return self.state in (StoryState.PLAYING, StoryState.PAUSED)
            case "resume":
                return self.state is StoryState.WAITING
            case _:
                return self.state is not StoryState.ENDED

    def go_on(self) -> None:
        """Steer again, from the step that was broken off."""
        if self.state is StoryState.WAITING:
            self._change(state=StoryState.PLAYING)

    def end(self) -> None:
        """Tell no more; runs go on."""
        self._cut_short = self._cut_short or self.state is not StoryState.ENDED
        self._change(state=StoryState.ENDED, caption="")
        if self._turn is not None:
            self._turn.cancel()

    # -- the bar ------------------------------------------------------------------------------

    def _change(self, **changes: object) -> None:
        self._picture = replace(self._picture, **changes)  # type: ignore[arg-type]
        self._show_bar()

    def _bars(self) -> list[StoryBar]:
        return list(self._application.screen.query(StoryBar))

    def _show_bar(self) -> None:
        if not self._application.screen_stack:
            return  # The console is closing, and its timers are the last to know.
        screen = self._application.screen
        # Screens of Textual itself, such as the palette, are left alone.
        if not screen.is_attached or not hasattr(screen, "key_contexts"):
            return
        bars = self._bars()
        if not bars:
            bars = [StoryBar(signs(self._application.drawing.ascii))]
            screen.mount(bars[0])
        bars[0].show_story(self._picture)
