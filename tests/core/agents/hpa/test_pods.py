"""Which pods count (rule 1)."""

from __future__ import annotations

import pytest

from core.agents.hpa import PodGroup, PodPhase, Sample
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.pods import PodClass, classify, ready_count
from tests.core.agents.hpa.factory import NOW_S, SETTINGS, cpu, group, memory, replicas


def kind(pod: PodGroup, metric: MetricSpec | None = None) -> PodClass:
    return classify(pod, metric or cpu(), NOW_S, SETTINGS)


def test_deleted_and_failed_pods_are_skipped_even_with_samples() -> None:
    assert kind(group(1, 900, deleting=True)) is PodClass.IGNORED
    assert kind(group(1, 900, phase=PodPhase.FAILED)) is PodClass.IGNORED
    gone = [group(5, 3000, deleting=True), group(5, 3000, phase=PodPhase.FAILED)]
    assert replicas(cpu(), group(4, 500), *gone, current=4) == 4


def test_pods_that_ended_well_are_not_skipped() -> None:
    assert kind(group(1, None, phase=PodPhase.SUCCEEDED)) is PodClass.MISSING


@pytest.mark.parametrize("milli", [None, 900])
def test_pending_pods_are_unready_with_or_without_sample(milli: int | None) -> None:
    pod = group(1, milli, phase=PodPhase.PENDING, ready=None, started_s=None)
    assert kind(pod) is kind(pod, memory()) is PodClass.UNREADY


def test_pods_without_a_sample_are_missing() -> None:
    assert kind(group(1, None)) is PodClass.MISSING
    assert kind(group(1, None, ready=False)) is PodClass.MISSING
    other = group(1, None, samples={"memory": Sample(500, NOW_S)})
    assert kind(other) is PodClass.MISSING
    assert kind(other, memory()) is PodClass.READY


def test_without_start_time_or_condition_a_pod_is_unready_for_cpu_alone() -> None:
    for pod in (group(1, 500, started_s=None), group(1, 500, ready=None)):
        assert kind(pod) is PodClass.UNREADY
        assert kind(pod, memory()) is PodClass.READY


@pytest.mark.parametrize(
    ("age_s", "ready", "changed_ago_s", "sample_ago_s", "window_s", "expected"),
    [
        # Within five minutes of its start: ready, and measured wholly since.
        (100.0, False, 100.0, 0.0, 0.0, PodClass.UNREADY),
        (100.0, True, 31.0, 0.0, 30.0, PodClass.READY),
        (100.0, True, 30.0, 0.0, 30.0, PodClass.READY),  # exactly one window since
        (100.0, True, 29.0, 0.0, 30.0, PodClass.UNREADY),
        (100.0, True, 40.0, 11.0, 30.0, PodClass.UNREADY),
        (100.0, False, 10.0, 0.0, 0.0, PodClass.UNREADY),  # also one that turned unready
        (299.9, True, 1.0, 0.0, 30.0, PodClass.UNREADY),
        # Five minutes are over at exactly 300 s: any sample of a ready pod counts.
        (300.0, True, 1.0, 0.0, 30.0, PodClass.READY),
        # Later: unready only if it turned so within 30 s of its start, so was never ready.
        (500.0, False, 500.0, 0.0, 0.0, PodClass.UNREADY),
        (500.0, False, 470.5, 0.0, 0.0, PodClass.UNREADY),
        (500.0, False, 470.0, 0.0, 0.0, PodClass.READY),
        (500.0, False, 5.0, 0.0, 0.0, PodClass.READY),  # one that turned NotReady still counts
    ],
)
def test_cpu_of_a_pod_by_age_and_readiness(
    age_s: float,
    ready: bool,
    changed_ago_s: float,
    sample_ago_s: float,
    window_s: float,
    expected: PodClass,
) -> None:
    sample = Sample(500, NOW_S - sample_ago_s, window_s)
    pod = PodGroup(
        samples={"cpu": sample, "memory": sample, "app/cpu": sample, "pods/cpu": sample},
        ready=ready,
        started_s=NOW_S - age_s,
        ready_changed_s=NOW_S - changed_ago_s,
    )
    assert kind(pod) is expected
    value = TargetKind.AVERAGE_VALUE
    container = MetricSpec(MetricSource.CONTAINER_RESOURCE, "cpu", value, 500, "app")
    assert kind(pod, container) is expected
    # Other metrics trust every sample.
    assert kind(pod, memory()) is PodClass.READY
    assert kind(pod, MetricSpec(MetricSource.PODS, "cpu", value, 500)) is PodClass.READY


def test_ready_pods_for_totals_include_those_being_deleted() -> None:
    pods = [
        group(3, 500),
        group(2, 500, deleting=True),
        group(4, 500, ready=False),
        group(5, None, phase=PodPhase.PENDING),
        group(6, None, ready=None),
    ]
    assert ready_count(pods) == 5


def test_a_phase_may_be_given_as_its_name() -> None:
    pending, failed = (group(3, 500, phase=phase) for phase in ("Pending", "Failed"))
    assert classify(pending, cpu(), NOW_S, SETTINGS) is PodClass.UNREADY
    assert classify(failed, cpu(), NOW_S, SETTINGS) is PodClass.IGNORED
    assert ready_count([group(3, 500, phase="Running"), pending]) == 3
