"""What to benchmark: policies, workloads and seeds."""

from __future__ import annotations

from functools import partial
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.bench.deeds import BenchOrder
from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings
from console.setup.parsing import NumberRule
from console.widgets.field import Field
from core.errors import InputError

SEEDS = NumberRule(1, 1000, integer=True)
PEAK_RPS = NumberRule(0.001, 1e9, optional=True, words="a rate above 0")
_NOTE = (
    "Workloads: heldout (16 unseen), training, trials, shipped, names, files.\n"
    "It runs in a process of its own and goes on when this console is closed."
)


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas.

    Raises:
        InputError: There is none.
    """
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not found:
        raise InputError("at least one name")
    return found


class NewBenchDialog(Dialog[BenchOrder | None]):
    """Asks what to benchmark; gives None if left without starting.

    Args:
        order: What is offered.
        problem: What was wrong with it, if it was asked for before.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.NEW_BENCH)]
    AUTO_FOCUS = "#bench-policies Input"
    key_contexts = (KeyContext.NEW_BENCH,)

    def __init__(self, order: BenchOrder, problem: str = "") -> None:
        super().__init__()
        self._problem = problem
        self._order = order
        self._offered: list[str] = []

    def compose(self) -> ComposeResult:
        """Put the fields over the keys."""
        order = self._order
        with Vertical(classes="dialog", id="new-bench") as box:
            box.border_title = "New benchmark"
            field = partial(Field, classes="-wide")
            yield field("policies", names, text=",".join(order.policies), id="bench-policies")
            yield field("workloads", names, text=",".join(order.workloads), id="bench-workloads")
            yield Field(
                "seeds", SEEDS.parse, text=str(order.seeds), hint="for each", id="bench-seeds"
            )
            peak = "" if order.peak_rps is None else f"{order.peak_rps:g}"
            yield Field(
                "peak rps", PEAK_RPS.parse, text=peak, hint="of traces (.csv)", id="bench-peak"
            )
            yield Static(self._problem, id="bench-problem", markup=False)
            yield Static(_NOTE, id="bench-hint", markup=False)
            yield Static(
                Content.assemble(
                    ("enter ", "bold $footer-key-foreground"),
                    "start    ",
                    ("tab ", "bold $footer-key-foreground"),
                    "field    ",
                    ("esc ", "bold $footer-key-foreground"),
                    "cancel",
                ),
                classes="dialog--keys",
            )

    def on_mount(self) -> None:
        """Remember what the problem is about: with the first change it is gone."""
        self._offered = self._texts()

    @on(Input.Submitted)
    def action_apply(self) -> None:
        """Give the order, unless a field is wrong."""
        for field in self.query(Field):
            if field.error:
                self._say(f"{field.label}: expected {field.error}")
                field.input.focus()
                return
        self.dismiss(
            BenchOrder(
                cast("tuple[str, ...]", self._value("bench-policies")),
                cast("tuple[str, ...]", self._value("bench-workloads")),
                cast("int", self._value("bench-seeds")),
                cast("float | None", self._value("bench-peak")),
            )
        )

    def action_cancel(self) -> None:
        """Start nothing."""
        self.dismiss(None)

    @on(Field.Changed)
    def _changed(self) -> None:
        self._say(self._problem if self._texts() == self._offered else "")

    def _texts(self) -> list[str]:
        return [field.text for field in self.query(Field)]

    def _value(self, name: str) -> object:
        return self.query_one(f"#{name}", Field).value

    def _say(self, problem: str) -> None:
        self.query_one("#bench-problem", Static).update(problem)
