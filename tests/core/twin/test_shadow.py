from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.clock import SystemClock
from core.errors import InputError
from core.runs.config import InferenceConfig
from core.runs.creation import create_run
from core.runs.execution import execute
from core.runs.reader import RunReader
from core.state import ControlMode, DeploymentFacts
from core.times import clock
from core.traffic.library import load_scenario
from core.traffic.scenario import GuardrailSettings
from core.twin.double import Schedule, play_schedules
from core.twin.shadow import shadow_report
from core.twin.shadow_text import headline, markdown

_TRAFFIC = "sudden-spike"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs go."""
    monkeypatch.setenv("RLSCALE_DATA_DIR", str(tmp_path))
    return tmp_path


def _run(policy: str, mode: ControlMode = ControlMode.SHADOW) -> RunReader:
    config = InferenceConfig(policy=policy, scenario=_TRAFFIC, mode=mode, speed=None, seed=3)
    directory = create_run(config)
    execute(directory, SystemClock())
    return RunReader(directory)


def test_more_pods_than_there_were_cost_more_and_violate_less(home: Path) -> None:
    reader = _run("static:24")
    report = shadow_report(reader)
    there = reader.step(1).state.replicas_desired
    assert report.shadowed == 1.0
    assert report.actual.pod_hours == pytest.approx(there * report.hours, rel=0.02)
    assert report.advised.pod_hours == pytest.approx(24 * report.hours, rel=0.05)
    assert report.saved_pod_hours < 0
    assert report.actual.churn == 0
    assert report.advised.churn == 24 - there
    assert report.actual.slo_violation_ratio is not None
    assert report.advised.slo_violation_ratio is not None
    assert report.advised.slo_violation_ratio < 0.2 * report.actual.slo_violation_ratio
    # The twin is the very service: what is played is what was measured.
    measured = report.measured_violation_ratio
    assert report.actual.slo_violation_ratio == pytest.approx(measured, rel=0.1)
    assert report.agreement == 0.0
    first = report.moments[0]
    assert (first.actual, first.advised) == (there, 24)
    text = markdown(report)
    assert headline(report) in text
    assert text.count("| ") > 20
    # Simulated time, which `debug --time` takes; when it was simulated says nothing.
    assert "from 00:00:00 on" in text
    assert "UTC" not in text
    assert f"| {clock(reader.step(first.step).state.time_s)} | " in text
    assert markdown(replace(report, simulated=False)).count(" UTC") == 1 + len(report.moments)
    reader.close()


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_a_twin_that_does_not_hold_is_said(home: Path, share: float) -> None:
    reader = _run("static:24")
    scenario = reader.scenario()
    quicker = scenario.service.model_copy(
        update={"service_time_ms": share * scenario.service.service_time_ms}
    )
    report = shadow_report(reader, scenario.model_copy(update={"service": quicker}))
    said = [note for note in report.notes if "it does not hold for this time" in note]
    assert len(said) == (share < 1.0)
    reader.close()


def test_a_run_that_never_shadowed_has_no_report(home: Path) -> None:
    reader = _run("hpa", ControlMode.AUTO)
    with pytest.raises(InputError, match="expected decisions in SHADOW"):
        shadow_report(reader)
    reader.close()


def test_advice_passes_the_guardrails_of_the_run() -> None:
    twin = load_scenario(_TRAFFIC)
    facts = DeploymentFacts(50.0, 250.0, 2, 10, 15.0, 20.0)
    count = 40
    schedule = Schedule(
        time_s=np.arange(count, dtype=np.float64) * 15.0,
        rps=np.full(count, 100.0),
        desired=np.full(count, 4.0),
        wanted=np.full(count, 30.0),
    )
    rails = GuardrailSettings(largest_step_up=2)
    played = play_schedules(schedule, twin, facts, rails)
    assert played.advised_replicas[:4].tolist() == [6.0, 8.0, 10.0, 10.0]
    assert played.advised_at(np.array([0.0, 30.0])).tolist() == [6.0, 10.0]
    assert played.actual.pod_hours == pytest.approx(4 * 39 * 15 / 3600, rel=0.01)
    assert math.isclose(played.actual.churn, 0.0)
