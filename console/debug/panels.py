"""Which lines each panel shows, and how many of them can be selected."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from console.debug.futures import futures_lines, outcome_count
from console.debug.lists import alike_count, alike_lines, stop_count, stops_lines
from console.debug.moment import moment_lines
from console.debug.scene import DebugScene
from console.debug.values import option_count, values_lines
from console.debug.view import Panel, Picture
from console.debug.why import feature_count, why_lines
from console.live.decision import Drawing

Maker = Callable[[int, int], list[Content]]
"""Gives the lines for a width and a height."""


def row_count(panel: Panel, scene: DebugScene) -> int:
    """How many lines of a panel can be selected."""
    picture = scene.picture
    counts = {
        Panel.VALUES: lambda: option_count(picture),
        Panel.WHY: lambda: feature_count(picture),
        Panel.WHAT_IF: lambda: outcome_count(scene),
        Panel.STOPS: lambda: stop_count(picture),
        Panel.ALIKE: lambda: alike_count(picture),
    }
    return counts[panel]() if panel in counts else 0


def panel_maker(panel: Panel, scene: DebugScene, picture: Picture, drawing: Drawing) -> Maker:
    """What makes the lines of a panel."""
    row, focused = scene.row(panel, row_count(panel, scene)), panel is scene.panel
    match panel:
        case Panel.MOMENT:
            return lambda width, height: moment_lines(picture, drawing, width, height)
        case Panel.VALUES:
            return lambda width, height: values_lines(picture, drawing, width, height, row, focused)
        case Panel.WHY:
            return lambda width, height: why_lines(picture, drawing, width, height, row, focused)
        case Panel.WHAT_IF:
            return lambda width, height: futures_lines(scene, drawing, width, height, row, focused)
        case Panel.STOPS:
            return lambda width, height: stops_lines(picture, drawing, width, height, row, focused)
        case Panel.ALIKE:
            return lambda width, height: alike_lines(picture, drawing, width, height, row, focused)
