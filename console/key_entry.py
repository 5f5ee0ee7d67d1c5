"""What an entry of the table of keys is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class KeyContext(StrEnum):
    """Where a key does what its entry says; the value is the heading in the help."""

    EVERYWHERE = "Everywhere"
    ELSEWHERE = "Everywhere: to another screen"
    LIVE = "Live and replay: looking"
    CONTROL = "Live: in control"
    CLUSTER = "Live: in control of a real cluster"
    TRAINING = "Live: a training"
    REPLAY = "Replay: moving through the run"
    STORY = "Demo that runs itself"
    DEBUG = "Debugger"
    VERSUS = "Side by side"
    OVERRIDE = "Override dialog"
    MODE = "Mode dialog (real cluster)"
    TAKE = "Confirmation of control (real cluster)"
    BRANCH = "Branch dialog"
    QUIT = "Quit dialog"
    SETUP = "Setup"
    CHOICE = "Setup: on a row of options"
    GUIDE = "Use my own traffic"
    RUNS = "Runs"
    COMPARE = "Compare"
    BENCH = "Benchmark"
    NEW_BENCH = "Dialog of a new benchmark"
    PICK = "Dialog to pick from"
    CONFIRM = "Confirmation"
    EXPORT = "Export dialog"
    EXPLAIN = "Explanations"


_NEVER_TYPED = frozenset(("enter", "tab", "shift+tab", "escape", "up", "down"))
"""Keys that a field for a text leaves to its screen."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One key, or several that do the same."""

    context: KeyContext
    keys: str
    """Names as Textual knows them, separated by commas."""
    action: str
    """Textual action, such as `pause` or `app.help`."""
    display: str
    """How the key is written to people, in ASCII."""
    label: str
    """One or two words for the footer."""
    help: str
    """What it does, for the help screen."""
    footer: int = 0
    """Priority in the footer: 1 comes first and stays longest; 0 keeps it out."""
    priority: bool = False
    """Whether it acts before the focused widget sees the key."""

    @property
    def may_be_typed(self) -> bool:
        """Whether a field for a text would take one of the keys for itself."""
        return not all(key in _NEVER_TYPED or "ctrl+" in key for key in self.keys.split(","))
