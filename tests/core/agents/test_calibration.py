from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import core.agents.calibration as calibration
from core.agents.calibration import (
    Calibration,
    RivalKind,
    cache_rival,
    cached_rival,
    calibrate,
    calibrated_hpa_score,
    rival,
    suite_cases,
)
from core.agents.evaluation import Case, average_results, evaluate_cases
from core.agents.fingerprint import code_fingerprint, fingerprint, rival_fingerprint
from core.agents.grid import HPA_SETTINGS, evaluate_grid
from core.agents.registry import load_policy
from core.traffic.library import load_scenario
from core.traffic.suites import Suite

TINY = Suite("tiny", 5, 2, "tests")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(tmp_path))


def cases() -> list[Case]:
    scenario = load_scenario("bursty").model_copy(update={"duration_s": 1200})
    return [Case(scenario, seed) for seed in (1, 2)]


def test_the_best_setting_has_the_lowest_mean_score() -> None:
    found = calibrate(HPA_SETTINGS[::6], cases())
    means = [
        average_results(evaluate_cases(load_policy(one.spec), cases())).score
        for one in HPA_SETTINGS[::6]
    ]
    assert list(found.scores) == pytest.approx(means)
    assert found.best == HPA_SETTINGS[::6][int(np.argmin(np.array(means)))]
    assert found.score == pytest.approx(min(one for one in means if one is not None))


def test_a_rival_is_found_once_and_then_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cached_rival(RivalKind.HPA, TINY) is None
    found = rival(RivalKind.HPA, TINY)
    assert found.settings == HPA_SETTINGS
    assert found.scores == tuple(evaluate_grid(HPA_SETTINGS, suite_cases(TINY)).mean_scores)
    monkeypatch.delattr(calibration, "evaluate_grid")
    assert rival(RivalKind.HPA, TINY) == found
    # Other episodes or other code: nothing is remembered for those.
    assert cached_rival(RivalKind.HPA, Suite("tiny", 6, 2, "tests")) is None
    monkeypatch.setattr(calibration, "rival_fingerprint", lambda: "other")
    assert cached_rival(RivalKind.HPA, TINY) is None


def test_a_damaged_memory_is_no_memory(tmp_path: Path) -> None:
    found = Calibration(HPA_SETTINGS, tuple(float(number) for number in range(42)))
    cache_rival(RivalKind.HPA, found, TINY)
    assert cached_rival(RivalKind.HPA, TINY) == found
    [path] = (tmp_path / "cache").iterdir()
    for text in ("", "[]", '{"hpa:0.3:0": 1.0}'):
        path.write_text(text, encoding="utf-8")
        assert cached_rival(RivalKind.HPA, TINY) is None
    cache_rival(RivalKind.HPA, found, TINY)
    assert cached_rival(RivalKind.HPA, TINY) == found


def test_the_calibrated_hpas_score_on_other_traffic(monkeypatch: pytest.MonkeyPatch) -> None:
    known = calibrate(HPA_SETTINGS[:3], cases())
    monkeypatch.setattr(calibration, "rival", lambda kind: known)
    expected = average_results(evaluate_cases(load_policy(known.best.spec), cases())).score
    assert calibrated_hpa_score(cases()) == pytest.approx(expected)


def test_fingerprints_tell_contents_apart() -> None:
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})
    assert len({code_fingerprint(), rival_fingerprint()}) == 2
    assert len(code_fingerprint()) == len(rival_fingerprint()) == 64
