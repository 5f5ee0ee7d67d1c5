"""The three themes, and the one place from which charts and markers take their colours.

Stylesheets use the same colours as `$series-latency-p95` and so on. Colour is never the only
signal: charts differ in marker and legend, states are words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from textual.theme import Theme

if TYPE_CHECKING:
    from textual.app import App


class Series(StrEnum):
    """Everything that is drawn in a colour of its own."""

    TRAFFIC = "traffic"
    CAPACITY = "capacity"
    LATENCY_P50 = "latency-p50"
    LATENCY_P95 = "latency-p95"
    LATENCY_P99 = "latency-p99"
    SLO = "slo"
    """The line that the latency must stay below."""
    REPLICAS_READY = "replicas-ready"
    REPLICAS_DESIRED = "replicas-desired"
    REPLICAS_STARTING = "replicas-starting"
    REWARD = "reward"
    REWARD_SLO = "reward-slo"
    REWARD_COST = "reward-cost"
    REWARD_CHURN = "reward-churn"
    REWARD_ERROR = "reward-error"
    POLICY = "policy"
    """The policy acted."""
    OPERATOR = "operator"
    """A person acted."""
    GUARDRAIL = "guardrail"
    """A guardrail changed what was wanted, or the fallback stood in."""
    EXTERNAL = "external"
    """Somebody outside acted, such as an HPA."""
    EPISODE_REWARD = "episode-reward"
    BASELINE = "baseline"
    """What a training has to beat."""
    LOSS = "loss"
    VALUE_LOSS = "value-loss"
    EXPLORATION = "exploration"
    RUN_A = "run-a"
    """The first of two compared runs."""
    RUN_B = "run-b"
    """The second of two compared runs."""
    CURSOR = "cursor"
    """The inspected moment."""
    AXIS = "axis"
    """Axes, ticks and their labels."""


@dataclass(frozen=True, slots=True)
class SeriesPalette:
    """The colours of the series under one theme."""

    colors: Mapping[Series, str]
    """Colour of each series as `#rrggbb`."""

    def color(self, series: Series) -> str:
        """Colour of `series` as `#rrggbb`, for Rich, Textual and stylesheets."""
        return self.colors[series]

    def rgb(self, series: Series) -> tuple[int, int, int]:
        """Colour of `series` as red, green and blue in 0…255, for plotext."""
        value = self.colors[series]
        return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16)


def _palette(
    *,
    ink: str,
    muted: str,
    blue: str,
    amber: str,
    red: str,
    green: str,
    violet: str,
    slo: str,
) -> SeriesPalette:
    return SeriesPalette(
        {
            Series.TRAFFIC: blue,
            Series.CAPACITY: muted,
            Series.LATENCY_P50: blue,
            Series.LATENCY_P95: amber,
            Series.LATENCY_P99: violet,
            Series.SLO: slo,
            Series.REPLICAS_READY: green,
            Series.REPLICAS_DESIRED: ink,
            Series.REPLICAS_STARTING: amber,
            Series.REWARD: ink,
            Series.REWARD_SLO: red,
            Series.REWARD_COST: blue,
            Series.REWARD_CHURN: amber,
            Series.REWARD_ERROR: violet,
            Series.POLICY: blue,
            Series.OPERATOR: amber,
            Series.GUARDRAIL: violet,
            Series.EXTERNAL: muted,
            Series.EPISODE_REWARD: green,
            Series.BASELINE: muted,
            Series.LOSS: red,
            Series.VALUE_LOSS: violet,
            Series.EXPLORATION: amber,
            Series.RUN_A: blue,
            Series.RUN_B: amber,
            Series.CURSOR: ink,
            Series.AXIS: muted,
        }
    )


_DARK = _palette(
    ink="#e4e9ee",
    muted="#8592a0",
    blue="#62b0e8",
    amber="#e8b34b",
    red="#ee7768",
    green="#66c28c",
    violet="#b993e6",
    slo="#ee7768",
)
_LIGHT = _palette(
    ink="#1c2530",
    muted="#66727f",
    blue="#1769aa",
    amber="#9a6200",
    red="#c0392b",
    green="#1f7a48",
    violet="#7a3fb0",
    slo="#c0392b",
)
# Okabe and Ito, "Color Universal Design" (2008), on black.
_COLOUR_BLIND = _palette(
    ink="#f2f2f2",
    muted="#9a9a9a",
    blue="#56b4e9",
    amber="#f0e442",
    red="#d55e00",
    green="#009e73",
    violet="#cc79a7",
    slo="#d55e00",
)


def _variables(palette: SeriesPalette, **others: str) -> dict[str, str]:
    variables = {f"series-{series}": color for series, color in palette.colors.items()}
    variables["environment-simulator"] = palette.color(Series.TRAFFIC)
    variables["environment-cluster"] = palette.color(Series.SLO)
    variables.update({name.replace("_", "-"): color for name, color in others.items()})
    return variables


DARK = Theme(
    name="dark",
    primary="#62b0e8",
    secondary="#8592a0",
    accent="#e8b34b",
    warning="#e8b34b",
    error="#ee7768",
    success="#66c28c",
    foreground="#d6dde4",
    background="#10151b",
    surface="#161c23",
    panel="#1f2730",
    dark=True,
    variables=_variables(
        _DARK,
        border="#3d4a57",
        border_blurred="#2a343e",
        footer_background="#161c23",
        footer_key_foreground="#e8b34b",
        block_cursor_background="#2c4a63",
        block_cursor_foreground="#ffffff",
        block_cursor_blurred_background="#222c36",
        input_selection_background="#2c4a63",
        scrollbar="#33404d",
        scrollbar_background="#161c23",
    ),
)
LIGHT = Theme(
    name="light",
    primary="#1769aa",
    secondary="#66727f",
    accent="#9a6200",
    warning="#9a6200",
    error="#c0392b",
    success="#1f7a48",
    foreground="#26303a",
    background="#fbfbfa",
    surface="#f3f4f4",
    panel="#e7eaec",
    dark=False,
    variables=_variables(
        _LIGHT,
        border="#aab4bd",
        border_blurred="#d3d9de",
        footer_background="#eceeef",
        footer_key_foreground="#1769aa",
        block_cursor_background="#cfe3f4",
        block_cursor_foreground="#10202e",
        block_cursor_blurred_background="#e4e9ee",
        input_selection_background="#bcd8ef",
        scrollbar="#bcc5cd",
        scrollbar_background="#eceeef",
    ),
)
COLOUR_BLIND = Theme(
    name="colour-blind",
    primary="#56b4e9",
    secondary="#9a9a9a",
    accent="#f0e442",
    warning="#e69f00",
    error="#d55e00",
    success="#009e73",
    foreground="#e6e6e6",
    background="#0b0b0b",
    surface="#141414",
    panel="#202020",
    dark=True,
    variables=_variables(
        _COLOUR_BLIND,
        border="#4d4d4d",
        border_blurred="#333333",
        footer_background="#141414",
        footer_key_foreground="#f0e442",
        block_cursor_background="#0072b2",
        block_cursor_foreground="#ffffff",
        block_cursor_blurred_background="#2a2a2a",
        input_selection_background="#0072b2",
        scrollbar="#4d4d4d",
        scrollbar_background="#141414",
    ),
)

THEMES: tuple[Theme, ...] = (DARK, LIGHT, COLOUR_BLIND)
DEFAULT_THEME = DARK.name

_PALETTES: dict[str, SeriesPalette] = {
    DARK.name: _DARK,
    LIGHT.name: _LIGHT,
    COLOUR_BLIND.name: _COLOUR_BLIND,
}


def register_themes(app: App[Any]) -> None:
    """Make the themes known to `app`; afterwards `app.theme` takes their names."""
    for theme in THEMES:
        app.register_theme(theme)


def palette_for(theme_name: str) -> SeriesPalette:
    """The series colours of a theme; those of the default theme if the name is not ours."""
    return _PALETTES.get(theme_name, _PALETTES[DEFAULT_THEME])


def series_color(theme_name: str, series: Series) -> str:
    """Colour of one series under a theme as `#rrggbb`."""
    return palette_for(theme_name).color(series)


def stylesheet_defaults() -> dict[str, str]:
    """Values of our own stylesheet variables under a theme that does not define them."""
    return _variables(_PALETTES[DEFAULT_THEME])
