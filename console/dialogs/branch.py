"""The branch dialog: from which decision on a new run goes its own way, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings
from console.widgets.choice import Choice, Option
from console.widgets.field import Field
from core.errors import InputError

PACES = (
    Option("max", "max", "As fast as possible, to the end of the scenario."),
    Option("10", "10×", "Ten simulated seconds per second, to watch it."),
    Option("paused", "paused", "Waits at this decision, to be stepped on."),
)


@dataclass(frozen=True, slots=True)
class BranchRequest:
    """What the operator asked for."""

    policy: str | None
    """Who decides from there on; None leaves it to who decided before."""
    target: int | None
    """Replicas wanted at the decision itself; None leaves that to the policy."""
    speed: float | None
    """Simulated seconds per second; None is as fast as possible."""
    paused: bool


@dataclass(frozen=True, slots=True)
class BranchOffer:
    """What the dialog starts from."""

    run_id: str
    step: int
    clock: str
    policy: str
    """Who decides in the run."""
    decided: int
    """Replicas that the policy wanted."""
    target: int | None
    """Replicas that are offered instead."""
    low: int
    high: int


class BranchDialog(Dialog[BranchRequest | None]):
    """Asks who goes on, with which first decision, and how fast.

    Args:
        offer: What it starts from.
        taking_over: A policy that is offered to take over; empty for none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.BRANCH)]
    AUTO_FOCUS = "#branch-target Input"
    key_contexts = (KeyContext.BRANCH,)

    def __init__(self, offer: BranchOffer, taking_over: str = "") -> None:
        super().__init__()
        self._offer = offer
        self._taking_over = taking_over

    def compose(self) -> ComposeResult:
        """Three fields over the keys."""
        offer = self._offer
        with Vertical(classes="dialog", id="branch") as box:
            box.border_title = f"Branch at decision {offer.step}, {offer.clock}"
            yield Static(
                f"A new run that repeats {offer.run_id} up to here, then goes its own way.",
                markup=False,
                classes="dialog--subject",
            )
            yield Field(
                "replicas",
                self._replicas,
                text="" if offer.target is None else str(offer.target),
                placeholder="as the policy decides",
                hint=f"it wanted {offer.decided}",
                id="branch-target",
            )
            yield Field(
                "then",
                self._policy,
                text=self._taking_over,
                placeholder=offer.policy[:14],
                hint="a policy: ppo, hpa, rule",
                id="branch-policy",
            )
            yield Choice("pace", PACES, id="branch-pace")
            yield Static("", id="branch-note", markup=False)
            yield Static(
                Content.assemble(
                    ("enter ", "bold $footer-key-foreground"),
                    "branch    ",
                    ("tab ", "bold $footer-key-foreground"),
                    "field    ",
                    ("esc ", "bold $footer-key-foreground"),
                    "cancel",
                ),
                classes="dialog--keys",
            )

    def on_mount(self) -> None:
        """Say what the pace means."""
        self._say()

    def _replicas(self, text: str) -> int | None:
        words = text.strip()
        if not words:
            return None
        low, high = self._offer.low, self._offer.high
        if not words.isdigit() or not low <= int(words) <= high:
            raise InputError(f"expected {low} to {high}")
        return int(words)

    def _policy(self, text: str) -> str | None:
        return text.strip() or None

    @on(Choice.Changed)
    def _say(self) -> None:
        note = self.query_one("#branch-pace", Choice).chosen.meaning
        self.query_one("#branch-note", Static).update(note)

    @on(Input.Submitted)
    def action_apply(self) -> None:
        """Branch, unless a field is wrong."""
        target, policy = (self.query_one(f"#branch-{name}", Field) for name in ("target", "policy"))
        if target.error:
            target.input.focus()
            return
        pace = self.query_one("#branch-pace", Choice).value
        self.dismiss(
            BranchRequest(
                policy=policy.value if isinstance(policy.value, str) else None,
                target=target.value if isinstance(target.value, int) else None,
                speed=None if pace == "max" else 10.0,
                paused=pace == "paused",
            )
        )

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
