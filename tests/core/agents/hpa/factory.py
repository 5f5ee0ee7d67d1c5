"""Specs, pods and short ways to ask the controller, for the tests of the HPA."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.agents.hpa import HpaController, HpaDecision, HpaSettings, HpaSpec, PodGroup, Sample
from core.agents.hpa.calculator import Observation, Proposal, propose, tolerances_of
from core.agents.hpa.metrics import MetricSource, MetricSpec, TargetKind
from core.agents.hpa.rules import (
    Behavior,
    PolicyType,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
)

SETTINGS = HpaSettings()
NOW_S = 10_000.0


def cpu(target: int = 50) -> MetricSpec:
    return MetricSpec(MetricSource.RESOURCE, "cpu", TargetKind.UTILIZATION, target)


def memory(target: int = 50) -> MetricSpec:
    return MetricSpec(MetricSource.RESOURCE, "memory", TargetKind.UTILIZATION, target)


def cpu_value(target_milli: int = 500) -> MetricSpec:
    return MetricSpec(MetricSource.RESOURCE, "cpu", TargetKind.AVERAGE_VALUE, target_milli)


def group(count: int, milli: int | None, **changes: Any) -> PodGroup:
    """Pods with a request of one core and of one unit of memory, using `milli` of each."""
    samples = {} if milli is None else {key: Sample(milli, NOW_S) for key in ("cpu", "memory")}
    requests = {"cpu": 1000, "memory": 1000}
    return PodGroup(**{"count": count, "samples": samples, "requests_milli": requests, **changes})


def percent(value: int, period_s: int = 1) -> ScalingPolicy:
    return ScalingPolicy(PolicyType.PERCENT, value, period_s)


def by_pods(value: int, period_s: int = 1) -> ScalingPolicy:
    return ScalingPolicy(PolicyType.PODS, value, period_s)


def rules(
    *policies: ScalingPolicy,
    window_s: int | None = 0,
    select: SelectPolicy = SelectPolicy.MAX,
    tolerance: float | None = None,
) -> ScalingRules:
    return ScalingRules(policies, select, window_s, tolerance)


FREE = Behavior(rules(percent(900)), rules(percent(100)))
"""Neither windows nor limits that matter."""


def spec_of(
    *metrics: MetricSpec, behavior: Behavior | None = FREE, low: int = 1, high: int = 40
) -> HpaSpec:
    return HpaSpec(high, low, metrics or (cpu(),), behavior)


def asked(
    metric: MetricSpec,
    pods: Iterable[PodGroup],
    current: int | None = None,
    *,
    spec: HpaSpec | None = None,
    settings: HpaSettings = SETTINGS,
    values: dict[str, int] | None = None,
    existing: int | None = None,
) -> Proposal:
    """What one metric asks for; `current` is the number of pods unless given."""
    groups = list(pods)
    count = sum(one.count for one in groups) if current is None else current
    seen = Observation(NOW_S, groups, count, count if existing is None else existing, values or {})
    return propose(metric, seen, tolerances_of(spec or spec_of(metric), settings), settings)


def replicas(metric: MetricSpec, *pods: PodGroup, current: int | None = None) -> int | None:
    return asked(metric, pods, current).replicas


class Driver:
    """A workload whose pods all start at once, under one controller."""

    def __init__(
        self, spec: HpaSpec, current: int, *, settings: HpaSettings = SETTINGS, start_s: float = 0.0
    ) -> None:
        self.controller = HpaController(spec, settings)
        self.current = current
        self.now_s = start_s

    def sync(self, load: int | None, *, after_s: float = 15.0) -> HpaDecision:
        """Decide at the present moment on a load in millicores, then let time pass.

        The load is shared by all pods; None: the metrics API is silent.
        """
        share = None if load is None else load // max(self.current, 1)
        decision = self.controller.decide(self.now_s, [group(self.current, share)], self.current)
        if decision.desired is not None:
            self.current = decision.desired
        self.now_s += after_s
        return decision

    def run(self, loads: Iterable[int | None], *, after_s: float = 15.0) -> list[int]:
        """Replicas after each of several syncs."""
        found = []
        for load in loads:
            self.sync(load, after_s=after_s)
            found.append(self.current)
        return found


FULL_MANIFEST = """
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 2
  maxReplicas: 20
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}
  - type: Resource
    resource: {name: memory, target: {type: AverageValue, averageValue: 512Mi}}
  - type: ContainerResource
    containerResource:
      {name: cpu, container: app, target: {type: AverageValue, averageValue: 250m}}
  - type: Pods
    pods: {metric: {name: requests}, target: {type: AverageValue, averageValue: "1.5k"}}
  - type: Object
    object:
      metric: {name: rps, selector: {matchLabels: {a: b}}}
      describedObject: {apiVersion: v1, kind: Service, name: web}
      target: {type: Value, value: 2k}
  - type: External
    external: {metric: {name: queue}, target: {type: AverageValue, averageValue: 30}}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 10
      selectPolicy: Min
      tolerance: 0.05
      policies:
      - {type: Pods, value: 3, periodSeconds: 30}
      - {type: Percent, value: 50, periodSeconds: 60}
    scaleDown:
      selectPolicy: Disabled
status: {currentReplicas: 4}
"""
