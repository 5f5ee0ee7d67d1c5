"""A known service's history in a real Prometheus: recorded, fitted and written as a scenario."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from core.clock import SystemClock
from core.cluster.kubernetes.settings import QuerySet
from core.traffic.library import load_scenario
from core.twin.fit import fit_twin
from core.twin.history import HistoryRequest, record_history
from core.twin.writing import Place, write_twin
from tests.core.cluster.kubernetes.live import settings
from tests.core.twin import factory
from tests.core.twin.openmetrics import openmetrics, seconds_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stack.stack import Stack

_HOURS = 3.0


def test_a_service_is_recognised_by_its_history(
    stack: Stack, namespace: str, tmp_path: Path
) -> None:
    truth = factory.scenario(_HOURS, workers=2, service_time_ms=40.0, cpu_idle=0.05)
    made = factory.record(truth)
    rates, ready = seconds_of(made)
    begin_s = (int(time.time()) - made.duration_s - 600) // 15 * 15
    text = openmetrics(truth, made, rates, ready, namespace, begin_s)
    stack.prometheus.backfill(text)
    request = HistoryRequest(
        settings(
            stack,
            namespace,
            metrics={"window_s": 60, "query_set": QuerySet.AUTO},
            slo_ms=250.0,
            interval_s=15.0,
            min_replicas=None,
            max_replicas=None,
        ),
        range_s=made.duration_s + 1200,
    )
    seen: list[float] = []
    bridged = record_history(
        request, SystemClock(), lambda done, total, _: seen.append(done / total)
    )
    recording = bridged.recording
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1.0)
    assert recording.source == f"{namespace}/web"
    assert recording.window_s == 60
    assert recording.duration_s == pytest.approx(made.duration_s, abs=300)
    assert np.sum(recording.rps) * 15 == pytest.approx(float(rates.sum()), rel=0.03)
    assert bridged.measured.all()
    assert any("it begins there" in note for note in bridged.notes)
    fitted = fit_twin(bridged)
    service = fitted.service
    assert service.pod_capacity_rps == pytest.approx(50.0, rel=0.12)
    assert service.service_time_ms == pytest.approx(40.0, rel=0.12)
    assert service.startup_median_s == pytest.approx(40.0, rel=0.2)
    assert service.cpu_idle == pytest.approx(0.05, abs=0.02)
    assert service.cpu_per_capacity == pytest.approx(1.0, rel=0.15)
    assert fitted.quality["latency_p95"].median_relative_error < 0.1
    assert fitted.quality["cpu"].median_relative_error < 0.05
    place = Place(tmp_path, "web-twin")
    write_twin(place, bridged, request.settings, fitted)
    twin = load_scenario(place.scenario)
    assert twin.fit == fitted.record
    assert twin.facts.pod_capacity_rps == pytest.approx(service.pod_capacity_rps)
