"""The question before quitting: does the engine go on?"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings

_WIDTH = 72
"""Columns of the dialog, unless the run has a very long name."""
_FRAME = 6
"""Columns of its border and of the air within."""


class LeaveChoice(StrEnum):
    """What becomes of the engine."""

    LEAVE_RUNNING = "leave"
    STOP = "stop"
    RESTORE = "restore"
    """On a real cluster: stop, and put back what was there before control was taken."""


class LeaveDialog(Dialog[LeaveChoice | None]):
    """Gives the choice, or None to stay.

    Args:
        run_id: The run, so that people can attach to it again.
        training: Whether it is a training, which keeps what it has learned.
        controls: Full name of the Deployment that it scales; empty for none.
        paused: Whether it waits, and so goes on waiting.
        shown: Whether the run is on the screen; else it was before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(KeyContext.QUIT),
        # As the buttons stand in a row.
        Binding("left", "app.focus_previous", "Answer before", show=False),
        Binding("right", "app.focus_next", "Next answer", show=False),
        Binding("up", "scroll(-1)", "Words before", show=False),
        Binding("down", "scroll(1)", "More words", show=False),
    ]
    AUTO_FOCUS = ""
    key_contexts = (KeyContext.QUIT,)

    def __init__(
        self,
        run_id: str,
        *,
        training: bool,
        controls: str = "",
        paused: bool = False,
        shown: bool = True,
    ) -> None:
        super().__init__()
        self._shown = shown
        self._paused = paused
        self._controls = controls
        self._run_id = run_id
        self._training = training

    def compose(self) -> ComposeResult:
        """The question and its answers."""
        kept = " It keeps what it has learned so far." if self._training else ""
        if self._controls:
            kept = "\nHold leaves the replicas; restore puts back what it found."
        work = f"scales {self._controls}" if self._controls else "is working"
        goes_on = "goes on without a console"
        if self._paused:
            work, goes_on = f"{work}, paused" if self._controls else "is paused", "stays paused"
        which = "this run" if self._shown else "the run before"
        with Vertical(id="leave-dialog", classes="dialog") as dialog:
            dialog.border_title = "Quit"
            command = f"  rlscale-console attach {self._run_id}"
            # On one line, so that it can be copied in one go.
            dialog.styles.width = max(_WIDTH, len(command) + _FRAME)
            yield Static(
                f"The engine of {which} {work}.\n"
                f"Left running, it {goes_on}; come back with\n"
                f"{command}\n"
                f"Stopped, the run ends here and can be replayed.{kept}",
                markup=False,
            )
            with Horizontal(id="leave-buttons", classes="dialog--answers"):
                yield Button("[u]l[/u]eave it running", id="leave", compact=True)
                if self._controls:
                    yield Button("[u]s[/u]top and hold", id="stop", compact=True)
                    yield Button("stop and [u]r[/u]estore", id="restore", compact=True)
                else:
                    yield Button("[u]s[/u]top it", id="stop", compact=True)
                yield Button("stay (esc)", id="stay", compact=True)

    def on_mount(self) -> None:
        """Begin at the safe answer, and with the first words in sight."""
        self.query_one("#leave").focus(scroll_visible=False)

    @on(Button.Pressed, "#leave")
    def action_leave(self) -> None:
        """Quit; the engine goes on."""
        self.dismiss(LeaveChoice.LEAVE_RUNNING)

    @on(Button.Pressed, "#stop")
    def action_stop(self) -> None:
        """Stop the engine, then quit."""
        self.dismiss(LeaveChoice.STOP)

    @on(Button.Pressed, "#restore")
    def action_restore(self) -> None:
        """Stop the engine, put back what was there, then quit."""
        if self._controls:
            self.dismiss(LeaveChoice.RESTORE)

    @on(Button.Pressed, "#stay")
    def action_cancel(self) -> None:
        """Do not quit."""
        self.dismiss(None)

    def action_scroll(self, by: int) -> None:
        """Show what a low terminal has no room for."""
        self.query_one("#leave-dialog").scroll_relative(y=by, animate=False)
