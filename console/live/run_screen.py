"""A screen that shows a run: it reads, draws, sends commands; what keys mean is not its matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from console.fed_screen import FedScreen
from console.keys import KeyContext
from console.live.body import LiveBody
from console.live.desk import Desk
from console.live.feed import RunFeed
from console.live.playhead import PlayHead
from console.live.position import Position
from console.live.scene import HeaderContext, Scene
from console.live.signs import signs
from console.widgets.key_bar import KeyBar
from console.widgets.too_small import TooSmall
from core.clock import Clock, SystemClock

if TYPE_CHECKING:
    from console.live.commander import Answer
    from core.runs.commands import Command
    from core.runs.records import RunStatus

_LONGEST_LOOK_S = 0.5
"""Between two looks into the file, however seldom the screen is drawn."""


class RunScreen(FedScreen[RunFeed]):
    """A run on screen.

    Args:
        run_directory: The run, or what gives it: called away from the screen, it may start one.
        read_only: Whether this console may only look.
        replay: Whether the run is played with a play head of its own.
        head: Where a replay begins; None begins at the first decision.
        clock: What a replay goes by.
    """

    AUTO_FOCUS = ""

    class Looked(Message):
        """The feed answered what was asked for."""

    class Answered(Message):
        """A command was carried out or refused."""

        def __init__(self, answer: Answer) -> None:
            super().__init__()
            self.answer = answer

    def __init__(
        self,
        run_directory: Path | Callable[[], Path],
        *,
        read_only: bool = False,
        replay: bool = False,
        head: PlayHead | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self._open_run: Callable[[], Path] = (
            (lambda: run_directory) if isinstance(run_directory, Path) else run_directory
        )
        self._read_only = read_only
        self._replay = replay
        self._clock = clock or SystemClock()
        self._looked_at = 0.0
        self._position = Position(head=(head or PlayHead()) if replay else None)
        known = isinstance(run_directory, Path)
        self._scene = Scene(opening="Opening the run" if known else "Starting the engine")
        self._desk = Desk(read_only=read_only or replay, answered=self._tell_answered)
        self._leaving = False

    @property
    def key_contexts(self) -> tuple[KeyContext, ...]:
        """Which keys apply, for the footer and the help."""
        snapshot = self._scene.snapshot
        commands = snapshot is None or snapshot.status.state.is_live
        if not self._replay and (self._read_only or not commands):
            return (KeyContext.LIVE,)
        on_cluster = snapshot is not None and bool(snapshot.info.target)
        if self._scene.training and not self._replay:
            if on_cluster:
                return (KeyContext.CLUSTER, KeyContext.TRAINING, KeyContext.LIVE)
            return (KeyContext.TRAINING, KeyContext.LIVE)
        if self._replay:
            return (KeyContext.REPLAY, KeyContext.LIVE)
        if on_cluster:
            return (KeyContext.CLUSTER, KeyContext.LIVE)
        return (KeyContext.CONTROL, KeyContext.LIVE)

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self._scene

    @property
    def is_ready(self) -> bool:
        """Whether the run is read."""
        return self._scene.snapshot is not None

    @property
    def shown_head(self) -> int | None:
        """Replay: the step that is drawn; None before the first."""
        snapshot = self._scene.snapshot
        return None if snapshot is None else snapshot.view.head

    def seek(self, step: int) -> None:
        """Look at a step; a replay goes on playing from there."""
        self._move(self._position.sought(step, self._scene.snapshot))

    @property
    def body(self) -> LiveBody:
        """The parts."""
        return self.query_one(LiveBody)

    @property
    def commands_running_engine(self) -> bool:
        """Whether quitting leaves an engine behind that this console could stop."""
        snapshot = self._scene.snapshot
        watching_only = self._read_only or self._replay
        return not watching_only and snapshot is not None and snapshot.status.state.is_live

    def compose(self) -> ComposeResult:
        """The parts and the keys."""
        drawing = self.console_app.drawing
        yield LiveBody(signs(drawing.ascii), low_bandwidth=drawing.low_bandwidth)
        yield KeyBar(*self.key_contexts)
        yield TooSmall("" if self._replay else "The run goes on.")

    def on_mount(self) -> None:
        """Begin to read once the empty screen has been painted."""
        period_s = 1.0 / self.console_app.drawing.refresh_hz
        self._looked_at = self._clock.monotonic()
        # Reading costs no bytes: what others do is on the screen within two redraws.
        self._feed = RunFeed(self._open_run, min(period_s, _LONGEST_LOOK_S), self._tell_looked)
        self.call_after_refresh(self._feed.start, self._position.view(None))
        self.set_interval(period_s, self._tick)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.body.redraw())

    def on_unmount(self) -> None:
        """End the threads; the engine goes on."""
        if self._feed is not None:
            self._feed.stop()
        self._desk.stop()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self.query_one(TooSmall).fit(self)
        self._show()

    # The next two are called from the threads.
    def _tell_looked(self) -> None:
        self.post_message(self.Looked())

    def _tell_answered(self, answer: Answer) -> None:
        self.post_message(self.Answered(answer))

    def _tick(self) -> None:
        now = self._clock.monotonic()
        elapsed_s, self._looked_at = now - self._looked_at, now
        if self._position.playing:
            self._move(self._position.advanced(elapsed_s, self._scene.snapshot))
        self._sample()

    def on_run_screen_looked(self) -> None:
        """Draw what a key asked for as soon as it is read."""
        self._sample()

    def _sample(self) -> None:
        if self._feed is None:
            return
        state = self._feed.state
        if state.snapshot is not self._scene.snapshot or state.problem != self._scene.problem:
            if state.snapshot is not None:
                self._desk.seen(state.snapshot)
            self._show(snapshot=state.snapshot, problem=state.problem)

    def _move(self, position: Position) -> None:
        self._position = position
        if self._feed is not None:
            self._feed.ask(position.view(self._scene.snapshot))
        if position.head is not None:
            self._show()

    def _show(self, **changes: object) -> None:
        head = self._position.head
        context = HeaderContext(
            read_only=self._read_only,
            replay=self._replay,
            playing=head.playing if head is not None else True,
            replay_speed=head.speed if head is not None else None,
        )
        width, height = self.size
        self._scene = replace(
            self._scene,
            context=context,
            width=width,
            height=height,
            **changes,  # type: ignore[arg-type]
        )
        self.body.draw(self._scene)
        self.query_one(KeyBar).show_contexts(*self.key_contexts)

    def _notice(self, words: str, *, warning: bool = False) -> None:
        plain = signs(self.console_app.drawing.ascii).words(words)
        self.notify(
            plain, severity="warning" if warning else "information", timeout=4.0, markup=False
        )

    def _refused_in_replay(self) -> bool:
        if self._replay:
            self._notice("This is a replay: there is nothing to command", warning=True)
        return self._replay

    def _command(self, made: Callable[[RunStatus], Command]) -> None:
        snapshot = self._scene.snapshot
        if snapshot is not None and not self._refused_in_replay():
            self._desk.send(snapshot, made(snapshot.status))

    def on_run_screen_answered(self, event: Answered) -> None:
        """Say what became of a command; the log keeps what was refused."""
        answer, snapshot = event.answer, self._scene.snapshot
        if snapshot is None:
            return
        self._notice(answer.message[:1].upper() + answer.message[1:], warning=not answer.ok)
        refusal = self._desk.settle(answer, snapshot)
        if refusal is not None:
            self._show(refusals=(*self._scene.refusals, refusal)[-100:])
        if self._feed is not None:
            self._feed.look_now()
        if self._leaving and answer.command.name == "stop":
            self._leaving = False
            if answer.ok:
                self.app.exit()
