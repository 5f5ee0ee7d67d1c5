from __future__ import annotations

import itertools

import pytest
from textual.color import Color
from textual.theme import Theme

from console.themes import (
    DEFAULT_THEME,
    THEMES,
    Series,
    palette_for,
    series_color,
    stylesheet_defaults,
)

OKABE_ITO = {"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"}
DRAWN_TOGETHER = (
    (Series.LATENCY_P50, Series.LATENCY_P95, Series.LATENCY_P99, Series.SLO),
    (Series.REPLICAS_READY, Series.REPLICAS_DESIRED, Series.REPLICAS_STARTING),
    (Series.TRAFFIC, Series.CAPACITY),
    (Series.REWARD, Series.REWARD_SLO, Series.REWARD_COST, Series.REWARD_CHURN),
    (Series.POLICY, Series.OPERATOR, Series.GUARDRAIL, Series.EXTERNAL),
    (Series.RUN_A, Series.RUN_B),
)


def contrast(first: str, second: str) -> float:
    """WCAG 2 contrast ratio."""

    def luminance(color: str) -> float:
        shares = [channel / 255 for channel in Color.parse(color).rgb]
        linear = [s / 12.92 if s <= 0.03928 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(first), luminance(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_series_is_readable_on_the_background(theme: Theme) -> None:
    palette = palette_for(theme.name)
    assert theme.background is not None
    for series in Series:
        assert contrast(palette.color(series), theme.background) >= 4.5, series


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_series_that_are_drawn_together_differ(theme: Theme) -> None:
    palette = palette_for(theme.name)
    for group in DRAWN_TOGETHER:
        for first, second in itertools.combinations(group, 2):
            distance = sum(
                abs(a - b) for a, b in zip(palette.rgb(first), palette.rgb(second), strict=True)
            )
            assert distance > 90, (first, second)


def test_the_colour_blind_theme_takes_its_hues_from_okabe_and_ito() -> None:
    colors = set(palette_for("colour-blind").colors.values())
    hues = {color for color in colors if len(set(Color.parse(color).rgb)) > 1}
    assert hues <= OKABE_ITO


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_stylesheets_know_every_series(theme: Theme) -> None:
    for series in Series:
        assert theme.variables[f"series-{series}"] == series_color(theme.name, series)
    assert set(stylesheet_defaults()) <= set(theme.variables)


def test_an_unknown_theme_draws_with_the_default_colours() -> None:
    assert palette_for("nord") is palette_for(DEFAULT_THEME)


def test_rgb_is_the_colour_in_numbers() -> None:
    palette = palette_for(DEFAULT_THEME)
    red, green, blue = palette.rgb(Series.TRAFFIC)
    assert f"#{red:02x}{green:02x}{blue:02x}" == palette.color(Series.TRAFFIC)
