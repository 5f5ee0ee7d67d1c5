"""The choice of a control mode where a wrong key would scale a real service."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings
from console.live.signs import MUTED
from core.state import ControlMode

_WORDS = {
    ControlMode.AUTO: "the policy scales it",
    ControlMode.SHADOW: "the policy only advises",
    ControlMode.MANUAL: "you scale it; pinned as it is now",
    ControlMode.HOLD: "nothing is scaled",
}
_KEYS = {
    ControlMode.AUTO: "a",
    ControlMode.SHADOW: "s",
    ControlMode.MANUAL: "m",
    ControlMode.HOLD: "h",
}


class ModeDialog(Dialog[ControlMode | None]):
    """Gives a mode, or None to leave it as it is.

    Args:
        target: Full name of the Deployment.
        mode: The present mode.
        may_write: Whether this run may ever scale it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.MODE)]
    key_contexts = (KeyContext.MODE,)

    def __init__(self, target: str, mode: ControlMode, *, may_write: bool) -> None:
        super().__init__()
        self._target = target
        self._present = mode
        self._may_write = may_write

    def compose(self) -> ComposeResult:
        """Every mode with its key and what it means."""
        with Vertical(classes="dialog", id="mode") as box:
            box.border_title = "Control mode"
            yield Static(self._target, classes="dialog--subject", markup=False)
            for mode, words in _WORDS.items():
                yield Static(self._line(mode, words), markup=False)
            if not self._may_write:
                yield Static(
                    "This run may only look. Start another with writing allowed.",
                    classes="dialog--subject -below",
                    markup=False,
                )
            yield Static(
                Content.assemble(("esc ", "bold $footer-key-foreground"), "cancel"),
                classes="dialog--keys",
            )

    def _line(self, mode: ControlMode, words: str) -> Content:
        now = "  (now)" if mode is self._present else ""
        offered = self._may_write or mode not in (ControlMode.AUTO, ControlMode.MANUAL)
        return Content.assemble(
            (f"{_KEYS[mode]} ", "bold $footer-key-foreground" if offered else MUTED),
            (f"{mode.value:<7} ", "bold" if offered else MUTED),
            (words, "" if offered else MUTED),
            (now, MUTED),
        )

    def action_choose(self, mode: str) -> None:
        """Give the mode of the key; what this run may not do is no answer."""
        chosen = ControlMode(mode)
        if self._may_write or chosen not in (ControlMode.AUTO, ControlMode.MANUAL):
            self.dismiss(chosen)

    def action_cancel(self) -> None:
        """Leave it as it is."""
        self.dismiss(None)
