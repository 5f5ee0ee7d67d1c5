"""The Setup screen: environment, traffic, policy or training, and one key to start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widget import Widget
from textual.widgets import Input, Static

from console.dialogs.checklist import ClusterChecklist
from console.keys import KeyContext, bindings
from console.launching import start_in_background
from console.settings import SetupChoices
from console.setup.candidates import CandidateList
from console.setup.choices import gathered
from console.setup.cluster import ClusterForm
from console.setup.decider import DeciderPanel
from console.setup.environment import EnvironmentPanel
from console.setup.fields import fields_of, resting_place
from console.setup.heading import SetupHeading
from console.setup.plan import run_config, sentence
from console.setup.traffic import TrafficPanel
from console.start import StartSetup
from console.widgets.choice import Choice
from console.widgets.field import Field
from console.widgets.key_bar import KeyBar
from console.widgets.too_small import TooSmall

if TYPE_CHECKING:
    from console.app import RlscaleApp

WIDE = 120
"""Columns from which all three parts stand side by side."""
TALL = 40
"""Rows from which long lists and the preview both have room."""
STEPS = ("environment", "traffic", "decider")


class SetupScreen(Screen[None]):
    """Three parts side by side, or one after the other where there is little room.

    Args:
        request: What is chosen at once, beside the last choices.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.SETUP)]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (WIDE, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-low"), (TALL, "-tall")]  # noqa: RUF012
    AUTO_FOCUS = "#scenarios"
    key_contexts = (KeyContext.SETUP,)

    def __init__(self, request: StartSetup) -> None:
        super().__init__()
        self._request = request
        self._step = 1
        self._starting = False
        self._enters_cluster = False

    @property
    def console_app(self) -> RlscaleApp:
        """The application, by its own type."""
        return cast("RlscaleApp", self.app)

    def compose(self) -> ComposeResult:
        """Put the parts between a heading and what enter would start."""
        # Known before anything is styled, so that nothing is styled twice.
        width, height = self.app.size
        self.add_class("-wide" if width >= WIDE else "-narrow")
        self.add_class("-tall" if height >= TALL else "-low")
        choices = self.console_app.settings.setup
        if self._request.training:
            choices = choices.model_copy(update={"kind": "training"})
        ascii_only = self.console_app.drawing.ascii
        yield SetupHeading()
        with Horizontal(id="setup-panels"):
            yield EnvironmentPanel(choices, ascii_only=ascii_only)
            yield TrafficPanel(choices, ascii_only=ascii_only)
            yield DeciderPanel(choices, ascii_only=ascii_only)
        yield Static("", id="setup-sentence")
        yield KeyBar(KeyContext.SETUP)
        yield TooSmall()

    def on_mount(self) -> None:
        """Begin at the traffic, or at the training if that was asked for."""
        self._show_step(2)
        self.call_after_refresh(self.choose, self._request)
        self._show_sentence()
        self.app.theme_changed_signal.subscribe(self, lambda _: self.traffic.redraw())

    def on_screen_resume(self) -> None:
        """Read, after the first paint, what other screens may have changed."""
        self._starting = False
        self.call_after_refresh(self.decider.refresh_policies)
        self.decider.training_form.refresh_name()
        self._show_sentence()

    def on_screen_suspend(self) -> None:
        """Leave a field: whoever comes back presses keys, and types on only over a dialog."""
        stays = self in self.app.screen_stack and not isinstance(self.app.screen, ModalScreen)
        if stays and isinstance(self.focused, Input):
            self._go_to(self._step)

    @property
    def environment(self) -> EnvironmentPanel:
        """The first part."""
        return self.query_one(EnvironmentPanel)

    @property
    def traffic(self) -> TrafficPanel:
        """The second part."""
        return self.query_one(TrafficPanel)

    @property
    def decider(self) -> DeciderPanel:
        """The third part."""
        return self.query_one(DeciderPanel)

    @property
    def choices(self) -> SetupChoices:
        """Everything as it stands; fields that are wrong count as empty."""
        return gathered(self.environment, self.traffic, self.decider)

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that stands in the way of starting, and where."""
        needs_traffic = not self.decider.is_training or (
            self.decider.training_form.traffic == "scenario"
        )
        return (
            self.environment.problem
            or (self.traffic.problem if needs_traffic else None)
            or self.decider.problem
        )

    def choose(self, request: StartSetup) -> None:
        """Choose what is asked for, and go where it is chosen; the rest stays as it is."""
        if request.scenario:
            self.traffic.choose_scenario(request.scenario)
            self._go_to(2)
        if request.own_file:
            self.action_own_file()
        if request.cluster:
            self.decider.choose_kind("policy")
            self.environment.set_training(False)
            self.environment.choose("cluster")
            self._go_to(1)
            self._enters_cluster = not self.environment.cluster.has_begun
        if request.training:
            self.decider.choose_kind("training")
            self._go_to(3)

    def action_policy(self) -> None:
        """Choose to run a policy."""
        self.decider.choose_kind("policy")
        self._go_to(3)

    def action_own_file(self) -> None:
        """Use a file of one's own as traffic."""
        self._show_step(2)
        self.traffic.choose_own_file()

    def action_own_traffic(self) -> None:
        """Record traffic of the chosen Deployment, fit a twin, train in it, shadow."""
        self.console_app.open_guide(self.choices.cluster)

    def action_check_cluster(self) -> None:
        """Show what doctor finds in the chosen cluster."""
        if not self.environment.is_cluster:
            self.notify("Choose the cluster as environment first (1).", markup=False)
        elif (setup := self.environment.cluster_setup) is None:
            self._focus_problem()
        else:
            self.app.push_screen(ClusterChecklist(setup))

    def action_filter(self) -> None:
        """Filter the scenarios, or the names of a cluster."""
        names = self.environment.names_input if self._step == 1 else None
        if names is not None:
            self._focus(names)
        else:
            self._show_step(2)
            self.traffic.open_filter()

    def action_go(self, step: int) -> None:
        """Show a part and go into it."""
        self._go_to(step)

    def action_turn(self, change: int) -> None:
        """Go to the part beside."""
        self._go_to(min(max(self._step + change, 1), len(STEPS)))

    @on(ClusterForm.Begun)
    def _enter_cluster(self) -> None:
        if self._enters_cluster:
            self._enters_cluster = False
            self._go_to(1)
        self._changed()

    @on(CandidateList.Left)
    def _leave_names(self, event: CandidateList.Left) -> None:
        self.action_turn(event.change)

    def action_field(self, change: int) -> None:
        """Go to the next field, through all parts."""
        fields = [widget for step in STEPS for widget in self._fields(step)]
        if self.focused in fields:
            target = fields[(fields.index(self.focused) + change) % len(fields)]
        else:
            target = fields[0 if change > 0 else -1]
        self._focus(target)

    def action_back(self) -> None:
        """Leave what is open; only what is started is remembered."""
        if isinstance(self.focused, Input):
            self._go_to(self._step)
        elif len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    # From a field, enter comes behind the keys typed just before it; a priority binding would
    # overtake them and start with the text that stood there first.
    @on(Input.Submitted)
    def action_start(self) -> None:
        """Start what is chosen, or show what is wrong."""
        if self._starting:
            return
        if self.problem is not None:
            self._focus_problem()
            return
        self._remember()
        self._starting = True
        self._say(Content.styled("Starting the engine", "$accent"))
        start_in_background(
            self.console_app,
            run_config(
                self.choices, self.decider.training_form.kept_as, self.environment.cluster_setup
            ),
            started=self._started,
            failed=self._could_not_start,
        )

    def _focus_problem(self) -> None:
        if (problem := self.problem) is not None:
            self._focus(problem[0])
            self._show_sentence()

    def _started(self, directory: Path) -> None:
        self._starting = False
        if self.is_current:
            self.console_app.open_live(directory)
        else:
            # Whoever went elsewhere meanwhile is told, not taken away from there.
            self.app.notify(f"{directory.name} has started; R lists it.", markup=False)

    def _could_not_start(self, reason: str) -> None:
        self._starting = False
        if self.is_current:
            self._say(Content.styled(f"Not started: {reason}", "$error"))
        else:
            self.app.notify(f"Not started: {reason}", severity="error", markup=False)

    def _remember(self) -> None:
        settings = self.console_app.settings
        choices = self.choices
        if not choices.scenario:
            choices = choices.model_copy(update={"scenario": settings.setup.scenario})
        self.console_app.remember(settings.model_copy(update={"setup": choices}))

    def _fields(self, step: str) -> list[Widget]:
        return fields_of(self.query_one(f"#{step}"))

    def _go_to(self, step: int) -> None:
        self._show_step(step)
        self.set_focus(resting_place(self.query_one(f"#{STEPS[step - 1]}")))

    def _focus(self, widget: Widget) -> None:
        for number, step in enumerate(STEPS, start=1):
            if self.query_one(f"#{step}") in widget.ancestors:
                self._show_step(number)
        # At once, so that keys pressed in quick succession each go on from the one before.
        self.set_focus(widget)

    def _show_step(self, number: int) -> None:
        self._step = number
        for position, step in enumerate(STEPS, start=1):
            self.query_one(f"#{step}").set_class(position == number, "-current")
        self._show_heading()

    def on_resize(self) -> None:
        """Name the parts where only one of them is shown."""
        self.query_one(TooSmall).fit(self)
        self._show_heading()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Follow the focus, whoever moved it."""
        for number, step in enumerate(STEPS, start=1):
            if self.query_one(f"#{step}") in event.widget.ancestors and number != self._step:
                self._show_step(number)

    @on(Choice.Changed)
    @on(Field.Changed)
    @on(TrafficPanel.Changed)
    @on(DeciderPanel.Changed)
    @on(ClusterForm.Changed)
    def _changed(self) -> None:
        self.environment.set_training(self.decider.is_training)
        self.decider.set_cluster(self.environment.is_cluster)
        self.traffic.set_cluster(self.environment.is_cluster)
        self.environment.cluster.set_scenario(self.traffic.scenario)
        if self.environment.simulator.problem is None:
            self.traffic.set_seed(self.environment.simulator.seed)
        self._show_heading()
        self._show_sentence()

    def _show_heading(self) -> None:
        self.query_one(SetupHeading).show(
            self._step,
            training=self.decider.is_training,
            cluster=self.environment.is_cluster,
            wide=self.size.width >= WIDE,
        )

    def _show_sentence(self) -> None:
        if self._starting:
            return
        if (problem := self.problem) is not None:
            self._say(Content.styled(f"Cannot start: {problem[1]}", "$warning"))
            return
        text = sentence(
            self.choices, self.decider.training_form.kept_as, self.environment.cluster_setup
        )
        self._say(Content.assemble(("enter ", "bold $footer-key-foreground"), text))

    def _say(self, content: Content) -> None:
        self.query_one("#setup-sentence", Static).update(content, layout=False)
