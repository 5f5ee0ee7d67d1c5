"""Second part of Setup: the scenario with its traffic drawn, or a file of the operator's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from console.handover import hand_over
from console.settings import SetupChoices
from console.setup.parsing import PEAK_RPS, optional_path
from console.setup.preview import TrafficPreview, preview_traffic
from console.setup.preview_pane import PreviewPane
from console.widgets.field import Field
from console.widgets.filter_row import FilterRow
from console.widgets.pick_list import Entry, PickList
from core.errors import InputError
from core.locations import shipped_scenarios_directory

OWN_FILE = "own file"
"""Value of the row that stands for a file of the operator's own; no scenario has a space."""
FILES = (
    "A trace is a CSV file with the columns t_seconds,rps; it runs on the default service. "
    "A scenario is a YAML file; `rlscale-console scenario schema` describes it, "
    "`rlscale-console scenario import` makes one from an access log."
)
TYPING_PAUSE_S = 0.3
"""How long after the last key press a file is read."""


class TrafficPanel(Vertical):
    """The list of scenarios, the curve of the picked one, and the fields for an own file.

    Args:
        choices: What was chosen last.
        ascii_only: Draw without Unicode.
    """

    BORDER_TITLE = "2 traffic"

    @dataclass
    class Changed(Message):
        """Other traffic was picked, or more became known about it."""

        panel: TrafficPanel

    def __init__(self, choices: SetupChoices, *, ascii_only: bool = False) -> None:
        super().__init__(id="traffic", classes="setup--panel -current")
        self._choices = choices
        self._ascii_only = ascii_only
        self._seed = choices.seed
        self._timer: Timer | None = None
        self._known: dict[tuple[str, float | None, int | None], TrafficPreview | str] = {}

    def compose(self) -> ComposeResult:
        """Put the list over its preview; a stylesheet sets them side by side where it is low."""
        with Vertical(id="traffic-choice"):
            yield FilterRow(id="scenario-filter")
            yield PickList(id="scenarios", ascii_only=self._ascii_only)
        with Vertical(id="traffic-view"):
            with Vertical(id="own-file"):
                yield Field(
                    "file",
                    optional_path,
                    text="" if self._last_is_shipped else self._choices.scenario,
                    placeholder="path of a scenario.yaml or trace.csv",
                    id="file",
                    classes="-wide",
                )
                yield Static("", id="file-message", markup=False)
                yield Field(
                    "peak rps",
                    PEAK_RPS.parse,
                    text="" if self._choices.peak_rps is None else f"{self._choices.peak_rps:g}",
                    placeholder="as recorded",
                    hint="scales a trace",
                    id="peak-rps",
                )
            yield PreviewPane(id="preview", ascii_only=self._ascii_only)

    def on_mount(self) -> None:
        """List the names at once; what they mean is read after the first paint."""
        names = sorted(path.stem for path in shipped_scenarios_directory().glob("*.yaml"))
        self._list(Entry(name, name) for name in names)
        scenarios = self.query_one("#scenarios", PickList)
        scenarios.pick(self._choices.scenario if self._last_is_shipped else OWN_FILE)
        self._show_fields()
        self.call_after_refresh(self._start)

    @property
    def _last_is_shipped(self) -> bool:
        return (shipped_scenarios_directory() / f"{self._choices.scenario}.yaml").exists()

    @property
    def is_own_file(self) -> bool:
        """Whether the operator's own file is picked."""
        return self.query_one("#scenarios", PickList).picked == OWN_FILE

    @property
    def scenario(self) -> str:
        """Name of the picked scenario, or the path of the own file; empty if none is given."""
        if not self.is_own_file:
            return self.query_one("#scenarios", PickList).picked
        path = cast("Path | None", self.query_one("#file", Field).value)
        return "" if path is None else str(path)

    @property
    def peak_rps(self) -> float | None:
        """Peak to scale a trace to; None for scenarios and traces that stay as they are."""
        if not self.is_own_file or not self.scenario.lower().endswith(".csv"):
            return None
        return cast("float | None", self.query_one("#peak-rps", Field).value)

    @property
    def preview(self) -> TrafficPreview | None:
        """What is known of the picked traffic; None until it is read, or if it is wrong."""
        known = self._known.get(self._key)
        return known if isinstance(known, TrafficPreview) else None

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where; None if a run could start."""
        known = self._known.get(self._key)
        if not self.is_own_file:
            scenarios = self.query_one("#scenarios", PickList)
            return (scenarios, known) if isinstance(known, str) else None
        file, peak = self.query_one("#file", Field), self.query_one("#peak-rps", Field)
        if file.error or not self.scenario:
            return file.input, file.error or "type the path of a .yaml or .csv file"
        if peak.error and self.scenario.lower().endswith(".csv"):
            return peak.input, f"peak rps: {peak.error}"
        return (file.input, known) if isinstance(known, str) else None

    def redraw(self) -> None:
        """Draw the curve anew under another theme."""
        self.query_one("#preview", PreviewPane).redraw()

    def set_cluster(self, cluster: bool) -> None:
        """Say that on a cluster the traffic is real, and a scenario lends its service model."""
        self.border_title = "2 service model" if cluster else "2 traffic"

    def set_seed(self, seed: int | None) -> None:
        """Draw the traffic that another seed gives."""
        if seed != self._seed:
            self._seed = seed
            self._preview_soon()

    def open_filter(self) -> None:
        """Type words that the scenarios must contain."""
        self.query_one("#scenario-filter", FilterRow).open()

    def choose_scenario(self, name: str) -> None:
        """Pick a shipped scenario by name."""
        self.query_one("#scenarios", PickList).pick(name)
        self._show_fields()
        self._preview_soon()

    def choose_own_file(self) -> None:
        """Pick the own file and type its path."""
        self.query_one("#scenarios", PickList).pick(OWN_FILE)
        self._show_fields()
        self.query_one("#file", Field).input.focus()
        self._preview_soon()

    @property
    def _key(self) -> tuple[str, float | None, int | None]:
        return self.scenario, self.peak_rps, self._seed

    def _list(self, entries: Iterable[Entry]) -> None:
        own = Entry(OWN_FILE, "your own file", "a scenario or a recorded trace")
        self.query_one("#scenarios", PickList).set_entries([*entries, own])

    def _start(self) -> None:
        self._describe_scenarios()
        self._preview_now()

    def _complain(self, problem: str) -> None:
        self.notify(problem, severity="warning", markup=False)

    @work(thread=True, exclusive=True, group="describe-scenarios")
    def _describe_scenarios(self) -> None:
        from core.traffic.library import list_scenarios

        try:
            found = list_scenarios()
        except InputError as error:
            # The names stay; whoever picks the broken one is told by its preview.
            hand_over(self, self._complain, str(error))
            return
        entries = [Entry(entry.name, entry.name, entry.description) for entry in found]
        hand_over(self, self._list, entries)

    @on(FilterRow.Changed)
    def _filter(self, event: FilterRow.Changed) -> None:
        event.stop()
        self.query_one("#scenarios", PickList).filter(event.words)

    @on(FilterRow.Closed)
    def _leave_filter(self, event: FilterRow.Closed) -> None:
        event.stop()
        self.query_one("#scenarios", PickList).focus()

    @on(PickList.Picked)
    def _picked(self, event: PickList.Picked) -> None:
        event.stop()
        self._show_fields()
        self._preview_now()

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.stop()
        self._preview_soon()

    def _show_fields(self) -> None:
        self.query_one("#own-file").display = self.is_own_file

    def _preview_soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(TYPING_PAUSE_S, self._preview_now)
        self._show()

    def _preview_now(self) -> None:
        if self.scenario and self._key not in self._known:
            self._read(*self._key)
        self._show()

    @work(thread=True, exclusive=True, group="preview")
    def _read(self, scenario: str, peak_rps: float | None, seed: int | None) -> None:
        known: TrafficPreview | str
        try:
            known = preview_traffic(scenario, peak_rps=peak_rps, seed=seed)
        except InputError as error:
            # The path stands in the field; what is wrong needs the room.
            known = str(error).replace(scenario, Path(scenario).name)
        hand_over(self, self._remember, (scenario, peak_rps, seed), known)

    def _remember(
        self, key: tuple[str, float | None, int | None], known: TrafficPreview | str
    ) -> None:
        self._known[key] = known
        self._show()

    def _show(self) -> None:
        message = self.query_one("#file-message", Static)
        problem = self.problem
        path_problem = problem is not None and problem[0] is self.query_one("#file", Field).input
        empty = not self.query_one("#file", Field).text.strip()
        message.set_class(path_problem and not empty, "-wrong")
        if path_problem and problem is not None:
            message.update(problem[1] if empty else f"! {problem[1]}")
        else:
            message.update("read" if self.preview else "reading")
        pane = self.query_one("#preview", PreviewPane)
        if self.preview is not None:
            pane.show(self.preview)
        elif self.is_own_file:
            pane.say(FILES)
        elif isinstance(known := self._known.get(self._key), str):
            pane.say(known)
        self.post_message(self.Changed(self))
