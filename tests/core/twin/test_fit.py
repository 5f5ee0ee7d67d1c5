from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from core.errors import InputError
from core.traffic.scenario import ClusterModel
from core.twin.fit import TwinFit, fit_twin
from core.twin.gaps import bridge_gaps
from core.twin.recording import Recording
from core.twin.seen import seen_quantiles_ms
from tests.core.twin import factory


def test_a_known_service_is_recovered(fitted: TwinFit) -> None:
    service, record = fitted.service, fitted.record
    assert service.pod_capacity_rps == pytest.approx(50.0, rel=0.1)
    assert service.workers == 2
    assert service.service_time_ms == pytest.approx(40.0, rel=0.1)
    assert service.startup_median_s == pytest.approx(40.0, rel=0.2)
    assert service.cpu_idle == pytest.approx(0.02, abs=0.01)
    assert service.cpu_per_capacity == pytest.approx(1.0, rel=0.1)
    assert record.capacity_low_rps <= service.pod_capacity_rps
    assert record.highest_load > 0.6
    for name in ("latency_p50", "latency_p95", "cpu"):
        quality = record.quality[name]
        assert quality.median_relative_error < 0.05
        assert quality.r_squared is None or quality.r_squared > 0.5
    assert record.held_out_s == pytest.approx(0.25 * record.recorded_s, rel=0.01)


def test_less_variable_service_times_are_told_from_exponential_ones() -> None:
    truth = factory.scenario(
        2.0,
        workers=1,
        service_time_ms=50.0,
        service_time_distribution="shifted-exponential",
        service_time_cv=0.4,
    )
    fitted = fit_twin(bridge_gaps(factory.record(truth, utilization=0.8)))
    assert fitted.service.service_time_cv == pytest.approx(0.4, abs=0.12)
    assert fitted.service.pod_capacity_rps == pytest.approx(20.0, rel=0.15)


def test_an_idle_service_says_that_its_capacity_is_a_guess() -> None:
    truth = factory.scenario(1.5, workers=2, service_time_ms=40.0)
    truth = truth.model_copy(update={"cluster": ClusterModel(min_replicas=24)})
    fitted = fit_twin(bridge_gaps(factory.record(truth)))
    assert fitted.record.highest_load < 0.3
    assert any("never loaded over" in line for line in fitted.record.warnings)
    # Whatever it is, no more is promised than latency shows.
    assert fitted.service.pod_capacity_rps <= 1.15 * 50.0
    assert all("\n" not in line for line in fitted.record.warnings)


def test_what_was_not_recorded_is_said_and_keeps_its_default(recording: Recording) -> None:
    nothing = np.full(recording.steps, np.nan)
    bare = replace(recording, cpu_utilization=nothing, desired=nothing)
    fitted = fit_twin(bridge_gaps(bare))
    lines = " ".join(fitted.record.warnings)
    assert "CPU was not measured" in lines
    assert "No pod was seen to start" in lines
    assert "cpu" not in fitted.quality


@pytest.mark.parametrize(
    ("missing", "words"),
    [("latency_p50_ms", "expected latencies"), ("ready", "how many pods")],
)
def test_without_latency_or_replicas_there_is_no_fit(
    recording: Recording, missing: str, words: str
) -> None:
    nothing: Any = {missing: np.full(recording.steps, np.nan)}
    bare = replace(recording, **nothing)
    with pytest.raises(InputError, match=words):
        fit_twin(bridge_gaps(bare))


def test_quantiles_are_seen_as_a_histogram_shows_them() -> None:
    bounds_s = np.array([0.1, 0.2, 0.4])
    # Half within 0.1 s, 90 % within 0.2 s, 96 % within 0.4 s.
    slower = np.array([[0.5, 0.1, 0.04]])
    found = seen_quantiles_ms(slower, bounds_s)[:, 0]
    assert found[0] == pytest.approx(100.0)
    assert found[1] == pytest.approx(200.0 + 200.0 * 5 / 6)
    assert found[2] == pytest.approx(400.0), "beyond the last bound nothing is known"
