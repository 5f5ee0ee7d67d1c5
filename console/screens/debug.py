"""The debugger: one decision of a run at a time, with everything about it visible at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType

from console.debug.body import PanelLines
from console.debug.debug_screen import DebugRunScreen
from console.debug.prompt import Prompt
from console.debug.queries import (
    Asked,
    file_query,
    moment_query,
    others_query,
    parse_policies,
    parse_report_file,
    stop_query,
    versus_query,
)
from console.debug.view import Inquiry, Panel
from console.debug.works import (
    StopChange,
    add_stop,
    change_stop,
    find_rival,
    go_to_stop,
    go_to_time,
    run_until,
    write_report,
)
from console.keys import KeyContext, bindings
from console.live.navigation import span_text

if TYPE_CHECKING:
    from console.dialogs.branch import BranchRequest

_HORIZONS = (5, 10, 20, 40, 80, 160)


class DebugScreen(DebugRunScreen):
    """What the keys mean in the debugger; see `DebugRunScreen` for the arguments."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.DEBUG)]

    # -- moving -------------------------------------------------------------------------------

    def action_next(self, by: int) -> None:
        """Some decisions on, or back; at the end of a living run, take one."""
        if self.halted():
            return
        newest = self.extent.newest
        if by < 0 or self.present < newest:
            self.go(min(max(self.present + by, 0), newest))
        elif self._scene.commands:
            self.do(self._driver.step)
        else:
            self.say("This is the newest decision")

    def action_first(self) -> None:
        """Go to the first decision."""
        if not self.halted():
            self.go(0)

    def action_last(self) -> None:
        """Go to the newest decision, and stay with it."""
        if not self.halted():
            self.follow()

    def action_run_on(self, by: int) -> None:
        """On to the next stop, or back to the one before."""
        if not self.halted():
            driver = self._driver if self._scene.commands else None
            self.do(go_to_stop(by, driver))

    def action_run_to(self) -> None:
        """Ask for a step or a time, and go there."""
        if not self.halted():
            self.prompt.ask(moment_query(self.present))

    def _run_to(self, step: int) -> None:
        newest = self.extent.newest
        if step > newest and self._scene.commands:
            self.do(run_until(step, self._driver))
        else:
            self.go(min(step, newest))

    def action_zoom(self, by: int) -> None:
        """Show more time on the timeline, or less."""
        before = self._view.navigation
        after = before.zoomed(by, self.extent)
        self.ask(replace(self._view, navigation=after))
        if before.span_s == after.span_s:
            self.say(f"The timeline shows {span_text(after.span_s)}")

    # -- panels -------------------------------------------------------------------------------

    def action_panel(self, number: int) -> None:
        """Let the keys act on another panel, and show it."""
        self.show(panel=list(Panel)[number - 1])

    def action_turn(self, by: int) -> None:
        """The next panel, or the one before."""
        panels = list(Panel)
        self.show(panel=panels[(panels.index(self._scene.panel) + by) % len(panels)])

    @on(PanelLines.Clicked)
    def _pick(self, event: PanelLines.Clicked) -> None:
        self.show(panel=event.panel)

    def row_of(self, panel: Panel) -> int:
        """The selected line of a panel; -1 if it has none."""
        from console.debug.panels import row_count

        return self._scene.row(panel, row_count(panel, self._scene))

    def action_select(self, by: int) -> None:
        """Another line of the panel."""
        from console.debug.panels import row_count

        panel = self._scene.panel
        if count := row_count(panel, self._scene):
            row = min(max(self.row_of(panel) + by, 0), count - 1)
            self.show(selected={**self._scene.selected, panel: row})

    def action_act(self) -> None:
        """Use the selected line, as fits the panel."""
        match self._scene.panel:
            case Panel.VALUES:
                self._compare_with_selected()
            case Panel.WHY:
                self.action_question()
            case Panel.WHAT_IF:
                self.action_branch()
            case Panel.STOPS:
                self.action_toggle_stop()
            case Panel.ALIKE:
                self._go_to_alike()
            case Panel.MOMENT:
                self.show(panel=Panel.WHY)

    def action_charts(self) -> None:
        """Charts of the futures, or their table."""
        self.show(charts=not self._scene.charts, panel=Panel.WHAT_IF)

    def _compare_with_selected(self) -> None:
        found = None if self.picture is None else self.picture.explanation
        if found is None or found.weighing is None:
            return
        weighing = found.weighing
        option = weighing.options[self.row_of(Panel.VALUES)]
        if option is weighing.chosen:
            option = weighing.runner_up
        rival = None if option is weighing.runner_up else option.action
        self._inquire(replace(self._view.inquiry, rival=rival, about_target=False))
        self.say(f"Why {weighing.chosen.label} rather than {option.label}")

    def _go_to_alike(self) -> None:
        from console.debug.lists import alike_step

        step = alike_step(self.picture, self.row_of(Panel.ALIKE))
        if step is not None:
            self.go(step)

    # -- questions ----------------------------------------------------------------------------

    def _inquire(self, inquiry: Inquiry) -> None:
        self.ask(replace(self._view, inquiry=inquiry))

    def action_question(self) -> None:
        """Why this action, or why so many replicas."""
        inquiry = self._view.inquiry
        self._inquire(replace(inquiry, about_target=not inquiry.about_target))

    def action_baseline(self) -> None:
        """Against the run's mean, or against the decision before."""
        inquiry = self._view.inquiry
        self._inquire(replace(inquiry, since_previous=not inquiry.since_previous))

    def action_horizon(self, by: int) -> None:
        """Look further ahead, or less far."""
        outlook = self._view.outlook
        place = min(max(_HORIZONS.index(outlook.steps) + by, 0), len(_HORIZONS) - 1)
        self.ask(replace(self._view, outlook=replace(outlook, steps=_HORIZONS[place])))

    def action_others(self) -> None:
        """Ask which other policies take over."""
        self.prompt.ask(others_query(self._view.outlook.policies))

    # -- breakpoints --------------------------------------------------------------------------

    def action_add_stop(self) -> None:
        """Ask for a condition to stop at."""
        if self.picture is not None:
            self.prompt.ask(stop_query(self.picture.snapshot.info))

    def action_toggle_stop(self) -> None:
        """Switch the selected breakpoint on or off."""
        self.do(change_stop(self.row_of(Panel.STOPS), StopChange.TOGGLE))

    def action_switch_stop(self) -> None:
        """Stop at each decision, or where a stretch of them starts."""
        self.do(change_stop(self.row_of(Panel.STOPS), StopChange.SWITCH))

    def action_remove_stop(self) -> None:
        """Remove the selected breakpoint."""
        self.do(change_stop(self.row_of(Panel.STOPS), StopChange.REMOVE))

    # -- away from here -----------------------------------------------------------------------

    def action_branch(self) -> None:
        """Ask how a new run shall go on from here."""
        from console.debug.branching import branch_dialog, start_branch
        from console.debug.futures import selected_outcome

        picture = self.picture
        if self.console_app.refuse_while_watching() or picture is None or picture.index < 0:
            return
        outcome = None
        if self._scene.panel is Panel.WHAT_IF:
            outcome = selected_outcome(self._scene, self.row_of(Panel.WHAT_IF))
        dialog, step = branch_dialog(picture, outcome), picture.index

        def branch(request: BranchRequest | None) -> None:
            if request is not None:
                directory = picture.snapshot.info.directory
                start_branch(self.console_app, directory, step, request, self._refuse)

        if dialog is not None:
            self.app.push_screen(dialog, branch)

    def _refuse(self, reason: str) -> None:
        self.say(reason, warning=True)

    def action_export(self) -> None:
        """Ask for a file, and write the decision to it."""
        picture = self.picture
        if self.console_app.refuse_while_watching():
            return
        if picture is not None and picture.index >= 0:
            self.prompt.ask(file_query(picture.snapshot.info.run_id, picture.index))

    def action_versus(self) -> None:
        """Ask for a policy or a run to hold beside this one."""
        if self.console_app.refuse_while_watching():
            return
        if self.picture is not None:
            self.prompt.ask(versus_query(self.picture.snapshot.info.parent))

    def action_back(self) -> None:
        """Halt what runs, else leave."""
        if self.prompt.is_open:
            self.prompt.action_close()
        elif not self.halted() and len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    @on(Prompt.Answered)
    def _answer(self, event: Prompt.Answered) -> None:
        text, picture = event.text, self.picture
        match event.query.name:
            case Asked.MOMENT:
                from console.debug.moments import parse_moment

                where = parse_moment(text, self.present)
                if isinstance(where, int):
                    self._run_to(where)
                else:
                    self.do(go_to_time(where, self._driver if self._scene.commands else None))
            case Asked.STOP:
                self.do(add_stop(text))
                self.show(panel=Panel.STOPS)
            case Asked.OTHERS:
                outlook = replace(self._view.outlook, policies=parse_policies(text))
                self.ask(replace(self._view, outlook=outlook))
            case Asked.VERSUS:
                self.do(find_rival(self.directory, text))
            case Asked.FILE if picture is not None:
                target: Path = parse_report_file(text)
                inquiry, played = self._view.inquiry, self._scene.played
                self.do(write_report(picture.index, target, inquiry, played))
