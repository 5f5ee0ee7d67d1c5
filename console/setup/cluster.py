"""A Deployment in a cluster as environment: where it is, how it is measured, what it can carry."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from console.handover import hand_over
from console.settings import ClusterChoices
from console.setup.cluster_names import LEVELS, Level
from console.setup.cluster_settings import ClusterSetup, cluster_setup
from console.setup.name_picker import TYPING_PAUSE_S, NamePicker
from console.setup.parsing import (
    CAPACITY_RPS,
    LIMIT_REPLICAS,
    SLO_MS,
    STARTUP_S,
    base_url,
    settings_file,
)
from console.widgets.choice import Choice, Option
from console.widgets.field import Field

WRITING = (
    Option("no", "look only", "Starts in SHADOW, and nothing can be written. c checks it all."),
    Option("yes", "may scale", "Starts in SHADOW; m in Live takes control, once confirmed."),
)
_NUMBERS = (
    ("pod_capacity_rps", "pod rps", CAPACITY_RPS, ""),
    ("slo_ms", "SLO ms", SLO_MS, ""),
    ("min_replicas", "at least", LIMIT_REPLICAS, "replicas"),
    ("max_replicas", "at most", LIMIT_REPLICAS, "replicas"),
    ("startup_median_s", "start-up s", STARTUP_S, "of a pod"),
)
"""Fields of `ClusterChoices` with their label, rule and hint."""
READING = "reading the settings"
"""What stands in the way of a start until everything typed was looked at."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What a verdict is about."""

    choices: ClusterChoices
    scenario: str
    write: bool


class ClusterForm(Vertical):
    """The Deployment, and what else a run on it needs to know.

    Args:
        choices: What was chosen last.
        ascii_only: Draw without Unicode.
    """

    @dataclass
    class Changed(Message):
        """Something was typed or found out."""

        form: ClusterForm

    @dataclass
    class Begun(Message):
        """The form is there, and can be gone into."""

        form: ClusterForm

    def __init__(self, choices: ClusterChoices, *, ascii_only: bool = False) -> None:
        super().__init__(id="cluster-form")
        self._choices = choices
        self._ascii_only = ascii_only
        self._scenario = ""
        self._begun = False
        self._timer: Timer | None = None
        self._judged: _Judged | None = None
        self._verdict: ClusterSetup | str = READING

    def compose(self) -> ComposeResult:
        """Put the names over how it is measured and what it can carry."""
        yield NamePicker(self._choices, ascii_only=self._ascii_only)
        yield Field(
            "prometheus",
            base_url,
            text=self._choices.prometheus_url,
            placeholder="none: CPU, memory only",
            id="prometheus-url",
            classes="-wide",
        )
        yield Field(
            "settings",
            settings_file,
            text=self._choices.config,
            placeholder="a YAML file with more",
            id="cluster-config",
            classes="-wide",
        )
        for name, label, rule, hint in _NUMBERS:
            value = getattr(self._choices, name)
            yield Field(
                label,
                rule.parse,
                text="" if value is None else f"{value:g}",
                placeholder="scenario's",
                hint=hint,
                id=_identifier(name),
            )
        yield Choice("writing", WRITING, label_width=11, id="writing")
        yield Static("", id="writing-note", markup=False)

    def on_mount(self) -> None:
        """Say what the choice about writing means, then read what there is to choose from."""
        self._show_writing()
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._begun = True
        self.picker.begin()
        self._judge()
        self.post_message(self.Begun(self))

    @property
    def has_begun(self) -> bool:
        """Whether the form is there; before, it stands for what was chosen last."""
        return self._begun

    def set_scenario(self, scenario: str) -> None:
        """Take the service model from another scenario where none is typed."""
        if scenario != self._scenario:
            self._scenario = scenario
            self._judge_soon()

    @property
    def picker(self) -> NamePicker:
        """The part that names the Deployment."""
        return self.query_one(NamePicker)

    @property
    def choices(self) -> ClusterChoices:
        """Everything as it stands; fields that are wrong count as empty."""
        if not self._begun:
            return self._choices
        return ClusterChoices.model_validate(
            {
                "prometheus_url": self._field("prometheus-url").value or "",
                "config": self._field("cluster-config").value or "",
                **{level.value: self.picker.text(level) for level in LEVELS},
                **{name: self._field(_identifier(name)).value for name, *_ in _NUMBERS},
            }
        )

    @property
    def write(self) -> bool:
        """Whether the run may scale, once that is confirmed."""
        return self.query_one("#writing", Choice).value == "yes"

    @property
    def setup(self) -> ClusterSetup | None:
        """What can be started; None while something is wrong or still read."""
        if not self._begun or self.problem is not None or isinstance(self._verdict, str):
            return None
        return self._verdict

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where."""
        for field in self.query(Field):
            if field.error:
                return field.input, f"{field.label}: {field.error}"
        deployment = self.picker.field(Level.DEPLOYMENT)
        if not deployment.text.strip() and not self._field("cluster-config").value:
            return deployment.input, "choose a Deployment"
        if self._judged != self._judgeable:
            return deployment.input, READING
        return (deployment.input, self._verdict) if isinstance(self._verdict, str) else None

    @property
    def names_input(self) -> Widget:
        """Where what is typed filters the names that are offered."""
        return self.picker.field(self.picker.level).input

    def _field(self, name: str) -> Field:
        return self.query_one(f"#{name}", Field)

    @property
    def _judgeable(self) -> _Judged:
        return _Judged(self.choices, self._scenario, self.write)

    @on(NamePicker.Changed)
    @on(Field.Changed)
    def _typed(self, event: Message) -> None:
        event.stop()
        self._judge_soon()

    @on(Choice.Changed, "#writing")
    def _show_writing(self) -> None:
        choice = self.query_one("#writing", Choice)
        self.query_one("#writing-note", Static).update(choice.chosen.meaning)
        self._judge_soon()

    def _judge_soon(self) -> None:
        if not self._begun:
            return
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(TYPING_PAUSE_S, self._judge)
        self.post_message(self.Changed(self))

    def _judge(self) -> None:
        judged = self._judgeable
        if judged != self._judged:
            self._read_settings(judged)

    @work(thread=True, exclusive=True, group="cluster-settings")
    def _read_settings(self, judged: _Judged) -> None:
        verdict = cluster_setup(judged.choices, judged.scenario, write=judged.write)
        hand_over(self, self._conclude, judged, verdict)

    def _conclude(self, judged: _Judged, verdict: ClusterSetup | str) -> None:
        if judged != self._judgeable:
            # Something was typed meanwhile, and the verdict about that may even be here already.
            return
        self._judged, self._verdict = judged, verdict
        named = isinstance(verdict, ClusterSetup) and bool(judged.choices.config)
        kubeconfig = (
            verdict.settings.kubeconfig if named and isinstance(verdict, ClusterSetup) else None
        )
        self.picker.set_kubeconfig("" if kubeconfig is None else str(kubeconfig))
        self.post_message(self.Changed(self))


def _identifier(name: str) -> str:
    return name.replace("_", "-")
