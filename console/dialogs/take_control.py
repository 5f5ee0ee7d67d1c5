"""The confirmation before a run begins to scale a real service: its name, typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings


class TakeControlDialog(Dialog[str | None]):
    """Gives the Deployment's full name once its name was typed; None to leave things as they are.

    Args:
        target: Full name of the Deployment, context/namespace/deployment.
        words: What will be done to it, in one line.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.TAKE)]
    AUTO_FOCUS = "#take-name"
    key_contexts = (KeyContext.TAKE,)

    def __init__(self, target: str, words: str) -> None:
        super().__init__()
        self._target = target
        self._short = target.rpartition("/")[2]
        self._words = words

    def compose(self) -> ComposeResult:
        """What is about to be scaled, and the field for its name."""
        with Vertical(classes="dialog", id="take") as box:
            box.border_title = "Take control"
            yield Static(
                Content.assemble(
                    "From now on this run scales\n  ", (self._target, "bold"), f"\n{self._words}"
                ),
            )
            with Horizontal(id="take-fields"):
                yield Label(Content.assemble("type ", (self._short, "bold"), " to confirm"))
                yield Input(id="take-name", compact=True)
            yield Static("", id="take-verdict", markup=False)
            yield Static(
                Content.assemble(
                    ("enter ", "bold $footer-key-foreground"),
                    "take control    ",
                    ("esc ", "bold $footer-key-foreground"),
                    "cancel",
                ),
                classes="dialog--keys",
            )

    def on_mount(self) -> None:
        """Nothing blinks where animation is off."""
        self.query_one(Input).cursor_blink = self.app.animation_level != "none"

    # Enter comes through the field, behind what was typed just before it.
    @on(Input.Submitted)
    def action_apply(self) -> None:
        """Take control, if the name is right."""
        typed = self.query_one("#take-name", Input).value.strip()
        if typed in (self._short, self._target):
            self.dismiss(self._target)
            return
        words = f"expected {self._short}, found {typed or 'nothing'}"
        verdict = self.query_one("#take-verdict", Static)
        verdict.update(words)
        verdict.set_class(True, "-wrong")

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
