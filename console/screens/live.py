"""The Live screen: one run, watched, commanded, inspected, or played again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.widgets import Input

from console.debug.timeline_widget import Timeline
from console.handover import hand_over
from console.keys import KeyContext, bindings
from console.live.desk import override_dialog
from console.live.navigation import span_text
from console.live.run_screen import RunScreen
from console.live.signs import signs
from console.widgets.chart import Chart
from core.errors import RlscaleError
from core.state import ControlMode

if TYPE_CHECKING:
    from console.debug.prompt import Prompt
    from console.dialogs.leave import LeaveChoice
    from console.live.override import OverridePreview
    from console.live.snapshot import Snapshot


class LiveScreen(RunScreen):
    """What the keys mean on a run; see `RunScreen` for the arguments."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(KeyContext.LIVE, KeyContext.CONTROL, KeyContext.REPLAY, KeyContext.TRAINING)
    ]

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
        if step is not None:
            self.seek(step)

    @on(Timeline.Pointed)
    def _point(self, event: Timeline.Pointed) -> None:
        step = self.body.step_under(event.column)
        if step is not None:
            self.seek(step)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Going to a moment is for replays; its key means something else on a living run."""
        return action != "run_to" or self._replay

    def action_run_to(self) -> None:
        """Replay: ask for a step or a time, and go there."""
        from console.debug.prompt import Prompt
        from console.debug.queries import moment_query

        snapshot = self._scene.snapshot
        if snapshot is None:
            return
        prompts = self.query(Prompt)
        prompt = prompts.first() if prompts else Prompt()
        if not prompts:
            self.mount(prompt)
        self.call_after_refresh(prompt.ask, moment_query(snapshot.newest))

    def on_prompt_answered(self, event: Prompt.Answered) -> None:
        """Go to the moment that was typed."""
        from console.debug.moments import parse_moment

        snapshot = self._scene.snapshot
        if snapshot is not None:
            where = parse_moment(event.text, snapshot.newest)
            self._seek_moment(snapshot.info.directory, where)

    @work(thread=True, exclusive=True, group="seek")
    def _seek_moment(self, directory: Path, where: int | float) -> None:
        from console.debug.moments import step_of

        try:
            hand_over(self, self.seek, step_of(directory, where))
        except RlscaleError as error:
            hand_over(self, self._notice, str(error))

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

    def action_open_debugger(self) -> None:
        """Open the debugger at the shown decision."""
        snapshot = self._scene.snapshot
        if snapshot is None or snapshot.shown_step is None:
            return
        if self._scene.training:
            self._notice("A training has no one course to step through: debug a policy's run")
            return
        self.console_app.open_debug(
            snapshot.info.directory,
            snapshot.shown_step.index,
            read_only=self._read_only or self._replay,
        )

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
        """The next control mode; on a real cluster the one that is chosen and confirmed."""
        from console.live.control import next_mode

        snapshot = self._scene.snapshot
        if self._refused_in_replay():
            return
        if snapshot is not None and snapshot.info.target and snapshot.status.state.is_live:
            self._choose_mode(snapshot)
        else:
            self._command(lambda status: next_mode(status.mode))

    def _choose_mode(self, snapshot: Snapshot) -> None:
        from console.dialogs.mode import ModeDialog
        from console.live.taking import mode_words
        from core.runs.commands import Command

        info, status = snapshot.info, snapshot.status

        def chosen(mode: ControlMode | None) -> None:
            if mode is None or mode is status.mode:
                return

            def send(confirmation: str) -> None:
                self._command(lambda _: Command.mode(mode, confirmation))

            self._confirmed(snapshot, mode, mode_words(snapshot, mode), send)

        dialog = ModeDialog(info.target, status.mode, may_write=info.may_write)
        self.app.push_screen(dialog, chosen)

    def _confirmed(
        self, snapshot: Snapshot, mode: ControlMode, words: str, send: Callable[[str], None]
    ) -> None:
        """Send at once, or after the Deployment's name was typed where control begins with it."""
        from console.dialogs.take_control import TakeControlDialog
        from console.live.taking import takes_control

        if not takes_control(snapshot, mode):
            send("")
            return
        name = signs(self.console_app.drawing.ascii).words(words)
        dialog = TakeControlDialog(snapshot.info.target, name)
        self.app.push_screen(dialog, lambda name: send(name) if name else None)

    def action_release(self) -> None:
        """Give control back."""
        from core.runs.commands import Command

        self._command(lambda _: Command.release())

    def action_pin(self, by: int) -> None:
        """One replica more or less while the operator is in control."""
        if self._scene.snapshot is not None and not self._refused_in_replay():
            words = self._desk.pin(self._scene.snapshot, by)
            if words:
                self._notice(words)

    def action_override(self) -> None:
        """Open the override dialog."""
        from core.runs.commands import Command

        snapshot = self._scene.snapshot
        if self._refused_in_replay():
            return
        if self._read_only:
            self._notice("This console may only look: it overrides nothing")
            return
        if snapshot is not None and snapshot.info.target and not snapshot.info.may_write:
            self._notice("This run may only look: start another with writing allowed")
            return
        if snapshot is not None and not snapshot.status.state.is_live:
            self._notice("The run has ended: there is nothing left to override", warning=True)
            return
        dialog = (
            override_dialog(lambda: self._scene.snapshot, signs(self.console_app.drawing.ascii))
            if snapshot is not None
            else None
        )
        if dialog is None or snapshot is None:
            self._notice("There is no deployment to override", warning=True)
            return

        def apply(found: OverridePreview | None) -> None:
            if found is None:
                return

            def send(confirmation: str) -> None:
                wanted = Command.override(found.replicas, found.ttl_s, confirmation)
                self._command(lambda _: wanted)

            words = f"to {found.replicas} replicas, at once"
            self._confirmed(snapshot, ControlMode.MANUAL, words, send)

        self.app.push_screen(dialog, apply)

    def ask_to_leave(self) -> None:
        """Ask whether the engine goes on, then quit."""
        from console.dialogs.leave import LeaveChoice, LeaveDialog
        from console.leaving import stop_rule
        from core.runs.commands import Command
        from core.runs.records import RunState

        snapshot = self._scene.snapshot
        if snapshot is None:
            self.app.exit()
            return

        def leave(choice: LeaveChoice | None) -> None:
            if choice is LeaveChoice.LEAVE_RUNNING:
                name = snapshot.info.run_id
                goes_on = "stays paused" if paused else "goes on"
                self.app.exit(message=f"Run {name} {goes_on}: rlscale-console attach {name}")
            elif choice is not None:
                self._leaving = True
                self._notice("Stopping the engine")
                rule = stop_rule(controls, choice)
                self._command(lambda _: Command.stop(rule))

        controls, paused = snapshot.controls, snapshot.status.state is RunState.PAUSED
        self.app.push_screen(
            LeaveDialog(
                snapshot.info.run_id,
                training=self._scene.training,
                controls=controls,
                paused=paused,
            ),
            leave,
        )
