"""How far a training is, in one or a few lines."""

from __future__ import annotations

from textual.content import Content

from console.live.charts import passed_baseline
from console.live.signs import FAINT, MUTED, Signs
from console.live.snapshot import Snapshot
from console.themes import Series, SeriesPalette
from console.words import count, span


def training_lines(
    snapshot: Snapshot, signs: Signs, palette: SeriesPalette, width: int
) -> list[Content]:
    """Two lines: progress with speed and time left; score against what has to be beaten."""
    training = snapshot.status.training
    if training is None:
        return []
    share = min(training.timesteps / max(training.total_timesteps, 1), 1.0)
    numbers = Content.assemble(
        (f" {100 * share:3.0f} %", "bold"),
        f"  {count(training.timesteps)} of {count(training.total_timesteps)} decisions",
        f"  {count(training.steps_per_s)}/s" if training.steps_per_s else "",
        f"  {span(training.eta_s)} left" if training.eta_s is not None else "",
    )
    label = " training "
    bar = max(width - len(label) - numbers.cell_length - 1, 4)
    filled = round(share * bar)
    progress = Content.assemble(
        (label, MUTED),
        (signs.line_heavy * filled, palette.color(Series.EPISODE_REWARD)),
        (signs.line_light * (bar - filled), FAINT),
        numbers,
    )
    return [signs.cut(progress, width), signs.cut(_verdict(snapshot, palette), width)]


def _verdict(snapshot: Snapshot, palette: SeriesPalette) -> Content:
    rows = snapshot.evaluations
    if not rows:
        return Content.styled(" score    not evaluated yet", MUTED)
    last, best = rows[-1], min(rows, key=lambda row: row.score)
    passed = passed_baseline(rows)
    verdict = (
        Content.styled(
            f"  beats it since {count(passed.timesteps)} ({span(passed.wall_s)})",
            palette.color(Series.EPISODE_REWARD),
        )
        if passed is not None
        else Content.styled("  which is still better", MUTED)
    )
    return Content.assemble(
        (" score    ", MUTED),
        f"{last.score:.3f}",
        ("  best ", MUTED),
        (f"{best.score:.3f}", "bold"),
        ("  calibrated hpa ", MUTED),
        f"{last.baseline_score:.3f}",
        verdict,
    )
