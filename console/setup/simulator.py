"""The simulator as environment: how fast time passes, and where randomness comes from."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.containers import Vertical
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


class SimulatorForm(Vertical):
    """The speed of simulated time, and the seed.

    Args:
        choices: What was chosen last.
    """

    def __init__(self, choices: SetupChoices) -> None:
        super().__init__(id="simulator-form")
        self._choices = choices

    def compose(self) -> ComposeResult:
        """Say what it is, over its two settings."""
        yield Static(SIMULATOR, classes="environment--words", markup=False)
        yield Choice("speed", SPEEDS, value=self._choices.speed, label_width=8, id="speed")
        yield Field(
            "seed",
            SEED.parse,
            text="" if self._choices.seed is None else str(self._choices.seed),
            placeholder="scenario's",
            id="seed",
        )

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
