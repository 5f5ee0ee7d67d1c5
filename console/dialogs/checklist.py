"""What doctor finds in a cluster, check by check as it comes."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.dialogs.dialog import Dialog
from console.handover import hand_over
from console.inquiries import Inquiry
from console.keys import KeyContext, bindings
from console.setup.cluster_settings import ClusterSetup

_NAME_WIDTH = 17


class ClusterChecklist(Dialog[None]):
    """Checks a Deployment in a process of its own, which ends with the dialog.

    Args:
        setup: What is checked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.EXPLAIN)]
    AUTO_FOCUS = "#checks"
    key_contexts = (KeyContext.EXPLAIN,)

    def __init__(self, setup: ClusterSetup) -> None:
        super().__init__()
        self._setup = setup
        self._inquiry = Inquiry(
            {
                "question": "examination",
                "settings": setup.settings.model_dump(mode="json"),
                "scenario": setup.scenario,
                "write": setup.write,
            }
        )
        self._failed = 0

    def compose(self) -> ComposeResult:
        """Put the checks over what they add up to."""
        with Vertical(classes="dialog", id="checklist") as box:
            box.border_title = f"Check {self._setup.target}"
            yield VerticalScroll(id="checks")
            yield Static("checking", id="checks-verdict", markup=False)
            yield Static(
                Content.assemble(("esc ", "bold $footer-key-foreground"), "close"),
                classes="dialog--keys",
            )

    def on_mount(self) -> None:
        """Begin."""
        self._ask()

    def on_unmount(self) -> None:
        """Nobody waits for the rest."""
        self._inquiry.cancel()

    @work(thread=True, group="checklist")
    def _ask(self) -> None:
        for answer in self._inquiry.answers():
            hand_over(self, self._add, answer)
        hand_over(self, self._conclude)

    def _add(self, answer: dict[str, object]) -> None:
        check = answer.get("check")
        if isinstance(check, dict):
            name, ok, found = str(check["name"]), bool(check["ok"]), str(check["found"])
            advice, required = str(check["advice"]), bool(check["required"])
        else:
            name, ok, required = "cluster", False, True
            found, advice = str(answer.get("problem", "")), str(answer.get("hint", ""))
        self._failed += required and not ok
        self.query_one("#checks", VerticalScroll).mount(
            Static(_row(name, found, advice, ok=ok, required=required), classes="check")
        )

    def _conclude(self) -> None:
        failed = self._failed
        words = "everything that is needed is there"
        if failed:
            words = f"{failed} {'check' if failed == 1 else 'checks'} failed: see FAIL above"
        self.query_one("#checks-verdict", Static).update(words)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)


def _row(name: str, found: str, advice: str, *, ok: bool, required: bool) -> Content:
    mark, style = ("ok  ", "$success") if ok else ("FAIL", "bold $error")
    if not ok and not required:
        mark, style = "note", "$warning"
    parts: list[tuple[str, str]] = [
        (f"{mark}  ", style),
        (f"{name:<{_NAME_WIDTH}} ", "$series-axis"),
        (found, ""),
    ]
    if advice:
        parts.append((f"\n      {advice}", "$text-muted"))
    return Content.assemble(*parts)
