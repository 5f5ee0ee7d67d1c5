"""Random workloads, decided by `core.agents.hpa` and by a second writing-down of the rules."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.agents.hpa import HpaController, HpaSettings, HpaSpec, PodGroup, PodPhase, Sample
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.rules import (
    Behavior,
    PolicyType,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
)
from tests.core.agents.hpa.reference import ReferenceHpa

SYNCS = 40


def some_rules(rng: np.random.Generator) -> ScalingRules:
    policies = tuple(
        ScalingPolicy(
            rng.choice([PolicyType.PODS, PolicyType.PERCENT]),
            int(rng.choice([1, 2, 3, 5, 10, 20, 50, 80, 100, 200])),
            int(rng.choice([1, 3, 5, 10, 20, 60])),
        )
        for _ in range(int(rng.integers(1, 4)))
    )
    select = rng.choice(
        [SelectPolicy.MAX, SelectPolicy.MIN, SelectPolicy.DISABLED], p=[0.5, 0.4, 0.1]
    )
    window_s = None if rng.random() < 0.3 else int(rng.choice([0, 2, 5, 10, 30]))
    tolerance = None if rng.random() < 0.7 else float(rng.choice([0.0, 0.05, 0.2, 0.5]))
    return ScalingRules(policies, SelectPolicy(select), window_s, tolerance)


def some_metric(rng: np.random.Generator, name: str) -> MetricSpec:
    if rng.random() < 0.3:
        target = int(rng.choice([333, 500, 700]))
        return MetricSpec(MetricSource.RESOURCE, name, TargetKind.AVERAGE_VALUE, target)
    percent = int(rng.choice([30, 50, 70, 100, 150]))
    return MetricSpec(MetricSource.RESOURCE, name, TargetKind.UTILIZATION, percent)


def some_spec(rng: np.random.Generator) -> HpaSpec:
    names = ("cpu", "memory")[: int(rng.integers(1, 3))]
    low = int(rng.integers(1, 5))
    return HpaSpec(
        max_replicas=low + int(rng.integers(0, 60)),
        min_replicas=low,
        metrics=tuple(some_metric(rng, name) for name in names),
        behavior=Behavior(some_rules(rng), some_rules(rng)) if rng.random() < 0.7 else None,
    )


def some_pods(rng: np.random.Generator, count: int, load: float, now_s: float) -> list[PodGroup]:
    """Pods of all kinds; most are plainly ready."""
    groups = []
    oddity = rng.random() * 0.5 if rng.random() < 0.5 else 0.0
    for _ in range(count):
        odd = rng.random() < oddity
        usage = {
            name: round(max(load * rng.choice([1.0, 1.0, 0.5, 1.7]), 0.0) * 1000)
            for name in ("cpu", "memory")
        }
        samples = {
            name: Sample(milli, now_s - float(rng.integers(0, 4)), 1.0)
            for name, milli in usage.items()
            if not (odd and rng.random() < 0.5)
        }
        started_s = now_s - float(rng.choice([1.0, 8.0, 19.0, 21.0, 1000.0])) if odd else 0.0
        groups.append(
            PodGroup(
                samples=samples,
                requests_milli={"cpu": 1000, "memory": 700},
                phase=PodPhase(rng.choice(list(PodPhase))) if odd else PodPhase.RUNNING,
                ready=[True, False, None][int(rng.integers(3))] if odd else True,
                deleting=bool(odd and rng.random() < 0.2),
                started_s=None if odd and rng.random() < 0.1 else started_s,
                ready_changed_s=started_s + float(rng.integers(0, 5)),
            )
        )
    return groups


@pytest.mark.parametrize("number", range(2))
def test_random_workloads_are_decided_alike(number: int) -> None:
    rng = np.random.default_rng([31, number])
    outcomes: Counter[str] = Counter()
    for _ in range(25):
        spec = some_spec(rng)
        settings = HpaSettings(0.1, float(rng.choice([5.0, 20.0])), 20.0, 2.0)
        ours, theirs = HpaController(spec, settings), ReferenceHpa(spec, settings)
        current, now_s, load = int(rng.integers(1, 30)), 10_000.0, 5.0
        for _ in range(SYNCS):
            now_s += 1.0 + rng.random() * 0.2
            load = max(load * float(np.exp(0.4 * rng.standard_normal())), 0.01)
            if rng.random() < 0.03:
                current = int(rng.choice([0, 1, 3, spec.max_replicas + 5]))
            silent = rng.random() < 0.03
            pods = [] if silent else some_pods(rng, current, load / max(current, 1), now_s)
            found = ours.decide(now_s, pods, current)
            assert (found.proposed, found.desired) == theirs.decide(now_s, pods, current)
            outcomes[found.outcome.value] += 1
            current = current if found.desired is None else found.desired
            current = current or int(rng.random() < 0.5)
    assert set(outcomes) == {"metrics", "bounds", "disabled", "failed"}
