"""Where a run is exported to, and as what."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.dialogs.dialog import Dialog
from console.keys import KeyContext, bindings
from console.recording.formats import RecordingFormat
from console.widgets.choice import Choice, Option
from console.widgets.field import Field
from core.errors import InputError
from core.locations import typed_path

LONGEST_NAME = 255
"""Bytes that the name of a file takes at most, on every file system in use."""
FORMATS = (
    Option("csv", "CSV", "One line per decision, for spreadsheets and pandas."),
    Option("json", "JSON", "Facts, totals, events and decisions in one document."),
    Option("db", "file", "The SQLite file itself: everything, to be opened here again."),
    Option(
        RecordingFormat.ASCIICAST, "cast", "The console replaying it, for asciinema; in a minute."
    ),
    Option(RecordingFormat.SVG, "SVG", "A picture of its end; --at of runs export has others."),
    Option(RecordingFormat.HTML, "HTML", "A page with its end as text, in colour."),
)


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What the operator asked for."""

    format: str
    """Value of the chosen format, such as `csv`."""
    target: Path
    """A file that does not exist yet."""


def new_file(text: str) -> Path:
    """The file that `text` names, `~` expanded.

    Raises:
        InputError: It exists, its directory does not, or its name is too long for a file.
    """
    path = typed_path(text.strip())
    if not text.strip() or path.name in ("", "..") or text.strip().endswith("/"):
        raise InputError("expected a file name")
    # Unlike those of `Path`, these say False to any text that cannot be a path.
    if os.path.lexists(path):
        raise InputError("exists already; choose another name")
    if not os.path.isdir(path.parent):
        raise InputError(f"no directory {path.parent}")
    if len(os.fsencode(path.name)) > LONGEST_NAME:
        raise InputError(f"expected a name of at most {LONGEST_NAME} bytes")
    return path


class ExportDialog(Dialog[ExportRequest | None]):
    """Asks for a format and a file.

    Args:
        run_id: What is exported; its name is offered as the name of the file.
        directory: Where the file is offered to go.
        formats: What there is to choose from; a value is also the file's ending, but for a cast.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyContext.EXPORT)]
    AUTO_FOCUS = "#format"
    key_contexts = (KeyContext.EXPORT,)

    def __init__(self, run_id: str, directory: Path, formats: tuple[Option, ...] = FORMATS) -> None:
        super().__init__()
        self._run_id = run_id
        self._formats = formats
        self._directory = directory

    def compose(self) -> ComposeResult:
        """Put format and file over the keys."""
        with Vertical(classes="dialog", id="export") as box:
            box.border_title = "Export"
            yield Static(self._run_id, markup=False, classes="dialog--subject")
            yield Choice("format", self._formats, label_width=8, id="format")
            yield Static("", id="format-note", markup=False)
            yield Field(
                "to",
                new_file,
                text=self._offer(self._formats[0].value),
                id="target",
                classes="-wide",
            )
            yield Static("", id="target-message", markup=False)
            yield Static(
                Content.assemble(
                    ("enter ", "bold $footer-key-foreground"),
                    "export    ",
                    ("tab ", "bold $footer-key-foreground"),
                    "field    ",
                    ("esc ", "bold $footer-key-foreground"),
                    "cancel",
                ),
                classes="dialog--keys",
            )

    def on_mount(self) -> None:
        """Say what the format is for."""
        self._show()

    @on(Input.Submitted)
    def action_apply(self) -> None:
        """Export, unless the file is wrong."""
        target = cast("Path | None", self.query_one("#target", Field).value)
        if target is None:
            self.query_one("#target", Field).input.focus()
            return
        self.dismiss(ExportRequest(self.query_one("#format", Choice).value, target))

    def action_cancel(self) -> None:
        """Export nothing."""
        self.dismiss(None)

    def _offer(self, value: str) -> str:
        suffix = RecordingFormat.ASCIICAST.suffix if value == RecordingFormat.ASCIICAST else value
        return str(self._directory / f"{self._run_id}.{suffix}")

    @on(Choice.Changed)
    def _follow_format(self, event: Choice.Changed) -> None:
        field = self.query_one("#target", Field)
        offers = {self._offer(option.value) for option in self._formats}
        if field.text in offers:
            field.text = self._offer(event.value)
        self._show()

    @on(Field.Changed)
    def _show(self) -> None:
        choice, field = self.query_one("#format", Choice), self.query_one("#target", Field)
        self.query_one("#format-note", Static).update(choice.chosen.meaning)
        message = self.query_one("#target-message", Static)
        message.set_class(bool(field.error), "-wrong")
        message.update(f"! {field.error}" if field.error else "")
