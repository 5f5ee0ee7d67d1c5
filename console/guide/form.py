"""Which Deployment, where its past is, and how much of it: asked once, before recording."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget

from console.settings import ClusterChoices
from console.setup.parsing import SLO_MS, base_url, settings_file
from console.widgets.field import Field
from core.errors import InputError

DEFAULT_RANGE = "7d"
_NAMES = (("context", "the current one"), ("namespace", "the context's"), ("deployment", ""))


class GuideDetail(VerticalScroll, inherit_bindings=False):
    """The step that is looked at; up and down go from step to step, whatever its length."""


class GuideForm(Vertical):
    """The fields, filled with what was chosen last.

    Args:
        choices: What was chosen last.
        range_text: How far back.
    """

    def __init__(self, choices: ClusterChoices, range_text: str = DEFAULT_RANGE) -> None:
        super().__init__(id="guide-form")
        self._choices = choices
        self._range_text = range_text

    def compose(self) -> ComposeResult:
        """One row each."""
        for name, placeholder in _NAMES:
            yield Field(
                name,
                str.strip,
                text=getattr(self._choices, name),
                placeholder=placeholder,
                id=f"guide-{name}",
                classes="-wide",
            )
        url = self._choices.prometheus_url
        yield Field("prometheus", base_url, text=url, id="guide-prometheus", classes="-wide")
        yield Field(
            "settings",
            settings_file,
            text=self._choices.config,
            placeholder="a YAML file with more",
            id="guide-config",
            classes="-wide",
        )
        slo = self._choices.slo_ms
        yield Field(
            "SLO ms",
            SLO_MS.parse,
            text="" if slo is None else f"{slo:g}",
            placeholder="250",
            id="guide-slo",
        )
        yield Field("how far back", _span, text=self._range_text, hint="", id="guide-range")

    @property
    def choices(self) -> ClusterChoices:
        """As typed; fields that are wrong count as empty."""
        return self._choices.model_copy(
            update={
                **{name: self._field(name).text.strip() for name, _ in _NAMES},
                "prometheus_url": self._field("prometheus").value or "",
                "config": self._field("config").value or "",
                "slo_ms": self._field("slo").value,
            }
        )

    @property
    def range_s(self) -> int:
        """How far back, in seconds."""
        return cast("int", self._field("range").value)

    @property
    def problem(self) -> tuple[Widget, str] | None:
        """The first thing that is wrong, and where."""
        for field in self.query(Field):
            if field.error:
                return field.input, f"{field.label}: {field.error}"
        config = self._field("config").value
        if not self._field("deployment").text.strip() and not config:
            return self._field("deployment").input, "deployment: expected a name"
        if not self._field("prometheus").text.strip() and not config:
            return self._field("prometheus").input, "prometheus: expected its address"
        return None

    def _field(self, name: str) -> Field:
        return self.query_one(f"#guide-{name}", Field)


def _span(text: str) -> int:
    from core.twin.span import parse_span

    try:
        return parse_span(text)
    except InputError:
        raise InputError("expected 7d, 36h or 90m") from None
