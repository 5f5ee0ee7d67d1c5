"""Figures for people: the same rounding and units wherever a command prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from console.cli.output import duration, number, percent

_DIGITS: Final = {"requests": 0, "churn": 0, "pod_hours": 2, "needed_pod_hours": 2, "reward": 2}
"""Digits behind the point; what is not here, such as the score, has three."""
_LABELS: Final = {
    "slo_violation_ratio": "SLO violations",
    "error_ratio": "errors",
    "time_s": "simulated time",
}


def figure(name: str, value: float | None) -> str:
    """One figure by its name in JSON; "-" if there is none.

    Args:
        name: Such as `requests` or `latency_p95_ms`; says the unit and how it is rounded.
        value: In the unit of its name.
    """
    if name.endswith("_ratio"):
        return percent(value, 3)
    if name.endswith("_ms"):
        return number(value, 0, "ms")
    if name == "time_s":
        return duration(value)
    return number(value, _DIGITS.get(name, 3))


def readable(content: Mapping[str, Any]) -> dict[str, object]:
    """What is known about a run or a policy, in words and with units; without what is empty."""
    row: dict[str, object] = {}
    for key, value in content.items():
        label = _LABELS.get(key) or key.removesuffix("_ms").replace("_", " ")
        if isinstance(value, str):
            # Bundles of others may say in words what we count.
            row |= {label: value} if value else {}
        elif isinstance(value, float) or key in _LABELS or key.endswith("_ms"):
            row[label] = figure(key, value)
        elif isinstance(value, int):
            row[label] = str(value) if key == "seed" else f"{value:,}"
        elif value is not None:
            row[label] = value
    return row
