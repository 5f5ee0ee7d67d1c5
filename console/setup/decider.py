"""Third part of Setup: run a policy, or train one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget

from console.handover import hand_over
from console.settings import SetupChoices
from console.setup.estimate import TrainingSpeed, measured_speeds
from console.setup.policy import PolicyForm
from console.setup.training import TrainingForm
from console.widgets.choice import Choice, Option
from console.widgets.field import Field
from console.widgets.pick_list import PickList
from core.agents.config import Algorithm

if TYPE_CHECKING:
    from core.agents.registry import PolicyEntry

KINDS = (
    Option("policy", "run a policy"),
    Option("training", "train one"),
)


class DeciderPanel(Vertical):
    """Who decides: one of the policies there are, or one that is yet to be trained.

    Args:
        choices: What was chosen last.
        ascii_only: Draw without Unicode.
    """

    BORDER_TITLE = "3 policy"

    @dataclass
    class Changed(Message):
        """Something in the panel changed."""

        panel: DeciderPanel

    def __init__(self, choices: SetupChoices, *, ascii_only: bool = False) -> None:
        super().__init__(id="decider", classes="setup--panel")
        self._choices = choices
        self._ascii_only = ascii_only

    def compose(self) -> ComposeResult:
        """Put the question over the form that answers it."""
        yield Choice("what", KINDS, value=self._choices.kind, id="kind")
        yield PolicyForm(self._choices, ascii_only=self._ascii_only)
        yield TrainingForm(self._choices)

    def on_mount(self) -> None:
        """Show the form that is chosen."""
        self._show_form()

    @property
    def is_training(self) -> bool:
        """Whether a policy is to be trained."""
        return self.query_one("#kind", Choice).value == "training"

    @property
    def policy_form(self) -> PolicyForm:
        """The form for running a policy."""
        return self.query_one(PolicyForm)

    @property
    def training_form(self) -> TrainingForm:
        """The form for training one."""
        return self.query_one(TrainingForm)

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where."""
        return self.training_form.problem if self.is_training else self.policy_form.problem

    def set_cluster(self, cluster: bool) -> None:
        """Say that a run on a cluster starts in SHADOW, or let the mode be chosen."""
        self.policy_form.set_cluster(cluster)

    def choose_kind(self, kind: str) -> None:
        """Choose `policy` or `training`."""
        self.query_one("#kind", Choice).value = kind
        # Not when the message arrives: who goes to the form now must find the right one.
        self._show_form()

    @work(thread=True, exclusive=True, group="policies")
    def refresh_policies(self) -> None:
        """Read which policies exist, and how fast earlier trainings were."""
        from core.agents.registry import list_policies

        entries = list_policies()
        hand_over(self, self._offer, entries)
        speeds = measured_speeds()
        hand_over(self, self._set_speeds, speeds)

    def _offer(self, entries: list[PolicyEntry]) -> None:
        self.policy_form.offer(entries)

    def _set_speeds(self, speeds: dict[Algorithm, TrainingSpeed]) -> None:
        self.training_form.set_speeds(speeds)

    @on(Choice.Changed, "#kind")
    def _show_form(self) -> None:
        self.policy_form.display = not self.is_training
        self.training_form.display = self.is_training
        self.border_title = "3 training" if self.is_training else "3 policy"

    @on(Choice.Changed)
    @on(Field.Changed)
    @on(PickList.Picked)
    def _tell(self) -> None:
        self.post_message(self.Changed(self))
