"""Figures of a run in a caption: `{demo.p95}` stands for what the run says at that moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from core.times import clock

if TYPE_CHECKING:
    from core.runs.records import RunStatus
    from core.state import Step

_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_NAMED: Final = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)\.([a-z0-9_]+)")
_UNKNOWN: Final = "–"


@dataclass(frozen=True, slots=True)
class Moment:
    """A run at one moment."""

    status: RunStatus
    step: Step | None
    """Its newest decision; None before the first."""


def _of_state(field: str, unit: str = "") -> Callable[[Moment], str]:
    def read(moment: Moment) -> str:
        value = None if moment.step is None else getattr(moment.step.state, field)
        return _UNKNOWN if value is None else f"{value:.0f}{unit}"

    return read


def _violations(moment: Moment) -> str:
    ratio = moment.status.totals.slo_violation_ratio
    return _UNKNOWN if ratio is None else f"{100 * ratio:.1f} %"


FIGURES: Final[dict[str, Callable[[Moment], str]]] = {
    "time": lambda moment: clock(moment.status.time_s),
    "rps": _of_state("rps"),
    "p95": _of_state("latency_p95_ms", " ms"),
    "ready": _of_state("replicas_ready"),
    "desired": _of_state("replicas_desired"),
    "violations": _violations,
    "pod_hours": lambda moment: f"{moment.status.totals.pod_hours:.1f}",
    "mode": lambda moment: moment.status.mode.value,
    "policy": lambda moment: moment.status.policy.removesuffix(" (shipped)"),
}
"""What a caption can tell about a run."""


def places(text: str) -> Iterator[tuple[str, str]]:
    """Run and figure of every place in a caption."""
    for place in _PLACE.findall(text):
        run, _, figure = place.partition(".")
        yield run, figure


def check_figures(text: str) -> None:
    """Make sure that every place names a run and a known figure.

    Raises:
        ValueError: One does not; it says which.
    """
    for place in _PLACE.findall(text):
        found = _NAMED.fullmatch(place)
        if found is None or found.group(2) not in FIGURES:
            known = ", ".join(FIGURES)
            raise ValueError(
                f"expected a run and a figure such as {{demo.p95}} ({known}), found {{{place}}}"
            )
    if "{" in _PLACE.sub("", text) or "}" in _PLACE.sub("", text):
        raise ValueError("expected a closed pair of braces, found a single one")


def written_length(text: str) -> int:
    """About how many characters a caption has once it is filled in."""
    return len(_PLACE.sub("00.0 %", text))


def filled(text: str, look: Callable[[str], Moment]) -> str:
    """A caption with every place filled in.

    Args:
        text: A caption that was checked.
        look: Gives a run at this moment by its name in the script.
    """

    def fill(found: re.Match[str]) -> str:
        run, _, figure = found.group(1).partition(".")
        return FIGURES[figure](look(run))

    return _PLACE.sub(fill, text)
