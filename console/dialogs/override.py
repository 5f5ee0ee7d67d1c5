"""The override dialog: how many replicas, for how long, and what that means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Label, Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings
from console.live.override import (
    DEFAULT_TIME_TO_LIVE,
    OverridePreview,
    parse_replicas,
    parse_time_to_live,
    preview,
)
from console.live.signs import Signs
from core.errors import InputError
from core.state import ClusterState, DeploymentFacts

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.traffic.scenario import GuardrailSettings

_LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class OverrideSubject:
    """What is going to be overridden, as it stands."""

    name: str
    state: ClusterState
    asked: int
    """Replicas asked for at present."""
    facts: DeploymentFacts
    guardrails: GuardrailSettings | None
    pinned: int | None
    """Replicas pinned already; None without an override."""


class OverrideDialog(Dialog[OverridePreview | None]):
    """Asks for replicas and a time to live; gives None if left without applying.

    Args:
        look: What is overridden, as it stands now; asked again and again.
        signs: Characters to write with.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(KeyContext.OVERRIDE),
        Binding("up", "change(1)", show=False, priority=True),
        Binding("down", "change(-1)", show=False, priority=True),
    ]
    AUTO_FOCUS = "#override-replicas"
    key_contexts = (KeyContext.OVERRIDE,)

    def __init__(self, look: Callable[[], OverrideSubject | None], signs: Signs) -> None:
        super().__init__()
        subject = look()
        assert subject is not None, "there is something to override"
        self._look = look
        self._subject = subject
        self._signs = signs

    def compose(self) -> ComposeResult:
        """Two fields, what follows from them, and the keys."""
        subject = self._subject
        start = subject.pinned if subject.pinned is not None else subject.asked
        with Vertical(id="override", classes="dialog") as dialog:
            dialog.border_title = "Override replicas"
            yield Static(self._now(), id="override-now", markup=False)
            with Horizontal(id="override-fields"):
                yield Label("pin to")
                yield Input(str(start), id="override-replicas", compact=True, select_on_focus=True)
                yield Label("for")
                yield Input(
                    DEFAULT_TIME_TO_LIVE,
                    placeholder="until released",
                    id="override-time",
                    compact=True,
                )
                yield Label("empty: until released", classes="hint")
            yield Static("", id="override-change", markup=False)
            yield Static("", id="override-verdict", markup=False)
            with Horizontal(id="override-keys", classes="dialog--answers"):
                yield Label(
                    Content.assemble(
                        ("enter", "bold $footer-key-foreground"),
                        " apply   ",
                        ("esc", "bold $footer-key-foreground"),
                        " cancel   ",
                    )
                )
                yield Label(
                    Content.assemble(
                        ("up down", "bold $footer-key-foreground"), " one more, one less"
                    ),
                    classes="hint",
                )

    def on_mount(self) -> None:
        """Show what the first values mean; nothing blinks where animation is off."""
        for field in self.query(Input):
            field.cursor_blink = self.app.animation_level != "none"
        self._judge()
        self.set_interval(_LOOK_EVERY_S, self._keep_up)

    def _now(self) -> str:
        subject = self._subject
        return f"{subject.name}   now {subject.state.replicas_ready} ready, {subject.asked} desired"

    def _keep_up(self) -> None:
        subject = self._look()
        if subject is not None and subject != self._subject:
            self._subject = subject
            self.query_one("#override-now", Static).update(self._now())
            self._judge()

    @on(Input.Changed)
    def _judge(self) -> None:
        change, verdict = (
            self.query_one("#override-change", Static),
            self.query_one("#override-verdict", Static),
        )
        try:
            found = self._read()
        except InputError as error:
            change.update("")
            verdict.update(self._signs.words(str(error)))
            verdict.set_class(True, "-wrong")
            return
        change.update(self._signs.words(f"{found.change}   {found.cost}"))
        verdict.update(self._signs.words(found.verdict))
        verdict.set_class(False, "-wrong")
        verdict.set_class(found.changed_by_guardrails, "-clamped")

    def _read(self) -> OverridePreview:
        subject = self._subject
        try:
            replicas = parse_replicas(
                self.query_one("#override-replicas", Input).value, subject.facts
            )
        except InputError as error:
            raise InputError(f"replicas: {error}") from error
        try:
            ttl_s = parse_time_to_live(self.query_one("#override-time", Input).value)
        except InputError as error:
            raise InputError(f"time: {error}") from error
        return preview(
            replicas, ttl_s, subject.asked, subject.state, subject.facts, subject.guardrails
        )

    def action_change(self, by: int) -> None:
        """One replica more or less, within the limits."""
        field = self.query_one("#override-replicas", Input)
        facts = self._subject.facts
        present = int(field.value) if field.value.strip().isdigit() else facts.min_replicas
        field.value = str(min(max(present + by, facts.min_replicas), facts.max_replicas))
        field.cursor_position = len(field.value)

    # Enter comes through the field, behind the digits typed just before it; a priority binding
    # would overtake them and pin the number that stood there first.
    @on(Input.Submitted)
    def action_apply(self) -> None:
        """Give what stands there, unless it makes no sense."""
        try:
            found = self._read()
        except InputError:
            self._judge()
            return
        self.dismiss(found)

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
