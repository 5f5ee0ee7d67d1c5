"""Calibrated rivals: the one setting of an HPA, and of a rate rule, that did best on a suite.

What a suite's best setting is takes a minute to find, so it is remembered in a file whose name is a
hash of everything that it depends on: the episodes, the settings and the code. The package ships
these files for its own code, made by `make pretrained`.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from core.agents.evaluation import Case
from core.agents.fingerprint import fingerprint, rival_fingerprint
from core.agents.grid import HPA_SETTINGS, RULE_SETTINGS, GridFigures, Setting, evaluate_grid
from core.locations import cache_directory, shipped_calibrations_directory
from core.traffic.suites import TRAINING, Suite


class RivalKind(StrEnum):
    """Who is calibrated."""

    HPA = "hpa"
    RULE = "rule"


SETTINGS: Final[dict[RivalKind, tuple[Setting, ...]]] = {
    RivalKind.HPA: HPA_SETTINGS,
    RivalKind.RULE: RULE_SETTINGS,
}


@dataclass(frozen=True, slots=True)
class Calibration:
    """Mean scores of a grid of settings on some episodes, and the best of them."""

    settings: tuple[Setting, ...]
    scores: tuple[float, ...]
    """Mean score of each over the episodes."""

    @property
    def best(self) -> Setting:
        """The setting with the lowest mean score; the first of equals."""
        return self.settings[int(np.argmin(self.scores))]

    @property
    def score(self) -> float:
        """The mean score of the best."""
        return min(self.scores)


def calibrate(
    settings: Sequence[Setting],
    cases: Sequence[Case],
    on_steps: Callable[[int], None] = lambda steps: None,
) -> Calibration:
    """Try every setting on every episode.

    Args:
        settings: A grid.
        cases: Episodes, at least one with traffic.
        on_steps: See `evaluate_grid`.
    """
    return calibration_from(evaluate_grid(settings, cases, on_steps))


def calibration_from(figures: GridFigures) -> Calibration:
    """What the figures of a grid say."""
    return Calibration(figures.settings, tuple(figures.mean_scores.tolist()))


def suite_cases(suite: Suite) -> list[Case]:
    """One episode of each member of a suite."""
    return [Case(suite.member(number), number) for number in range(1, suite.size + 1)]


def rival(kind: RivalKind, suite: Suite = TRAINING) -> Calibration:
    """The calibrated HPA or rule, from the cache if it is there.

    Args:
        kind: Which of them.
        suite: What it is calibrated on.
    """
    found = cached_rival(kind, suite)
    if found is None:
        found = calibrate(SETTINGS[kind], suite_cases(suite))
        cache_rival(kind, found, suite)
    return found


def calibrated_hpa_score(cases: Sequence[Case]) -> float:
    """What the HPA calibrated on the training suite comes to on other episodes.

    Args:
        cases: Where it is judged.

    Returns:
        Its mean score; NaN if there is no traffic at all.
    """
    return float(evaluate_grid([rival(RivalKind.HPA).best], cases).mean_scores[0])


def cached_rival(kind: RivalKind, suite: Suite = TRAINING) -> Calibration | None:
    """The calibrated HPA or rule, if it has been found before, here or by who made the package."""
    name = _file_name(kind, suite)
    for home in (cache_directory(), shipped_calibrations_directory()):
        found = _read(home / name, SETTINGS[kind])
        if found is not None:
            return found
    return None


def _read(path: Path, settings: tuple[Setting, ...]) -> Calibration | None:
    try:
        scores = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(scores, dict) or list(scores) != [one.spec for one in settings]:
        return None
    return Calibration(settings, tuple(float(one) for one in scores.values()))


def cache_rival(kind: RivalKind, found: Calibration, suite: Suite = TRAINING) -> None:
    """Remember a calibration; where nothing can be written, it is found anew next time."""
    path = cache_directory() / _file_name(kind, suite)
    scores = dict(zip((one.spec for one in found.settings), found.scores, strict=True))
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Several processes may write the same at once: each writes its own, the last one stays.
        handle, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(scores, file)
        os.replace(draft, path)


def _file_name(kind: RivalKind, suite: Suite) -> str:
    content = {
        "code": rival_fingerprint(),
        "settings": [one.spec for one in SETTINGS[kind]],
        "suite": [one.scenario.model_dump(mode="json") for one in suite_cases(suite)],
    }
    return f"calibrated-{kind}-{fingerprint(content)[:24]}.json"


def ship_rivals() -> None:
    """Put the calibrations of this very code where the package looks for them, and no others."""
    home = shipped_calibrations_directory()
    for kind in RivalKind:
        found = rival(kind)
        for old in home.glob(f"calibrated-{kind}-*.json"):
            old.unlink()
        scores = {one.spec: score for one, score in zip(found.settings, found.scores, strict=True)}
        text = json.dumps(scores, indent=1) + "\n"
        (home / _file_name(kind, TRAINING)).write_text(text, encoding="utf-8")
