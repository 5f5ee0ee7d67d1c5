"""The Live screen: one run, watched, commanded, inspected, or played again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from console.dialogs.leave import LeaveChoice, LeaveDialog
from console.keys import KeyContext, bindings
from console.live.body import LiveBody
from console.live.charts import step_axis
from console.live.commander import Answer, Commander
from console.live.control import next_mode, next_speed, pause_or_resume, pinned, target_of
from console.live.demo import CAPTION, start_demo
from console.live.feed import RunFeed
from console.live.header import HeaderContext
from console.live.log import LogLine
from console.live.navigation import Extent, Navigation, span_text
from console.live.playhead import PlayHead
from console.live.scene import Scene
from console.live.signs import signs
from console.live.snapshot import View
from console.widgets.chart import Chart
from console.widgets.key_bar import KeyBar
from core.clock import Clock, SystemClock
from core.runs.commands import Command, CommandName
from core.runs.records import RunKind, RunStatus
from core.state import Actor, ControlMode

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from console.live.override import OverridePreview


class LiveScreen(Screen[None]):
    """A run on screen.

    Args:
        run_directory: The run; None starts the demo.
        read_only: Whether this console may only look.
        replay: Whether the run is played with a play head of its own.
        seed: Of the demo.
        clock: What a replay goes by.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(KeyContext.LIVE, KeyContext.CONTROL, KeyContext.REPLAY)
    ]
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
        run_directory: Path | None,
        *,
        read_only: bool = False,
        replay: bool = False,
        seed: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__()
        self._open_run: Callable[[], Path] = (
            (lambda: start_demo(seed)) if run_directory is None else (lambda: run_directory)
        )
        self._read_only = read_only
        self._replay = replay
        self._clock = clock or SystemClock()
        self._played_at = 0.0
        self._navigation = Navigation()
        self._head = PlayHead() if replay else None
        self._scene = Scene(caption=CAPTION if run_directory is None else "")
        self._commander: Commander | None = None
        self._feed: RunFeed | None = None
        self._wanted_replicas: int | None = None
        self._leaving = False

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    @property
    def key_contexts(self) -> tuple[KeyContext, ...]:
        """Which keys apply, for the footer and the help."""
        if self._replay:
            return (KeyContext.REPLAY, KeyContext.LIVE)
        return (KeyContext.CONTROL, KeyContext.LIVE)

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self._scene

    @property
    def commands_running_engine(self) -> bool:
        """Whether quitting leaves an engine behind that this console could stop."""
        snapshot = self._scene.snapshot
        watching_only = self._read_only or self._replay
        return not watching_only and snapshot is not None and snapshot.status.state.is_live

    def compose(self) -> ComposeResult:
        """The parts and the keys."""
        yield LiveBody(signs(self.console_app.drawing.ascii))
        yield KeyBar(*self.key_contexts)

    # -- the picture --------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to read once the empty screen has been painted."""
        period_s = 1.0 / self.console_app.drawing.refresh_hz
        self._played_at = self._clock.monotonic()
        self._feed = RunFeed(self._open_run, period_s, self._looked)
        self._feed.ask(self._view())
        self.call_after_refresh(self._feed.start)
        self.set_interval(period_s, self._tick)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.body.redraw())

    def on_unmount(self) -> None:
        """End the threads; the engine goes on."""
        if self._feed is not None:
            self._feed.stop()
        if self._commander is not None:
            self._commander.stop()

    def on_screen_suspend(self) -> None:
        """Rest below another screen, but not below a dialog."""
        if self._feed is not None and not isinstance(self.app.screen, ModalScreen):
            self._feed.suspend(True)

    def on_screen_resume(self) -> None:
        """Go on."""
        if self._feed is not None:
            self._feed.suspend(False)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._show()

    @property
    def body(self) -> LiveBody:
        """The parts."""
        return self.query_one(LiveBody)

    def _view(self) -> View:
        head = None
        if self._head is not None:
            extent = self._file_extent()
            head = self._head.step(extent.interval_s, extent.newest)
        return View(self._navigation, head)

    def _file_extent(self) -> Extent:
        snapshot = self._scene.snapshot
        if snapshot is None:
            return Extent(-1, 15.0)
        return Extent(snapshot.length, snapshot.info.interval_s)

    def _extent(self) -> Extent:
        snapshot = self._scene.snapshot
        if snapshot is None:
            return Extent(-1, 15.0)
        return Extent(snapshot.newest, snapshot.info.interval_s)

    def _tick(self) -> None:
        now = self._clock.monotonic()
        elapsed_s, self._played_at = now - self._played_at, now
        if self._head is not None and self._head.playing:
            extent = self._file_extent()
            self._head = self._head.advanced(elapsed_s, extent.interval_s, extent.newest)
            self._ask()
        self._sample()

    def on_live_screen_looked(self) -> None:
        """Draw what a key asked for as soon as it is read."""
        self._sample()

    def _sample(self) -> None:
        if self._feed is None:
            return
        state = self._feed.state
        if state.snapshot is not self._scene.snapshot or state.problem != self._scene.problem:
            self._show(snapshot=state.snapshot, problem=state.problem)

    def _ask(self) -> None:
        if self._feed is not None:
            self._feed.ask(self._view())

    def _show(self, **changes: object) -> None:
        context = HeaderContext(
            read_only=self._read_only,
            replay=self._replay,
            playing=self._head.playing if self._head is not None else True,
            replay_speed=self._head.speed if self._head is not None else None,
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

    def _notice(self, words: str, *, warning: bool = False) -> None:
        plain = signs(self.console_app.drawing.ascii).words(words)
        severity = "warning" if warning else "information"
        self.notify(plain, severity=severity, timeout=4.0, markup=False)  # type: ignore[arg-type]

    # -- looking ------------------------------------------------------------------------------

    def _navigate(self, navigation: Navigation) -> None:
        self._navigation = navigation
        self._ask()

    def _play(self, head: PlayHead) -> None:
        self._head = head
        self._ask()
        self._show()

    def action_cursor(self, by: int) -> None:
        """Move the inspected moment; in a replay, the play head."""
        if self._head is not None:
            extent = self._file_extent()
            self._play(self._head.moved(by, extent.interval_s, extent.newest))
        else:
            self._navigate(self._navigation.moved(by, self._extent()))

    def action_first(self) -> None:
        """Go to the first decision."""
        if self._head is not None:
            extent = self._file_extent()
            self._play(self._head.at(0, extent.interval_s, extent.newest))
        elif self._extent().newest >= 0:
            self._navigate(self._navigation.at(0, self._extent()))

    def action_follow(self) -> None:
        """Return to the newest decision."""
        if self._head is not None:
            extent = self._file_extent()
            self._play(self._head.at(extent.newest, extent.interval_s, extent.newest))
        else:
            self._navigate(self._navigation.followed())

    def action_zoom(self, by: int) -> None:
        """Show more time, or less."""
        before = self._navigation.span_s
        self._navigate(self._navigation.zoomed(by, self._extent()))
        after = self._navigation.span_s
        if before == after:
            self._notice(f"The charts show {span_text(after)}, no {'more' if by > 0 else 'less'}")

    @on(Chart.Picked)
    def _pick(self, event: Chart.Picked) -> None:
        names = self._scene.charts
        name = (event.chart.id or "").removeprefix("chart-")
        if name in names:
            self._show(selected=names.index(name))
        snapshot = self._scene.snapshot
        if event.moment is None or snapshot is None or self._head is not None:
            return
        axis = step_axis(snapshot)
        if len(axis):
            nearest = int(np.argmin(np.abs(axis - event.moment)))
            step = int(snapshot.window.step[nearest])
            self._navigate(self._navigation.at(step, self._extent()))

    def action_select_chart(self, by: int) -> None:
        """Select the next chart, or the one before."""
        count = len(self._scene.charts)
        self._show(selected=(self._scene.selected + by) % count)

    def action_full_screen(self) -> None:
        """The selected chart on the whole screen, and back."""
        self._show(full_screen=not self._scene.full_screen)

    def action_log_scale(self) -> None:
        """Logarithmic scale of the selected chart, and back."""
        chart = self.body.selected_chart
        if chart is None or chart.data is None:
            return
        if not chart.logarithmic and not chart.data.has_positive:
            self._notice("No logarithmic scale: every value is at or below zero")
            return
        chart.logarithmic = not chart.logarithmic

    def action_toggle_decision(self) -> None:
        """Show or hide the decision."""
        scene = self._scene
        shown = scene.decision_beside or scene.decision_instead
        self._show(decision=not shown, full_screen=False)

    def action_other_charts(self) -> None:
        """Training: its own charts, or those of the traffic."""
        if self._scene.training:
            self._show(traffic_page=not self._scene.traffic_page)
        else:
            self._notice("Only a training has other charts")

    def action_filter_log(self) -> None:
        """Type a filter for the log."""
        field = self.body.filter_input
        field.display = True
        field.focus()

    @on(Input.Changed, "#live-filter")
    def _filter(self, event: Input.Changed) -> None:
        self._show(pattern=event.value)

    @on(Input.Submitted, "#live-filter")
    def _keep_filter(self) -> None:
        self.body.filter_input.display = False
        self.set_focus(None)

    def action_back(self) -> None:
        """Close what is open, one thing at a time."""
        scene, field = self._scene, self.body.filter_input
        if field.display or scene.pattern:
            field.value = ""
            field.display = False
            self.set_focus(None)
        elif scene.full_screen:
            self._show(full_screen=False)
        elif scene.decision_instead:
            self._show(decision=None)
        elif not self._navigation.following:
            self.action_follow()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    # -- control ------------------------------------------------------------------------------

    def action_pause(self) -> None:
        """Pause or go on; in a replay, halt or play."""
        if self._head is not None:
            extent = self._file_extent()
            self._play(self._head.toggled(extent.interval_s, extent.newest))
        else:
            self._command(pause_or_resume)

    def action_next(self) -> None:
        """One decision; in a replay, one step on."""
        if self._head is not None:
            self.action_cursor(1)
        else:
            self._command(lambda _: Command.step())

    def action_speed(self, by: int) -> None:
        """Faster or slower."""
        if self._head is not None:
            self._play(self._head.with_speed(next_speed(self._head.speed, by)))
        else:
            self._command(lambda status: Command.speed(next_speed(status.speed, by)))

    def action_cycle_mode(self) -> None:
        """The next control mode."""
        self._command(lambda status: next_mode(status.mode))

    def action_release(self) -> None:
        """Give control back."""
        self._command(lambda _: Command.release())

    def action_pin(self, by: int) -> None:
        """One replica more or less while the operator is in control."""
        snapshot = self._scene.snapshot
        if snapshot is None:
            return
        status = snapshot.status
        if status.mode is not ControlMode.MANUAL and self._wanted_replicas is None:
            self._notice(f"Mode is {status.mode}: press o to pin replicas, or m for MANUAL")
            return
        command = pinned(status, snapshot.step, snapshot.facts, by, self._wanted_replicas)
        if command is None:
            self._notice("At the limit of the deployment")
            return
        self._wanted_replicas = target_of(command)
        self._send(command)

    def action_override(self) -> None:
        """Open the override dialog."""
        snapshot = self._scene.snapshot
        if snapshot is None or snapshot.step is None or snapshot.facts is None:
            self._notice("There is no deployment to override yet", warning=True)
            return
        from console.dialogs.override import OverrideDialog, OverrideSubject

        subject = OverrideSubject(
            snapshot.info.scenario,
            snapshot.step.state,
            snapshot.facts,
            snapshot.guardrails,
            snapshot.status.override_target,
        )

        def apply(found: OverridePreview | None) -> None:
            if found is not None:
                self._send(Command.override(found.replicas, found.ttl_s))

        self.app.push_screen(OverrideDialog(subject, signs(self.console_app.drawing.ascii)), apply)

    def ask_to_leave(self) -> None:
        """Ask whether the engine goes on, then quit."""
        snapshot = self._scene.snapshot
        if snapshot is None:
            self.app.exit()
            return

        def leave(choice: LeaveChoice | None) -> None:
            if choice is LeaveChoice.LEAVE_RUNNING:
                self.app.exit()
            elif choice is LeaveChoice.STOP:
                self._leaving = True
                self._notice("Stopping the engine")
                self._send(Command.stop())

        training = snapshot.info.kind is RunKind.TRAINING
        self.app.push_screen(LeaveDialog(snapshot.info.run_id, training=training), leave)

    def _command(self, made: Callable[[RunStatus], Command]) -> None:
        if self._scene.snapshot is not None:
            self._send(made(self._scene.snapshot.status))

    def _send(self, command: Command) -> None:
        snapshot = self._scene.snapshot
        if snapshot is None:
            return
        if self._commander is None:
            self._commander = Commander(
                snapshot.info.directory,
                read_only=self._read_only or self._replay,
                answered=self._answered,
            )
        self._commander.send(command)

    # The next two are called from the threads.
    def _looked(self) -> None:
        self.post_message(self.Looked())

    def _answered(self, answer: Answer) -> None:
        self.post_message(self.Answered(answer))

    def on_live_screen_answered(self, event: Answered) -> None:
        """Say what became of a command; the log keeps what was refused."""
        answer, snapshot = event.answer, self._scene.snapshot
        if self._commander is not None and self._commander.idle:
            self._wanted_replicas = None
        self._notice(answer.message[:1].upper() + answer.message[1:], warning=not answer.ok)
        if not answer.ok and snapshot is not None and snapshot.step is not None:
            line = LogLine(
                snapshot.newest,
                snapshot.step.state.time_s,
                "refused",
                f"{answer.command.name}: {answer.message}",
                Actor.OPERATOR,
            )
            self._show(refusals=(*self._scene.refusals, line)[-100:])
        if self._feed is not None:
            self._feed.look_now()
        if self._leaving and answer.command.name is CommandName.STOP:
            self._leaving = False
            if answer.ok:
                self.app.exit()
