"""First part of Setup: where the run takes place, and how fast."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from console.settings import SetupChoices
from console.setup.parsing import SEED
from console.widgets.choice import Choice, Option
from console.widgets.field import Field

SPEEDS = (
    Option("1", "1x", "as fast as real time"),
    Option("10", "10x", "an hour in six minutes"),
    Option("60", "60x", "an hour in one minute"),
    Option("max", "max", "as fast as this machine can"),
)
SIMULATOR = (
    "A queueing model of a service and its pods: requests wait, pods take time to start, metrics "
    "arrive late. Nothing else is needed."
)
CLUSTER_NEEDS = (
    "Needs a kubeconfig that may read the Deployment, and a Prometheus with its request rate and "
    "latency histogram. It will start in SHADOW, where the policy advises and nothing is written. "
    "Not in this release."
)


class EnvironmentPanel(Vertical):
    """The environment, the speed of simulated time, and the seed.

    Args:
        choices: What was chosen last.
        ascii_only: Draw without Unicode.
    """

    BORDER_TITLE = "1 environment"

    def __init__(self, choices: SetupChoices, *, ascii_only: bool = False) -> None:
        super().__init__(id="environment", classes="setup--panel")
        self._choices = choices
        self._mark = ">" if ascii_only else "▸"

    def compose(self) -> ComposeResult:
        """Name both environments; only the simulator can be chosen."""
        yield Static(
            Content.assemble((f"{self._mark} ", "bold $accent"), ("Simulator", "bold")),
        )
        yield Static(SIMULATOR, classes="environment--words", markup=False)
        yield Choice("speed", SPEEDS, value=self._choices.speed, label_width=8, id="speed")
        yield Field(
            "seed",
            SEED.parse,
            text="" if self._choices.seed is None else str(self._choices.seed),
            placeholder="scenario's",
            id="seed",
        )
        yield Static("  Kubernetes cluster", classes="environment--later", markup=False)
        yield Static(CLUSTER_NEEDS, classes="environment--words environment--later", markup=False)

    @property
    def seed(self) -> int | None:
        """The seed; None takes the scenario's own."""
        return cast("int | None", self.query_one("#seed", Field).value)

    @property
    def speed(self) -> str:
        """Simulated seconds per second, or `max`."""
        return self.query_one("#speed", Choice).value

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where."""
        field = self.query_one("#seed", Field)
        return (field.input, f"seed: {field.error}") if field.error else None

    def set_training(self, training: bool) -> None:
        """Grey out the speed: training always runs as fast as it can."""
        self.query_one("#speed", Choice).disabled = training
