"""Third part of Setup, first half: which policy runs, and who is in control."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Static

from console.settings import SetupChoices
from console.setup.parsing import REPLICAS, hpa_target
from console.widgets.choice import Choice, Option
from console.widgets.field import Field
from console.widgets.pick_list import Entry, PickList
from core.errors import InputError

if TYPE_CHECKING:
    from core.agents.registry import PolicyEntry

MODES = (
    Option("AUTO", "AUTO", "The policy acts."),
    Option("SHADOW", "SHADOW", "The policy only advises; replicas stay as they are."),
    Option("HOLD", "HOLD", "Frozen: nothing is scaled."),
)
ON_CLUSTER = "control       SHADOW: the policy only advises"
_HEADINGS = {
    "shipped": "shipped",
    "trained": "trained here",
    "baseline": "baselines",
}
"""By `PolicyOrigin`, whose module takes longer to import than the first paint may wait."""
_HINTS = {
    "rule": "WINDOW:UTILIZATION, such as 60:0.8",
    "keda": "rps per pod, such as 40",
    "kpa": "concurrency or rps",
    "predictive": "season in seconds, such as 3600",
    "oracle": "share of violations, such as 0.01",
}
"""Baselines that need no settings but take some, and what those look like."""
_PARAMETERS = {
    "hpa": "#target-utilization",
    "static": "#static-replicas",
    **dict.fromkeys(_HINTS, "#baseline-settings"),
}
"""Baselines with settings of their own, and the field that they are typed into."""
_TARGET_UTILIZATION = 0.7


class PolicyForm(Vertical):
    """The list of policies, a parameter where the picked one has any, and the control mode.

    Args:
        choices: What was chosen last.
        ascii_only: Draw without Unicode.
    """

    def __init__(self, choices: SetupChoices, *, ascii_only: bool = False) -> None:
        super().__init__(id="policy-form")
        self._choices = choices
        self._ascii_only = ascii_only
        self._entries: tuple[PolicyEntry, ...] = ()
        self._name, self._parameter = _parts(choices.policy)
        self._on_cluster = False
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Put the list over what it says, then the parameter and the mode."""
        yield PickList(id="policies", ascii_only=self._ascii_only)
        yield Static("", id="policy-note", markup=False)
        yield Field(
            "target CPU",
            hpa_target,
            text=self._parameter if self._name == "hpa" and self._parameter else "0.7",
            hint="or a YAML file",
            id="target-utilization",
        )
        yield Field(
            "replicas",
            REPLICAS.parse,
            text=self._parameter if self._name == "static" and self._parameter else "10",
            id="static-replicas",
        )
        yield Field(
            "settings",
            self._settings,
            text=self._parameter if self._name in _HINTS else "",
            placeholder="default",
            id="baseline-settings",
        )
        yield Choice("control", MODES, value=self._choices.mode, id="mode")
        yield Static("", id="mode-note", markup=False)

    def on_mount(self) -> None:
        """Offer what can be named without reading anything; the rest follows from `offer`."""
        self.query_one("#policies", PickList).set_entries(
            [Entry(self._name, self._name)] if self._name else []
        )
        self._show()

    def offer(self, entries: Sequence[PolicyEntry]) -> None:
        """List the policies that exist; the pick stays if it is among them."""
        self._entries = tuple(entries)
        policies = self.query_one("#policies", PickList)
        policies.set_entries(
            Entry(_name(entry), _name(entry), entry.description, _HEADINGS[entry.origin.value])
            for entry in entries
        )
        self._show()

    @property
    def policy(self) -> str:
        """What `load_policy` takes."""
        name = self.query_one("#policies", PickList).picked
        if name == "hpa":
            target = self.query_one("#target-utilization", Field).value
            return "hpa" if target in (None, _TARGET_UTILIZATION) else f"hpa:{target}"
        if name == "static":
            return f"static:{self.query_one('#static-replicas', Field).value}"
        settings = self.query_one("#baseline-settings", Field).text.strip()
        return f"{name}:{settings}" if name in _HINTS and settings else name

    @property
    def mode(self) -> str:
        """The control mode at the start."""
        return self.query_one("#mode", Choice).value

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where."""
        for field in self.query(Field):
            if field.display and field.error:
                return field.input, f"{field.label}: {field.error}"
        entry = self._entry
        if entry is not None and entry.description.startswith("cannot be used"):
            return self.query_one("#policies", PickList), entry.description
        return None

    def set_cluster(self, cluster: bool) -> None:
        """Say that a run on a cluster starts in SHADOW, or let the mode be chosen."""
        if cluster != self._on_cluster:
            self._on_cluster = cluster
            self._show()

    def choose(self, policy: str) -> None:
        """Pick a policy by its specification."""
        name, parameter = self._name, self._parameter = _parts(policy)
        self.query_one("#policies", PickList).pick(name)
        if parameter:
            self.query_one(_PARAMETERS[name], Field).text = parameter
        self._show()

    def _settings(self, text: str) -> str:
        """The settings of the picked baseline.

        Raises:
            InputError: They are not such as it takes.
        """
        name, text = self.query_one("#policies", PickList).picked, text.strip()
        if name in _HINTS and text:
            from core.agents.baselines import load_baseline

            try:
                load_baseline(f"{name}:{text}")
            except InputError as error:
                raise InputError(_HINTS[name]) from error
        return text

    @property
    def _entry(self) -> PolicyEntry | None:
        picked = self.query_one("#policies", PickList).picked
        return next((entry for entry in self._entries if _name(entry) == picked), None)

    @on(PickList.Picked)
    @on(Choice.Changed)
    def _show(self) -> None:
        name = self.query_one("#policies", PickList).picked
        self.query_one("#target-utilization").display = name == "hpa"
        self.query_one("#static-replicas").display = name == "static"
        settings = self.query_one("#baseline-settings", Field)
        settings.display = name in _HINTS
        if name != self._shown:
            # What is typed for one baseline means nothing to another.
            settings.text = self._parameter if name == self._name else ""
            settings.set_hint(_HINTS.get(name, ""))
            self._shown = name
        entry = self._entry
        self.query_one("#policy-note", Static).update("" if entry is None else entry.description)
        mode, note = self.query_one("#mode", Choice), self.query_one("#mode-note", Static)
        mode.display = not self._on_cluster
        note.set_class(self._on_cluster, "-cluster")
        note.update(ON_CLUSTER if self._on_cluster else mode.chosen.meaning)


def _parts(spec: str) -> tuple[str, str]:
    """The name in the list and the text in its field, which most policies have none of."""
    name, _, parameter = spec.partition(":")
    return (name, parameter) if name in _PARAMETERS else (spec, "")


def _name(entry: PolicyEntry) -> str:
    return _parts(entry.spec)[0]
