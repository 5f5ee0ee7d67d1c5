"""Context, namespace and Deployment: three fields, and below them the names there are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from console.handover import hand_over
from console.settings import ClusterChoices
from console.setup.candidates import CandidateList
from console.setup.cluster_names import (
    LEVELS,
    Level,
    Names,
    Place,
    inquiry,
    place_of,
    read_contexts,
    read_names,
)
from console.widgets.field import Field

if TYPE_CHECKING:
    from console.inquiries import Inquiry

TYPING_PAUSE_S = 0.3
"""How long after the last key press files are read and a cluster is asked."""


class NamePicker(Vertical):
    """Names a Deployment; what is typed filters the names, and any other name may be typed too.

    The cluster is asked in a worker, by a process that is ended when its answer is not wanted.

    Args:
        choices: What was chosen last.
        ascii_only: Draw without Unicode.
    """

    # For the fields; the list has them itself.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Next name", show=False),
        Binding("up", "move(-1)", "Name before", show=False),
    ]

    @dataclass
    class Changed(Message):
        """Another Deployment is named."""

        picker: NamePicker

    def __init__(self, choices: ClusterChoices, *, ascii_only: bool = False) -> None:
        super().__init__(id="name-picker")
        self._choices = choices
        self._ascii_only = ascii_only
        self._kubeconfig = ""
        self._words = ""
        self._typed_before = {level: str(getattr(choices, level.value)) for level in LEVELS}
        self._timer: Timer | None = None
        self._known: dict[Place, Names] = {}
        self._asked: Inquiry | None = None

    def compose(self) -> ComposeResult:
        """Put the fields over the names."""
        for level in LEVELS:
            yield Field(
                level.value,
                str.strip,
                text=str(getattr(self._choices, level.value)),
                id=f"cluster-{level.value}",
                classes="-wide",
            )
        yield CandidateList(ascii_only=self._ascii_only)
        yield Static("", id="names-message", markup=False)

    def on_mount(self) -> None:
        """Nothing is wrong yet."""
        self.query_one("#names-message").display = False

    def on_unmount(self) -> None:
        """End a question that nobody waits for any more."""
        self._cancel()

    def begin(self) -> None:
        """Offer the names of the first field that is empty."""
        missing = [level for level in LEVELS if not self.text(level)]
        self._go_to(missing[0] if missing else Level.DEPLOYMENT)

    def text(self, level: Level) -> str:
        """What stands in the field of a level."""
        return self.field(level).text.strip()

    def field(self, level: Level) -> Field:
        """The field of a level."""
        return self.query_one(f"#cluster-{level.value}", Field)

    @property
    def level(self) -> Level:
        """Whose names are offered."""
        return self._candidates.level

    def set_kubeconfig(self, path: str) -> None:
        """Ask with another kubeconfig; empty for the usual one."""
        if path != self._kubeconfig:
            self._kubeconfig = path
            self._show()
            self._ask_if_unknown()

    @property
    def _candidates(self) -> CandidateList:
        return self.query_one(CandidateList)

    def _place(self, level: Level) -> Place:
        context, namespace = self.text(Level.CONTEXT), self.text(Level.NAMESPACE)
        return place_of(level, self._kubeconfig, context, namespace)

    def _go_to(self, level: Level) -> None:
        typed = self.text(level)
        names = self._known.get(self._place(level))
        self._words = "" if names is None or typed in names.names else typed
        self._candidates.level = level
        self._show()
        self._ask_if_unknown()

    def _show(self) -> None:
        level = self.level
        for other in LEVELS:
            self.field(other).set_class(other is level, "-offered")
        names = self._known.get(self._place(level))
        self._candidates.show(names, self.text(level), self._words)
        problem = names.problem if names is not None else ""
        message = self.query_one("#names-message", Static)
        message.update(f"! {problem}")
        message.display = bool(problem)

    # -- asking ---------------------------------------------------------------------------------

    def _ask_if_unknown(self) -> None:
        self._timer = None
        place = self._place(self.level)
        if place not in self._known:
            self._cancel()
            if place.level is Level.CONTEXT:
                self._read(place, partial(read_contexts, place))
            else:
                self._asked = inquiry(place)
                self._read(place, partial(read_names, self._asked))

    def _ask_soon(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(TYPING_PAUSE_S, self._ask_if_unknown)

    def _cancel(self) -> None:
        if self._asked is not None:
            self._asked.cancel()
            self._asked = None

    @work(thread=True, exclusive=True, group="names")
    def _read(self, place: Place, read: partial[Names | None]) -> None:
        names = read()
        # Without an answer the question was ended: somebody asks another one.
        if names is not None:
            hand_over(self, self._learn, place, names)

    def _learn(self, place: Place, names: Names) -> None:
        self._known[place] = names
        if place != self._place(self.level):
            return
        if place.level is Level.CONTEXT and not self.text(Level.CONTEXT) and names.current:
            self._set(Level.CONTEXT, names.current)
        self._show()

    # -- choosing -------------------------------------------------------------------------------

    def _set(self, level: Level, text: str) -> None:
        self._typed_before[level] = text
        self.field(level).text = text
        self.post_message(self.Changed(self))

    def _forget_below(self, level: Level) -> None:
        """In another context or namespace there are other things of the same name."""
        for lower in LEVELS[LEVELS.index(level) + 1 :]:
            if self.text(lower):
                self._set(lower, "")

    def action_move(self, change: int) -> None:
        """Choose among the names that what is typed has left."""
        self._candidates.move(change)

    @on(CandidateList.Picked)
    def _pick(self, event: CandidateList.Picked) -> None:
        event.stop()
        self._set(event.level, event.value)
        self._forget_below(event.level)

    @on(CandidateList.Turned)
    def _turn(self, event: CandidateList.Turned) -> None:
        event.stop()
        self._go_to(event.level)

    @on(Field.Changed)
    def _typed(self, event: Field.Changed) -> None:
        event.stop()
        level = next(level for level in LEVELS if event.field is self.field(level))
        if self.text(level) == self._typed_before[level]:
            # An input tells of the text that it is made with, too.
            return
        self._typed_before[level] = self.text(level)
        self._candidates.level = level
        self._words = self.text(level)
        self._forget_below(level)
        self._show()
        self._ask_soon()
        self.post_message(self.Changed(self))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Offer names for the field that is gone to."""
        for level in LEVELS:
            if event.widget is self.field(level).input and level is not self.level:
                self._go_to(level)
