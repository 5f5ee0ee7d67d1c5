"""The guide: record traffic, fit a twin, train in it, shadow, report; one screen, resumable."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input, Static

from console.dialogs.confirm import ConfirmDialog
from console.guide import deeds
from console.guide.form import GuideDetail, GuideForm
from console.guide.progress import RunGlance, read_glances
from console.guide.state import STEPS, GuideState, Step, load_state, save_state
from console.guide.view import Doing, Scene, detail_lines, left_after, sentence, step_lines
from console.handover import hand_over, is_going
from console.keys import KeyContext, bindings
from console.launching import start_in_background
from console.widgets.key_bar import KeyBar
from console.widgets.lines import Lines
from console.widgets.too_small import TooSmall
from core.clock import Clock, SystemClock
from core.errors import RlscaleError

if TYPE_CHECKING:
    from typing import Any

    from console.app import RlscaleApp
    from console.settings import ClusterChoices


class GuideScreen(Screen[None]):
    """From one's own traffic to a judged shadow run.

    Args:
        cluster: What the first step begins with; the last choices if not given.
        clock: For estimates of the time left.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.GUIDE)]
    AUTO_FOCUS = "#guide-detail"
    key_contexts = (KeyContext.GUIDE,)

    def __init__(
        self, cluster: ClusterChoices | None = None, *, clock: Clock | None = None
    ) -> None:
        super().__init__()
        self._cluster = cluster
        self._clock = clock or SystemClock()
        self._state = load_state()
        self._step = Step.RECORD
        self._chosen = False
        self._glances: dict[Step, RunGlance] = {}
        self._job: deeds.Job | None = None
        self._doing: Doing | None = None
        self._began_s = 0.0
        self._problem = ""
        self._reading = False

    def compose(self) -> ComposeResult:
        """Put the steps over the one that is looked at."""
        yield Static("", id="guide-heading", markup=False)
        yield Lines(id="guide-steps")
        with GuideDetail(id="guide-detail"):
            yield GuideForm(self._cluster or self.console_app.settings.setup.cluster)
            yield Static("", id="guide-text")
        yield Static("", id="guide-sentence")
        yield KeyBar(KeyContext.GUIDE)
        yield TooSmall()

    def on_mount(self) -> None:
        """Show where it was left, and keep an eye on the runs."""
        self.set_interval(1 / self.console_app.drawing.refresh_hz, self._look)
        self._go_to(self.scene.next_step, chosen=False)
        self._look()

    def on_unmount(self) -> None:
        """A job that nobody can see ends; runs go on in their engines."""
        if self._job is not None:
            self._job.cancel()

    def on_resize(self) -> None:
        """Say so where the terminal is too small."""
        self.query_one(TooSmall).fit(self)

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    @property
    def scene(self) -> Scene:
        """All that is drawn."""
        return Scene(self._state, self._step, self._glances, self._doing, self._problem)

    @property
    def form(self) -> GuideForm:
        """What the first step asks."""
        return self.query_one(GuideForm)

    # -- looking --------------------------------------------------------------------------------

    def _look(self) -> None:
        if self.is_current and not self._reading and (self._state.training or self._state.shadow):
            self._reading = True
            self._read_runs(self._state)

    @work(thread=True, group="guide-runs")
    def _read_runs(self, state: GuideState) -> None:
        hand_over(self, self._take_glances, read_glances(state))

    def _take_glances(self, glances: dict[Step, RunGlance]) -> None:
        self._reading = False
        if glances != self._glances:
            self._glances = glances
            if not self._chosen and self._doing is None:
                self._step = self.scene.next_step
            self._show()

    def _show(self) -> None:
        scene = self.scene
        target = self._state.target or "no Deployment yet"
        heading = Content.assemble(
            (" rlscale-console ", "bold"), (" use my own traffic   ", "$series-axis"), target
        )
        self.query_one("#guide-heading", Static).update(heading, layout=False)
        steps = step_lines(scene, ascii_only=self.console_app.drawing.ascii)
        self.query_one("#guide-steps", Lines).show(steps)
        asking = self._step is Step.RECORD and not self._state.made(Step.RECORD)
        self.form.display = asking and self._doing is None
        text = Content("\n").join(detail_lines(scene))
        self.query_one("#guide-text", Static).update(text)
        self.query_one("#guide-sentence", Static).update(sentence(scene), layout=False)

    def _go_to(self, step: Step, *, chosen: bool = True) -> None:
        if step is not self._step:
            self._problem = ""
            self.query_one(GuideDetail).scroll_home(animate=False)
        self._step, self._chosen = step, chosen
        self._show()
        # Not in a field: there letters would no longer mean what the footer says.
        self.set_focus(self.query_one("#guide-detail"))

    def action_turn(self, change: int) -> None:
        """Show the step before, or the next one."""
        position = STEPS.index(self._step) + change
        self._go_to(STEPS[min(max(position, 0), len(STEPS) - 1)])

    def action_page(self, change: int) -> None:
        """Look further down, or up again, in what has no room at once."""
        detail = self.query_one(GuideDetail)
        detail.scroll_relative(y=change * max(detail.size.height - 1, 1), animate=False)

    # -- doing ----------------------------------------------------------------------------------

    @on(Input.Submitted)
    def action_next(self) -> None:
        """Do the step that is looked at."""
        scene = self.scene
        glance = self._glances.get(self._step)
        if self._doing is not None or not scene.ready(self._step):
            return
        if glance is not None and glance.live:
            return
        self._problem = ""
        if self._step is Step.RECORD and not self._take_form():
            return
        if self._step in (Step.TRAIN, Step.SHADOW):
            self._launch(self._step)
        else:
            self._begin(deeds.Job(self._step, self._state))

    def _take_form(self) -> bool:
        if not self.form.display:
            # Once more, from the same place.
            return bool(self._state.settings)
        if (problem := self.form.problem) is not None:
            self.set_focus(problem[0])
            self._fail(problem[1])
            return False
        choices = self.form.choices
        try:
            settings, target = deeds.cluster_settings(choices)
        except RlscaleError as error:
            self._fail(str(error))
            return False
        kept = {"settings": settings, "target": target, "range_s": self.form.range_s}
        self._keep(self._state.model_copy(update=kept))
        application = self.console_app
        setup = application.settings.setup.model_copy(update={"cluster": choices})
        application.remember(application.settings.model_copy(update={"setup": setup}))
        return True

    def _begin(self, job: deeds.Job) -> None:
        self._job, self._doing = job, Doing(job.step)
        self._began_s = self._clock.monotonic()
        self._show()
        self._carry_out(job)

    @work(thread=True, group="guide-job")
    def _carry_out(self, job: deeds.Job) -> None:
        for answer in job.answers():
            hand_over(self, self._take_answer, job, answer)
        hand_over(self, self._ended, job)

    def _take_answer(self, job: deeds.Job, answer: dict[str, Any]) -> None:
        if job is not self._job:
            return
        if (result := answer.get("result")) is not None:
            self._job, self._doing = None, None
            self._keep(job.conclude(self._state, result))
            self._glances = {
                step: glance for step, glance in self._glances.items() if self._state.made(step)
            }
            # What came of it is looked at first; enter on the next step goes on.
            self._go_to(job.step)
        elif (problem := answer.get("problem")) is not None:
            self._job, self._doing = None, None
            self._fail(f"{problem} {answer.get('hint', '')}".strip())
        else:
            share = float(answer.get("done", 0.0))
            left_s = left_after(self._clock.monotonic() - self._began_s, share)
            self._doing = Doing(job.step, share, str(answer.get("what", "")), left_s)
            self._show()

    def _ended(self, job: deeds.Job) -> None:
        if job is self._job:
            self._job, self._doing = None, None
            self._fail("It ended without an answer.")

    def _launch(self, step: Step) -> None:
        training = step is Step.TRAIN
        try:
            config = (deeds.training_config if training else deeds.shadow_config)(self._state)
        except (RlscaleError, ValueError) as error:
            self._fail(str(error))
            return
        self._doing = Doing(step, None, "starting the engine")
        self._show()

        def started(directory: Path) -> None:
            made = {"training": str(directory), "bundle": str(config.out)} if training else {}
            self._doing = None
            self._keep(
                self._state.without(step).model_copy(update=made or {"shadow": str(directory)})
            )
            self._glances.pop(step, None)
            self._chosen = False
            # Whoever has left the guide meanwhile finds the run here on coming back.
            if not is_going(self):
                self._show()
                self._look()

        def failed(reason: str) -> None:
            self._doing = None
            if is_going(self):
                self.app.notify(f"Not started: {reason}", severity="error", markup=False)
            else:
                self._fail(reason)

        start_in_background(self.console_app, config, started=started, failed=failed)

    def action_cancel(self) -> None:
        """Cancel the job, or stop the run of the step that is looked at."""
        if self._job is not None:
            self._job.cancel()
            self._job, self._doing = None, None
            self._fail("Cancelled; nothing half-done is kept.")
            return
        glance = self._glances.get(self._step)
        if glance is None or not glance.live:
            self.notify("Nothing is going on in this step: there is nothing to cancel")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._stop(self._directory)

        text = "What it has done so far is kept."
        self.app.push_screen(ConfirmDialog("Stop this run?", text, "stop it"), answered)

    @work(thread=True, group="guide-stop")
    def _stop(self, directory: str) -> None:
        from core.runs.catalogue import stop_run

        try:
            stop_run(Path(directory))
        except RlscaleError as error:
            hand_over(self, self._fail, str(error))

    def action_attach(self) -> None:
        """Watch the run of the step that is looked at."""
        if self._directory:
            self.console_app.open_live(Path(self._directory))
        else:
            self.notify("This step has no run to watch")

    def action_start_over(self) -> None:
        """Forget everything, after asking; runs and files stay."""

        def answered(yes: bool | None) -> None:
            if yes:
                self._keep(GuideState())
                self._glances, self._problem = {}, ""
                self._go_to(Step.RECORD, chosen=False)

        if self._doing is not None:
            self.notify("Wait for this step, or cancel it (x), before starting over")
        elif self._state == GuideState():
            self.notify("Nothing has begun yet: there is nothing to start over")
        else:
            text = "Runs, policies and recordings that it made stay where they are."
            self.app.push_screen(ConfirmDialog("Start over?", text, "start over"), answered)

    def action_back(self) -> None:
        """Leave a field, then the screen."""
        if isinstance(self.focused, Input):
            self.set_focus(self.query_one("#guide-detail"))
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    @property
    def _directory(self) -> str:
        if self._step in (Step.SHADOW, Step.REPORT):
            return self._state.shadow
        return self._state.training if self._step is Step.TRAIN else ""

    def _keep(self, state: GuideState) -> None:
        self._state = state
        try:
            save_state(state)
        except OSError as error:
            self.notify(f"The guide's state was not saved: {error}", severity="warning")

    def _fail(self, reason: str) -> None:
        self._problem = reason
        self._show()
