"""The totals of two runs as a table."""

from __future__ import annotations

from textual.content import Content

from console.compare.comparison import Comparison, Figure
from console.themes import Series, SeriesPalette

_NAME = 16
_VALUE = 11


def figures_table(comparison: Comparison, palette: SeriesPalette) -> Content:
    """One line per figure: both values, the change from A to B, and which is better.

    Args:
        comparison: What to write.
        palette: Colours of the runs.
    """
    colors = (palette.color(Series.RUN_A), palette.color(Series.RUN_B))
    lines = [
        Content.assemble(
            (comparison.until.ljust(_NAME), "$series-axis"),
            ("A".rjust(_VALUE), f"bold {colors[0]}"),
            ("B".rjust(_VALUE), f"bold {colors[1]}"),
            ("A to B".rjust(_VALUE), "$series-axis"),
            ("   better", "$series-axis"),
        )
    ]
    lines += [_line(figure, colors) for figure in comparison.figures]
    lines.append(Content.styled(comparison.remark, "$series-axis"))
    return Content("\n").join(lines)


def runs_table(comparison: Comparison, palette: SeriesPalette) -> Content:
    """Which run is A and which is B: name, policy, scenario and seed of both.

    Args:
        comparison: What to write.
        palette: Colours of the runs.
    """
    lines = []
    for letter, run, series in (
        ("A", comparison.first, Series.RUN_A),
        ("B", comparison.second, Series.RUN_B),
    ):
        lines.append(Content.assemble((f"{letter} ", f"bold {palette.color(series)}"), run.run_id))
        facts = f"  {run.policy} on {run.scenario}, seed {run.seed}, version {run.program_version}"
        lines.append(Content.styled(facts, "$series-axis"))
    return Content("\n").join(lines)


def _line(figure: Figure, colors: tuple[str, str]) -> Content:
    better = figure.better
    change = figure.change
    written = "-" if change is None else f"{change:+.1%}"
    return Content.assemble(
        (figure.name.ljust(_NAME), "$series-axis"),
        (_written(figure, figure.first).rjust(_VALUE), "bold" if better == 0 else ""),
        (_written(figure, figure.second).rjust(_VALUE), "bold" if better == 1 else ""),
        written.rjust(_VALUE),
        ("" if better is None else f"   {'AB'[better]}", colors[better or 0]),
    )


def _written(figure: Figure, value: float | None) -> str:
    return "-" if value is None else figure.pattern.format(value)
