"""Features in words that people use: a logarithm of a ratio is written as the ratio."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from core.envs.observation import FEATURES, raw_value
from core.state import DeploymentFacts

_BOUNDS: Final = {feature.name: feature for feature in FEATURES}
_CLIPPED: Final = 1.0 - 1e-6
_MEMORY_S: Final = 1800.0


@dataclass(frozen=True, slots=True)
class Reading:
    """One feature of one observation."""

    name: str
    meaning: str
    """Its formula in a few words."""
    raw: float
    """In its own units, such as the logarithm of a ratio."""
    words: str
    """What that is: "1.4×", "83 %", "212 ms"."""
    scaled: float
    """As the network sees it, -1 to 1."""
    change: float | None
    """Of `scaled` since the step before; None at the first step."""

    @property
    def at_bound(self) -> bool:
        """Whether it was clipped, so that the true value lies further out."""
        return abs(self.scaled) >= _CLIPPED


def read_features(
    names: Sequence[str],
    observation: Sequence[float],
    before: Sequence[float],
    facts: DeploymentFacts | None,
) -> tuple[Reading, ...]:
    """Every feature of an observation.

    Args:
        names: One per number.
        observation: As the network saw it.
        before: The observation of the step before; empty if there is none.
        facts: For units: the SLO, the interval.
    """
    if len(names) != len(observation):
        return ()
    known = len(before) == len(observation)
    return tuple(
        _read(name, scaled, scaled - before[place] if known else None, facts)
        for place, (name, scaled) in enumerate(zip(names, observation, strict=True))
    )


def _read(name: str, scaled: float, change: float | None, facts: DeploymentFacts | None) -> Reading:
    feature = _BOUNDS.get(name)
    if feature is None:
        return Reading(name, "", scaled, f"{scaled:.2f}", scaled, change)
    raw = raw_value(name, scaled)
    words = _writer(name)(raw, facts)
    if scaled >= _CLIPPED and raw >= feature.high - 1e-9:
        words = words if name.startswith(_FULL_SCALE) else f"≥ {words}"
    elif scaled <= -_CLIPPED and feature.low < 0.0:
        words = f"≤ {words}"
    return Reading(name, _meaning(name), raw, words, scaled, change)


def _meaning(name: str) -> str:
    # Some meanings go on from the feature before: on their own they need its subject.
    return _BOUNDS[name].meaning.replace("the same,", "square root of the share over the SLO,")


_Write = Callable[[float, DeploymentFacts | None], str]


def _plain(raw: float, facts: DeploymentFacts | None) -> str:
    return f"{raw:.2f}"


def _percent(raw: float, facts: DeploymentFacts | None) -> str:
    return _share(raw)


def _squared(raw: float, facts: DeploymentFacts | None) -> str:
    return _share(raw * raw)


def _times(raw: float, facts: DeploymentFacts | None) -> str:
    ratio = math.exp(raw)
    return f"{ratio:.2f}×" if ratio < 10 else f"{ratio:.0f}×"


def _latency(raw: float, facts: DeploymentFacts | None) -> str:
    if facts is None:
        return f"{math.exp(raw):.2f}× SLO"
    return f"{math.exp(raw) * facts.slo_ms:.0f} ms"


def _queue(raw: float, facts: DeploymentFacts | None) -> str:
    return f"{max(math.expm1(raw), 0.0):.1f} s"


def _swing(raw: float, facts: DeploymentFacts | None) -> str:
    return f"±{_share(math.expm1(raw))}"


def _elapsed(raw: float, facts: DeploymentFacts | None) -> str:
    # The feature is tanh(seconds / 300), which says nothing any more after some minutes.
    seconds = math.atanh(min(max(raw, 0.0), 1.0 - 1e-9)) * 300.0
    return f"{round(seconds)} s" if seconds < 0.5 * _MEMORY_S else "15 min or more"


def _seen(raw: float, facts: DeploymentFacts | None) -> str:
    # The feature is tanh(seconds / 3600).
    return f"{math.atanh(min(max(raw, 0.0), 1.0 - 1e-9)) * 60.0:.0f} min"


def _regretted(raw: float, facts: DeploymentFacts | None) -> str:
    return f"+{raw * raw:.2f}"


def _score(raw: float, facts: DeploymentFacts | None) -> str:
    return f"{math.exp(raw):.2f}"


def _pods(raw: float, facts: DeploymentFacts | None) -> str:
    return f"1 of {round(1.0 / max(raw, 1e-6))}"


def _intervals(write: Callable[[float], float]) -> _Write:
    def words(raw: float, facts: DeploymentFacts | None) -> str:
        count = max(write(raw), 0.0)
        return f"{count:.1f} intervals" if facts is None else f"{count * facts.interval_s:.0f} s"

    return words


def _share(value: float) -> str:
    percent = 100.0 * value
    return f"{percent:.0f} %" if abs(percent) >= 9.95 else f"{percent:.1f} %"


_KINDS: Final[dict[str, _Write]] = {
    **dict.fromkeys(
        (
            "load_ready",
            "load_desired",
            "cpu_utilization",
            "memory_utilization",
            "error_ratio",
            "ready_share",
            "starting_share",
            "load_mean_60m",
        ),
        _percent,
    ),
    **dict.fromkeys(("latency_p50", "latency_p95", "latency_p99"), _latency),
    **dict.fromkeys(("since_up", "since_down"), _elapsed),
    "best_score": _score,
    "evidence": _seen,
    "queue": _queue,
    "volatility": _swing,
    "granularity": _pods,
    "startup": _intervals(math.exp),
    "metrics_age": _intervals(math.expm1),
}
_FULL_SCALE: Final = ("violation", "since", "error", "granularity", "evidence")
"""Features with such names have their natural end as upper bound, which nothing exceeds."""


def _writer(name: str) -> _Write:
    """How a feature is written: by its name, else by what its meaning begins with."""
    if name in _KINDS:
        return _KINDS[name]
    meaning = _meaning(name)
    if meaning.startswith("square root of the share"):
        return _squared
    if name.startswith("regret_"):
        return _regretted
    if meaning.startswith("log of 1 +"):
        return _plain
    return _times if meaning.startswith(("log of", "largest log of")) else _plain
