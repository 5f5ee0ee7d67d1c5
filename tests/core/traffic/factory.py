"""Small scenarios and files that the tests of traffic start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.traffic.patterns import AdditivePattern, ArNoisePattern, ConstantPattern
from core.traffic.scenario import Scenario

REAL_TRACES = Path(__file__).resolve().parents[3].parent / "shared" / "traces"
"""Recorded traces beside the repository, where there are any."""


def scenario_of(*patterns: AdditivePattern | ArNoisePattern, duration_s: int = 3600) -> Scenario:
    return Scenario(
        name="test", traffic=patterns or (ConstantPattern(rps=100.0),), duration_s=duration_s
    )


def rates_of(
    pattern: AdditivePattern, duration_s: int = 3600, seed: int = 0
) -> NDArray[np.float64]:
    seconds = np.arange(duration_s, dtype=np.float64)
    return pattern.rates(seconds, np.random.default_rng(seed))


def written(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path
