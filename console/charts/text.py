"""Numbers in few characters."""

from __future__ import annotations

import math


def short_number(value: float | None) -> str:
    """A number in at most five characters: 0.03, 250, 1.2k, 13k, -0.31; a dash if unmeasured."""
    if value is None or not math.isfinite(value):
        return "-"
    size = abs(value)
    if size >= 999.5e6:
        return f"{value:.0e}".replace("e+", "e").replace("e0", "e")
    if size >= 999_500:
        return f"{value / 1e6:.1f}M" if size < 9_950_000 else f"{value / 1e6:.0f}M"
    if size >= 9_995:
        return f"{value / 1e3:.0f}k"
    if size >= 999.5:
        return f"{value / 1e3:.1f}k"
    if size >= 99.5 or value == round(value):
        return f"{value:.0f}"
    if size >= 9.95:
        return f"{value:.1f}"
    if size >= 0.00995:
        return f"{value:.2f}"
    if size < 0.0005:
        return "0"
    # Without the zero before the point a negative one still fits.
    return f"{value:.3f}".replace("-0.", "-.")
