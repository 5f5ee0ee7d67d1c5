"""Third part of Setup, second half: what is trained, for how long, and on which traffic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from console.settings import SetupChoices
from console.setup.estimate import TrainingSpeed, estimate
from console.setup.names import free_name, policy_name
from console.setup.parsing import ENVIRONMENTS, GAMMA, LEARNING_RATE, STEPS
from console.widgets.choice import Choice, Option
from console.widgets.field import Field
from core.agents.config import DEFAULT_STEPS, Algorithm
from core.agents.settings import AgentSettings, DqnSettings, PpoSettings

ALGORITHMS = (
    Option("ppo", "PPO", "Learns from what it does now; the fastest to train."),
    Option("dqn", "DQN", "Learns from a memory of what it did: fewer steps, slower each."),
)
TRAFFIC = (
    Option("broad", "broad", "Random traffic of every kind, so that it copes with yours too."),
    Option("scenario", "this scenario", "Only the traffic picked beside; good at that alone."),
)

_TUNED: dict[Algorithm, AgentSettings] = {
    Algorithm.PPO: PpoSettings(),
    Algorithm.DQN: DqnSettings(),
}


class TrainingForm(Vertical):
    """The handful of choices of a training; empty fields take the algorithm's own numbers.

    Args:
        choices: What was chosen last.
    """

    def __init__(self, choices: SetupChoices) -> None:
        super().__init__(id="training-form")
        self._choices = choices
        self._speeds: Mapping[Algorithm, TrainingSpeed] = {}
        self._offered_name = free_name(choices.algorithm)

    def compose(self) -> ComposeResult:
        """Put one row per choice, and the time it will take below."""
        choices = self._choices
        yield Choice("algorithm", ALGORITHMS, value=choices.algorithm, id="algorithm")
        yield Static("", id="algorithm-note", markup=False)
        yield Choice("trained on", TRAFFIC, value=choices.traffic, id="training-traffic")
        yield Static("", id="training-traffic-note", markup=False)
        yield Field("keep as", policy_name, text=self._offered_name, id="policy-name")
        yield Field("steps", STEPS.parse, text=_text(choices.steps), id="steps")
        yield Field(
            "learning rate",
            LEARNING_RATE.parse,
            text=_text(choices.learning_rate),
            id="learning-rate",
        )
        yield Field(
            "gamma",
            GAMMA.parse,
            text=_text(choices.gamma),
            hint="discount",
            id="gamma",
        )
        yield Field(
            "environments",
            ENVIRONMENTS.parse,
            text=_text(choices.environments),
            hint="clusters",
            id="environments",
        )
        yield Static("", id="estimate", markup=False)

    def on_mount(self) -> None:
        """Say what the choices mean."""
        self._show()

    def set_speeds(self, speeds: Mapping[Algorithm, TrainingSpeed]) -> None:
        """Take what former trainings on this machine have measured."""
        self._speeds = speeds
        self._show()

    def refresh_name(self) -> None:
        """Offer another name where the one offered was taken meanwhile; a typed one stays."""
        field = self.query_one("#policy-name", Field)
        # A name that nobody touched follows the algorithm, and what was trained since.
        if field.text == self._offered_name:
            self._offered_name = free_name(self.algorithm)
            field.text = self._offered_name
        field.judge()

    @property
    def algorithm(self) -> Algorithm:
        """What trains."""
        return Algorithm(self.query_one("#algorithm", Choice).value)

    @property
    def traffic(self) -> str:
        """`broad`, or `scenario` for the picked one alone."""
        return self.query_one("#training-traffic", Choice).value

    @property
    def kept_as(self) -> str | None:
        """Name under which the finished policy is kept; None while it is wrong."""
        return cast("str | None", self.query_one("#policy-name", Field).value)

    @property
    def steps(self) -> int | None:
        """Decisions to train for; None takes the algorithm's own."""
        return cast("int | None", self.query_one("#steps", Field).value)

    @property
    def learning_rate(self) -> float | None:
        """None takes the algorithm's own."""
        return cast("float | None", self.query_one("#learning-rate", Field).value)

    @property
    def gamma(self) -> float | None:
        """Discount per decision; None takes the algorithm's own."""
        return cast("float | None", self.query_one("#gamma", Field).value)

    @property
    def environments(self) -> int | None:
        """Simulated clusters at once; None takes the algorithm's own."""
        return cast("int | None", self.query_one("#environments", Field).value)

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where."""
        for field in self.query(Field):
            if field.error:
                return field.input, f"{field.label}: {field.error}"
        return None

    @on(Field.Changed)
    def _show(self) -> None:
        algorithm = self.query_one("#algorithm", Choice)
        traffic = self.query_one("#training-traffic", Choice)
        steps = self.query_one("#steps", Field)
        self.query_one("#algorithm-note", Static).update(algorithm.chosen.meaning)
        self.query_one("#training-traffic-note", Static).update(traffic.chosen.meaning)
        default = DEFAULT_STEPS[self.algorithm]
        steps.input.placeholder = f"{default:,}"
        tuned = _TUNED[self.algorithm]
        self.query_one("#learning-rate", Field).input.placeholder = f"{tuned.learning_rate:g}"
        self.query_one("#gamma", Field).input.placeholder = f"{tuned.gamma:g}"
        self.query_one("#environments", Field).input.placeholder = str(tuned.environments)
        wanted = self.steps or default
        time = "" if steps.error else estimate(wanted, self._speeds.get(self.algorithm))
        self.query_one("#estimate", Static).update(time)

    @on(Choice.Changed, "#algorithm")
    def _rename(self) -> None:
        self.refresh_name()
        self._show()

    @on(Choice.Changed, "#training-traffic")
    def _say_traffic(self) -> None:
        self._show()


def _text(value: float | int | None) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
