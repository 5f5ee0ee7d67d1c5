"""How far a training is, in one or a few lines."""

from __future__ import annotations

from textual.content import Content

from console.charts.text import short_number
from console.live.charts import passed_baseline
from console.live.signs import FAINT, MUTED, Signs
from console.live.snapshot import Snapshot
from console.themes import Series, SeriesPalette


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
        f"  {duration(training.eta_s)} left" if training.eta_s is not None else "",
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
            f"  beats it since {count(passed.timesteps)} ({duration(passed.wall_s)})",
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


def count(number: float | None) -> str:
    """A count in few characters: 850, 12.3k, 1.50M."""
    if number is None:
        return "-"
    if number >= 1e6:
        return f"{number / 1e6:.2f}M"
    return f"{number / 1e3:.1f}k" if number >= 1e4 else short_number(round(number))


def duration(seconds: float | None) -> str:
    """A duration in few characters: 42 s, 3 min 20 s, 1 h 05 min."""
    if seconds is None:
        return "-"
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min"
