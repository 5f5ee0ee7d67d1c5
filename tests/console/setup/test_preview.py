from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.setup.preview import preview_traffic
from core.errors import InputError

SCENARIO = """
name: two-levels
description: Two levels and a spike of one second.
traffic:
  - {kind: constant, rps: 100}
  - {kind: spike, at_s: 1000, rps: 900, rise_s: 0, hold_s: 1, fall_s: 0}
duration_s: 7200
faults:
  - {kind: pod-crash, at_s: 2400, count: 1}
"""


def test_a_spike_of_one_second_is_in_the_curve(tmp_path: Path) -> None:
    path = tmp_path / "two-levels.yaml"
    path.write_text(SCENARIO)
    preview = preview_traffic(path, peak_rps=None, seed=None, columns=50)
    assert len(preview.seconds) == len(preview.rps) <= 2 * 50
    assert np.all(np.diff(preview.seconds) > 0)
    assert preview.rps.max() == preview.peak_rps > 500
    assert preview.rps.min() == pytest.approx(100)
    assert preview.faults == ("pod-crash at 00:40",)
    assert preview.facts.startswith("2 h, mean 10")


def test_a_trace_is_scaled_to_its_peak(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    rows = [f"{15 * index},{100 + index}" for index in range(240)]
    path.write_text("t_seconds,rps\n" + "\n".join(rows) + "\n")
    plain = preview_traffic(path, peak_rps=None, seed=None)
    scaled = preview_traffic(path, peak_rps=1000, seed=None)
    assert plain.peak_rps == pytest.approx(339, rel=0.02)
    assert scaled.peak_rps == pytest.approx(1000, rel=0.02)


def test_a_broken_file_says_what_and_where(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("t_seconds,rps\n0,5\n15,many\n")
    with pytest.raises(InputError, match="3"):
        preview_traffic(path, peak_rps=None, seed=None)
