from __future__ import annotations

from typing import Any

import pytest

from core.cluster.kubernetes.pods import (
    PodCondition,
    PodReport,
    classify,
    count,
    label_selector,
    pods_problem,
)
from core.cluster.kubernetes.view import PodCounts
from tests.core.cluster.kubernetes.factory import pod


@pytest.mark.parametrize(
    ("found", "condition"),
    [
        (pod(ready=True), PodCondition.READY),
        (pod(), PodCondition.STARTING),
        (pod(phase="Pending", waiting="ContainerCreating"), PodCondition.STARTING),
        (pod(phase="Pending", waiting="PodInitializing"), PodCondition.STARTING),
        (pod(ready=True, deleted=True), PodCondition.TERMINATING),
        (pod(deleted=True, waiting="CrashLoopBackOff"), PodCondition.TERMINATING),
        (pod(waiting="CrashLoopBackOff", last_exit=1, restarts=5), PodCondition.CRASH_LOOPING),
        (pod(waiting="ImagePullBackOff"), PodCondition.CRASH_LOOPING),
        (pod(waiting="CreateContainerConfigError"), PodCondition.CRASH_LOOPING),
        (pod(init_waiting="CrashLoopBackOff"), PodCondition.CRASH_LOOPING),
        # Between two back-offs the container runs, or has just ended.
        (pod(last_exit=137, restarts=3), PodCondition.CRASH_LOOPING),
        (pod(terminated=1, restarts=4), PodCondition.CRASH_LOOPING),
        # One or two restarts happen to the best, and an orderly end is no crash.
        (pod(last_exit=1, restarts=2), PodCondition.STARTING),
        (pod(last_exit=0, restarts=7), PodCondition.STARTING),
        # It crashed often before, and serves now.
        (pod(ready=True, last_exit=1, restarts=9), PodCondition.READY),
        (pod(unschedulable="0/3 nodes are available"), PodCondition.UNSCHEDULABLE),
        (pod(phase="Failed"), PodCondition.FINISHED),
        (pod(phase="Succeeded"), PodCondition.FINISHED),
        ({"metadata": {}, "spec": {}, "status": {}}, PodCondition.STARTING),
        ({}, PodCondition.STARTING),
    ],
)
def test_every_pod_is_exactly_one_thing(found: dict[str, Any], condition: PodCondition) -> None:
    assert classify(found).condition is condition


def test_start_up_is_measured_from_creation_to_ready() -> None:
    assert classify(pod(ready=True)).startup_s == 7.0


@pytest.mark.parametrize(
    "found",
    [
        pod(),
        pod(ready=True, restarts=1),
        pod(ready=True, ready_at="soon"),
        pod(ready=True, ready_at="2026-03-01T11:00:00Z"),
    ],
    ids=["not ready", "restarted", "no time", "ready before it was made"],
)
def test_no_start_up_time_where_it_would_mislead(found: dict[str, Any]) -> None:
    assert classify(found).startup_s is None


def test_counting() -> None:
    reports = [
        classify(found)
        for found in (
            pod(ready=True),
            pod(ready=True),
            pod(),
            pod(deleted=True),
            pod(waiting="ErrImagePull"),
            pod(unschedulable="no room"),
            pod(phase="Failed"),
        )
    ]
    assert count(reports) == PodCounts(
        ready=2, starting=1, terminating=1, crash_looping=1, unschedulable=1, finished=1
    )
    assert count([]) == PodCounts()


def test_the_commonest_reason_is_named() -> None:
    crashing = classify(pod(waiting="CrashLoopBackOff", last_exit=1, restarts=4))
    reports = [crashing, crashing, classify(pod(waiting="ImagePullBackOff")), classify(pod())]
    assert pods_problem(reports) == (
        "3 of 4 pods cannot start (CrashLoopBackOff in container app, last exit code 1 Error)"
    )
    waiting = classify(pod(unschedulable="0/3 nodes are available: 3 Insufficient cpu."))
    assert pods_problem([waiting, classify(pod(ready=True))]) == (
        "1 of 2 pods fit no node (0/3 nodes are available: 3 Insufficient cpu)"
    )
    assert pods_problem([PodReport(PodCondition.READY), PodReport(PodCondition.TERMINATING)]) == ""


def test_selectors_of_every_kind() -> None:
    selector = {
        "matchLabels": {"app": "web", "tier": "front"},
        "matchExpressions": [
            {"key": "track", "operator": "In", "values": ["stable", "canary"]},
            {"key": "zone", "operator": "NotIn", "values": ["b"]},
            {"key": "release", "operator": "Exists"},
            {"key": "debug", "operator": "DoesNotExist"},
        ],
    }
    assert label_selector(selector) == (
        "app=web,tier=front,track in (stable,canary),zone notin (b),release,!debug"
    )
