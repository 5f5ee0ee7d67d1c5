"""The Live screen: one run, watched, commanded, inspected, or played again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Input

from console.keys import KeyContext, bindings
from console.live.body import LiveBody
from console.live.demo import CAPTION, start_demo
from console.live.desk import Desk, override_dialog
from console.live.feed import RunFeed
from console.live.navigation import span_text
from console.live.playhead import PlayHead
from console.live.position import Position
from console.live.scene import HeaderContext, Scene
from console.live.signs import signs
from console.widgets.chart import Chart
from console.widgets.key_bar import KeyBar
from core.clock import Clock, SystemClock

if TYPE_CHECKING:
    from console.app import RlscaleApp
    from console.dialogs.leave import LeaveChoice
    from console.live.commander import Answer
    from console.live.override import OverridePreview
    from core.runs.commands import Command
    from core.runs.records import RunStatus


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
        *bindings(KeyContext.LIVE, KeyContext.CONTROL, KeyContext.REPLAY, KeyContext.TRAINING)
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
        self._looked_at = 0.0
        self._position = Position(head=PlayHead() if replay else None)
        demo = run_directory is None
        self._scene = Scene(
            caption=CAPTION if demo else "",
            opening="Starting the engine" if demo else "Opening the run",
        )
        self._desk = Desk(read_only=read_only or replay, answered=self._tell_answered)
        self._feed: RunFeed | None = None
        self._leaving = False

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    @property
    def key_contexts(self) -> tuple[KeyContext, ...]:
        """Which keys apply, for the footer and the help."""
        if self._scene.training and not self._replay:
            return (KeyContext.TRAINING, KeyContext.LIVE)
        if self._replay:
            return (KeyContext.REPLAY, KeyContext.LIVE)
        return (KeyContext.CONTROL, KeyContext.LIVE)

    @property
    def scene(self) -> Scene:
        """What is shown."""
        return self._scene

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

    # -- the picture --------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Begin to read once the empty screen has been painted."""
        period_s = 1.0 / self.console_app.drawing.refresh_hz
        self._looked_at = self._clock.monotonic()
        self._feed = RunFeed(self._open_run, period_s, self._tell_looked)
        self.call_after_refresh(self._feed.start, self._position.view(None))
        self.set_interval(period_s, self._tick)
        self.app.theme_changed_signal.subscribe(self, lambda _: self.body.redraw())

    def on_unmount(self) -> None:
        """End the threads; the engine goes on."""
        if self._feed is not None:
            self._feed.stop()
        self._desk.stop()

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

    def on_live_screen_looked(self) -> None:
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

    # -- looking ------------------------------------------------------------------------------

    def action_cursor(self, by: int) -> None:
        """Move the inspected moment; in a replay, the play head."""
        self._move(self._position.moved(by, self._scene.snapshot))

    def action_first(self) -> None:
        """Go to the first decision."""
        self._move(self._position.at(0, self._scene.snapshot))

    def action_follow(self) -> None:
        """Return to the newest decision."""
        self._move(self._position.followed(self._scene.snapshot))

    def action_zoom(self, by: int) -> None:
        """Show more time, or less."""
        before = self._position.navigation.span_s
        self._move(self._position.zoomed(by, self._scene.snapshot))
        after = self._position.navigation.span_s
        if before == after:
            self._notice(f"The charts show {span_text(after)}, no {'more' if by > 0 else 'less'}")

    @on(Chart.Picked)
    def _pick(self, event: Chart.Picked) -> None:
        names = self._scene.charts
        name = (event.chart.id or "").removeprefix("chart-")
        if name in names:
            self._show(selected=names.index(name))
        step = self.body.step_at(event.moment)
        if step is not None and not self._replay:
            self._move(self._position.at(step, self._scene.snapshot))

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
        elif not self._position.navigation.following:
            self.action_follow()
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    # -- control ------------------------------------------------------------------------------

    def action_pause(self) -> None:
        """Pause or go on; in a replay, halt or play."""
        from console.live.control import pause_or_resume

        if self._replay:
            self._move(self._position.toggled(self._scene.snapshot))
        else:
            self._command(pause_or_resume)

    def action_next(self) -> None:
        """One decision; in a replay, one step on."""
        from core.runs.commands import Command

        if self._replay:
            self.action_cursor(1)
        else:
            self._command(lambda _: Command.step())

    def action_speed(self, by: int) -> None:
        """Faster or slower."""
        from console.live.control import next_speed
        from core.runs.commands import Command

        head = self._position.head
        if head is not None:
            self._move(self._position.with_speed(next_speed(head.speed, by)))
        else:
            self._command(lambda status: Command.speed(next_speed(status.speed, by)))

    def action_cycle_mode(self) -> None:
        """The next control mode."""
        from console.live.control import next_mode

        self._command(lambda status: next_mode(status.mode))

    def action_release(self) -> None:
        """Give control back."""
        from core.runs.commands import Command

        self._command(lambda _: Command.release())

    def action_pin(self, by: int) -> None:
        """One replica more or less while the operator is in control."""
        if self._scene.snapshot is not None:
            words = self._desk.pin(self._scene.snapshot, by)
            if words:
                self._notice(words)

    def action_override(self) -> None:
        """Open the override dialog."""
        from core.runs.commands import Command

        snapshot = self._scene.snapshot
        dialog = (
            override_dialog(snapshot, signs(self.console_app.drawing.ascii))
            if snapshot is not None
            else None
        )
        if dialog is None:
            self._notice("There is no deployment to override", warning=True)
            return

        def apply(found: OverridePreview | None) -> None:
            if found is not None:
                self._command(lambda _: Command.override(found.replicas, found.ttl_s))

        self.app.push_screen(dialog, apply)

    def ask_to_leave(self) -> None:
        """Ask whether the engine goes on, then quit."""
        from console.dialogs.leave import LeaveChoice, LeaveDialog
        from core.runs.commands import Command

        snapshot = self._scene.snapshot
        if snapshot is None:
            self.app.exit()
            return

        def leave(choice: LeaveChoice | None) -> None:
            if choice is LeaveChoice.LEAVE_RUNNING:
                name = snapshot.info.run_id
                self.app.exit(message=f"Run {name} goes on: rlscale-console attach {name}")
            elif choice is LeaveChoice.STOP:
                self._leaving = True
                self._notice("Stopping the engine")
                self._command(lambda _: Command.stop())

        self.app.push_screen(
            LeaveDialog(snapshot.info.run_id, training=self._scene.training), leave
        )

    def _command(self, made: Callable[[RunStatus], Command]) -> None:
        snapshot = self._scene.snapshot
        if snapshot is not None:
            self._desk.send(snapshot, made(snapshot.status))
            # Who commands has read the caption.
            if self._scene.caption:
                self._show(caption="")

    def on_live_screen_answered(self, event: Answered) -> None:
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
