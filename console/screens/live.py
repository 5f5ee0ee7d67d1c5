"""The Live screen: one run, watched, commanded, inspected, or played again."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from console.keys import KeyContext, bindings
from console.widgets.key_bar import KeyBar


class LiveScreen(Screen[None]):
    """A run on screen.

    Args:
        run_directory: The run; None starts the demo.
        read_only: Whether this console may only look.
        replay: Whether the run is played with a play head of its own.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.LIVE, KeyContext.CONTROL)]

    def __init__(
        self, run_directory: Path | None, *, read_only: bool = False, replay: bool = False
    ) -> None:
        super().__init__()
        self._directory = run_directory
        self._read_only = read_only
        self._replay = replay

    @property
    def key_contexts(self) -> tuple[KeyContext, ...]:
        """Which keys apply, for the footer and the help."""
        return (KeyContext.LIVE, KeyContext.REPLAY if self._replay else KeyContext.CONTROL)

    @property
    def commands_running_engine(self) -> bool:
        """Whether quitting leaves an engine behind that this console could stop."""
        return False

    def compose(self) -> ComposeResult:
        """The parts."""
        yield KeyBar(*self.key_contexts)

    def ask_to_leave(self) -> None:
        """Ask whether the engine goes on, then quit."""
