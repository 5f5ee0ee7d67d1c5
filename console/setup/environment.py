"""First part of Setup: where the run takes place: the simulator, or a Deployment in a cluster."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from console.handover import is_going
from console.settings import SetupChoices
from console.setup.cluster import READING, ClusterForm
from console.setup.cluster_settings import ClusterSetup
from console.setup.simulator import SimulatorForm
from console.widgets.choice import Choice, Option

WHERE = (
    Option("simulator", "simulator"),
    Option("cluster", "cluster"),
)


class EnvironmentPanel(Vertical):
    """The environment, over the form that belongs to it.

    Args:
        choices: What was chosen last.
        ascii_only: Draw without Unicode.
    """

    BORDER_TITLE = "1 environment"

    def __init__(self, choices: SetupChoices, *, ascii_only: bool = False) -> None:
        super().__init__(id="environment", classes="setup--panel")
        self._choices = choices
        self._training = choices.kind == "training"
        # Mounted when it is first wanted: its fields would double the time to the first paint.
        self._cluster = ClusterForm(choices.cluster, ascii_only=ascii_only)
        # Known before anything is drawn, so that nothing moves afterwards.
        self.set_class(self._is_cluster(choices.environment), "-cluster")

    def compose(self) -> ComposeResult:
        """Put the question over the form that answers it."""
        yield Choice("where", WHERE, value=self._choices.environment, label_width=8, id="where")
        yield SimulatorForm(self._choices)

    def on_mount(self) -> None:
        """Show the form that is chosen."""
        self._show_form()

    @property
    def chosen(self) -> str:
        """`simulator` or `cluster`, as chosen; a training is in the simulator all the same."""
        return self.query_one("#where", Choice).value

    @property
    def is_cluster(self) -> bool:
        """Whether the run is on a real cluster."""
        return self._is_cluster(self.chosen)

    @property
    def simulator(self) -> SimulatorForm:
        """The form for the simulator."""
        return self.query_one(SimulatorForm)

    @property
    def cluster(self) -> ClusterForm:
        """The form for a cluster."""
        return self._cluster

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where."""
        if not self.is_cluster:
            return self.simulator.problem
        if not self.cluster.has_begun:
            return self.query_one("#where", Choice), READING
        return self.cluster.problem

    @property
    def cluster_setup(self) -> ClusterSetup | None:
        """The Deployment to run on; None in the simulator, or while something is wrong."""
        return self.cluster.setup if self.is_cluster else None

    @property
    def names_input(self) -> Widget | None:
        """Where names of a cluster are typed; None in the simulator."""
        return self.cluster.names_input if self.is_cluster and self.cluster.has_begun else None

    def choose(self, where: str) -> None:
        """Choose `simulator` or `cluster`."""
        self.query_one("#where", Choice).value = where
        # Not when the message arrives: who goes to the form now must find the right one.
        self._show_form()

    def set_training(self, training: bool) -> None:
        """A training is in the simulator, as fast as it can be."""
        self.simulator.set_training(training)
        if training != self._training:
            self._training = training
            self._show_form()

    def _is_cluster(self, chosen: str) -> bool:
        return chosen == "cluster" and not self._training

    @on(Choice.Changed, "#where")
    def _show_form(self) -> None:
        self.query_one("#where", Choice).disabled = self._training
        self.set_class(self.is_cluster, "-cluster")
        self.simulator.display = not self.is_cluster
        self.cluster.display = self.is_cluster
        # Not on a screen that is left just now: nothing can be mounted there any more.
        if self.is_cluster and not self.cluster.is_attached and not is_going(self):
            self.mount(self.cluster)
