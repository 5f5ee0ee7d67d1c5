"""A screen with a run under the debugger: it reads, draws and drives; keys are not its matter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.message import Message

from console.debug.body import DebugBody
from console.debug.driver import Driver
from console.debug.feed import DebugFeed, Work
from console.debug.prompt import Prompt
from console.debug.scene import DebugScene
from console.debug.timeline_widget import Timeline
from console.debug.view import DebugView, Done
from console.debug.works import go_to_time
from console.fed_screen import FedScreen
from console.keys import KeyContext
from console.live.navigation import Extent, Navigation
from console.live.signs import signs
from console.widgets.key_bar import KeyBar
from console.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from console.debug.view import Picture

_RUN_ON = ("sim",)
"""Environments in which an engine may be driven decision by decision."""


class DebugRunScreen(FedScreen[DebugFeed]):
    """A run under the debugger.

    Args:
        run_directory: The run.
        step: The decision to open at; None for the newest.
        time_s: The same by simulated time.
        read_only: Whether this console may only look.
    """

    AUTO_FOCUS = ""
    key_contexts = (KeyContext.DEBUG,)

    class Changed(Message):
        """There is something new to show."""

    class Told(Message):
        """Something that was asked of the run is done."""

        def __init__(self, done: Done) -> None:
            super().__init__()
            self.done = done

    def __init__(
        self,
        run_directory: Path,
        step: int | None = None,
        time_s: float | None = None,
        *,
        read_only: bool = False,
    ) -> None:
        super().__init__()
        self.directory = run_directory
        self._opening = step
        """Where to open, until the first picture tells what there is."""
        self._opening_s = time_s if step is None else None
        self._scene = DebugScene(read_only=read_only)
        self._view = DebugView(Navigation(span_s=1800.0))
        self._driver = Driver(run_directory, self._tell_done)
        self._watched_from: int | None = None
        """The newest step when waiting for a stop began; None while nobody waits."""

    @property
    def scene(self) -> DebugScene:
        """What is shown."""
        return self._scene

    @property
    def picture(self) -> Picture | None:
        """The moment as last read; None until then."""
        return self._scene.picture

    @property
    def is_ready(self) -> bool:
        """Whether the decision is read."""
        return self._opening is None and self.picture is not None

    @property
    def body(self) -> DebugBody:
        """The parts."""
        return self.query_one(DebugBody)

    @property
    def prompt(self) -> Prompt:
        """Where things are typed."""
        return self.query_one(Prompt)

    def compose(self) -> ComposeResult:
        """The parts, the prompt and the keys."""
        drawing = self.console_app.drawing
        yield DebugBody(signs(drawing.ascii), low_bandwidth=drawing.low_bandwidth)
        yield Prompt()
        yield KeyBar(KeyContext.DEBUG)
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin to read once the empty screen has been painted."""
        self._feed = DebugFeed(
            self.directory,
            keep=not self._scene.read_only,
            period_s=1.0 / self.console_app.drawing.refresh_hz,
            changed=self._tell_changed,
            done=self._tell_done,
        )
        if self._opening_s is not None:
            # Answered before the first picture.
            self.do(go_to_time(self._opening_s, None))
        self.call_after_refresh(self._feed.start, self._view)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.body.redraw())

    def on_unmount(self) -> None:
        """End the threads; an engine stays as it is."""
        self._driver.stop()
        if self._feed is not None:
            self._feed.stop()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.query_one(TooSmall).fit(self)
        self.show()

    # The next two are called from the threads.
    def _tell_changed(self) -> None:
        self.post_message(self.Changed())

    def _tell_done(self, done: Done) -> None:
        self.post_message(self.Told(done))

    def on_debug_run_screen_changed(self) -> None:
        """Draw what is new; many pieces of news at once are drawn once."""
        if self._feed is None or self._feed.state is self._scene.state:
            return
        self.show(state=self._feed.state)
        if self._opening is not None and self.picture is not None:
            step, self._opening = self._opening, None
            self.go(step)
        self._watch()

    def _watch(self) -> None:
        begin, picture = self._watched_from, self.picture
        if begin is None or picture is None:
            return
        later = picture.stops[picture.stops > begin]
        if len(later):
            self._watched_from = None
            self.say("Stopped at a breakpoint")
            self.go(int(later[0]))
        elif not picture.snapshot.status.state.is_live:
            self._watched_from = None
            self.say("The run has ended without a further stop")

    def on_debug_run_screen_told(self, event: Told) -> None:
        """Say what came of it, and go where it leads."""
        done = event.done
        if done.words:
            self.say(done.words[:1].upper() + done.words[1:], warning=done.failed)
        if done.goto is not None and self.picture is None:
            self._opening = done.goto
        elif done.goto is not None:
            self.go(done.goto)
        elif done.follow:
            self.follow()
        if done.watch:
            self._watched_from = self.extent.newest
        if done.rival is not None:
            from console.screens.versus import VersusScreen

            self.app.push_screen(VersusScreen(self.directory, done.rival, self.present))
        self.show()

    # -- for the keys -------------------------------------------------------------------------

    def show(self, **changes: object) -> None:
        """Draw the scene, with something changed."""
        width, height = self.size
        picture = self._scene.picture if "state" not in changes else None
        self._scene = replace(
            self._scene,
            width=width,
            height=height,
            running=self._driver.running or self._watched_from is not None,
            **changes,  # type: ignore[arg-type]
        )
        picture = picture or self._scene.picture
        if picture is not None:
            status = picture.snapshot.status
            commands = status.state.is_live and status.environment in _RUN_ON
            self._scene = replace(self._scene, commands=commands and not self._scene.read_only)
        self.body.draw(self._scene)

    def say(self, words: str, *, warning: bool = False) -> None:
        """Tell the operator something."""
        plain = signs(self.console_app.drawing.ascii).words(words)
        self.notify(
            plain, severity="warning" if warning else "information", timeout=4.0, markup=False
        )

    def ask(self, view: DebugView) -> None:
        """Show another view as soon as it is read."""
        self._view = view
        if self._feed is not None:
            self._feed.ask(view)

    def do(self, work: Work) -> None:
        """Ask something of the run, away from the screen."""
        if self._feed is not None:
            self._feed.do(work)

    @property
    def extent(self) -> Extent:
        """The steps that there are."""
        picture = self.picture
        if picture is None:
            return Extent(-1, 15.0)
        return Extent(picture.snapshot.length, picture.snapshot.info.interval_s)

    @property
    def present(self) -> int:
        """The step that is looked at, though it may not have been read yet."""
        cursor = self._view.navigation.cursor
        return self.extent.newest if cursor is None else cursor

    def go(self, step: int) -> None:
        """Show another step, or the nearest one that there is."""
        extent = self.extent
        if extent.newest < 0:
            return
        if step > extent.newest:
            # Not read yet, as after a decision that was just taken.
            extent = Extent(step, extent.interval_s)
        self.ask(replace(self._view, navigation=self._view.navigation.at(step, extent)))

    def follow(self) -> None:
        """Show the newest step, and stay with it."""
        self.ask(replace(self._view, navigation=self._view.navigation.followed()))

    def halted(self) -> bool:
        """Halt a run that is driven on, or wait no more; returns whether there was such a thing."""
        running = self._driver.running
        if running:
            self._driver.halt()
        waited, self._watched_from = self._watched_from is not None, None
        if waited:
            self.show()
        return running or waited

    @on(Timeline.Pointed)
    def _point(self, event: Timeline.Pointed) -> None:
        step = self.body.step_at(event.column)
        if step is not None:
            self.go(step)
