"""Random scenarios: the broad distribution that policies are trained on.

Breadth is the point. Traffic, service and cluster vary together, so that what is learned holds
for services never seen: a policy sees one to eight workers, start-up from five seconds to two
minutes, and every family of traffic from a calm day to bursts of seconds. More than half of the
episodes are ordinary, as most hours of most services are: a policy that only ever met surprises
would pay for them where none come.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from core.traffic.faults import (
    DependencyLatencyFault,
    Fault,
    MetricsGapFault,
    NodeLossFault,
    PodCrashFault,
    ScaleRejectedFault,
    SlowStartFault,
)
from core.traffic.ordinary_traffic import draft_disturbance, draft_ordinary, ordinary_noises
from core.traffic.patterns import ArNoisePattern
from core.traffic.random_traffic import TrafficDraft, draft_base, draft_extra, log_uniform
from core.traffic.scenario import (
    ClusterModel,
    MetricsModel,
    Scenario,
    ServiceModel,
    ServiceTimeDistribution,
    SloModel,
)

EPISODE_S = 7200
"""Two hours: long enough for slow waves and slow pods, short enough for many of them."""

_LARGEST_PEAK_PODS = 150.0
_ORDINARY_SHARE = 0.6
_FAULT_SHARES = {True: 0.08, False: 0.15}
"""Of ordinary episodes and of hard ones."""
_LIMITED_NODES_SHARE = 0.1
_ODD_START_SHARE = 0.2
_TIGHT_SHARE = 0.15
_WINDOWS_S = (30, 60, 60, 120)
"""Of rates: four scrapes that are 7.5, 15 or 30 s apart, 15 s as often as the others together."""


def random_scenario(rng: np.random.Generator) -> Scenario:
    """Draw a training episode of two hours.

    The mean traffic keeps 3 to 50 pods fully busy and its peaks at most about 150. The SLO is 6.5
    to 10 mean service times, so an unloaded service violates it for at most 0.15 % of its
    requests. Three episodes in five are ordinary: part of a day, with small disturbances at
    most; the others are hard. About one in ten has a fault or two.

    Args:
        rng: Source of all randomness, also of the scenario's own seed.
    """
    service, slo = _service(rng)
    ordinary = rng.random() < _ORDINARY_SHARE
    drafts = _ordinary_drafts(rng) if ordinary else _hard_drafts(rng)
    mean_share = sum(draft.mean for draft in drafts)
    peak_share = sum(draft.peak for draft in drafts)
    unit_pods = min(log_uniform(rng, 3.0, 50.0) / mean_share, _LARGEST_PEAK_PODS / peak_share)
    unit_rps = unit_pods * service.pod_capacity_rps
    mean_pods, peak_pods = unit_pods * mean_share, unit_pods * peak_share
    noises = ordinary_noises(rng) if ordinary else _hard_noises(rng)
    tight = not ordinary and rng.random() < _TIGHT_SHARE
    cluster = _cluster(rng, mean_pods, peak_pods, tight=tight)
    return Scenario(
        name="random",
        description=f"Random traffic of {mean_pods:.0f} pods on average: "
        f"{', '.join(draft.family for draft in drafts)}.",
        traffic=tuple(pattern for draft in drafts for pattern in draft.build(unit_rps)) + noises,
        service=service,
        cluster=cluster,
        slo=slo,
        metrics=MetricsModel(
            delay_s=rng.uniform(2.0, 10.0), window_s=float(rng.choice(_WINDOWS_S))
        ),
        duration_s=EPISODE_S,
        seed=int(rng.integers(2**31)),
        faults=_faults(rng, cluster) if rng.random() < _FAULT_SHARES[ordinary] else (),
    )


def _ordinary_drafts(rng: np.random.Generator) -> list[TrafficDraft]:
    extras = int(rng.choice([0, 1, 2], p=[0.7, 0.25, 0.05]))
    return [
        draft_ordinary(rng, EPISODE_S),
        *(draft_disturbance(rng, EPISODE_S) for _ in range(extras)),
    ]


def _hard_drafts(rng: np.random.Generator) -> list[TrafficDraft]:
    extras = int(rng.choice([0, 1, 2, 3], p=[0.3, 0.4, 0.25, 0.05]))
    return [
        draft_base(rng, EPISODE_S),
        *(draft_extra(rng, EPISODE_S) for _ in range(extras)),
    ]


def _hard_noises(rng: np.random.Generator) -> tuple[ArNoisePattern, ...]:
    return tuple(
        ArNoisePattern(
            sigma=log_uniform(rng, 0.01, 0.25), correlation_s=log_uniform(rng, 2.0, 600.0)
        )
        for _ in range(int(rng.choice([0, 1, 2], p=[0.2, 0.6, 0.2])))
    )


def _service(rng: np.random.Generator) -> tuple[ServiceModel, SloModel]:
    service_time_ms = log_uniform(rng, 15.0, 80.0)
    shifted = rng.random() < 0.2
    kind = (
        ServiceTimeDistribution.SHIFTED_EXPONENTIAL
        if shifted
        else ServiceTimeDistribution.EXPONENTIAL
    )
    service = ServiceModel(
        workers=int(rng.integers(1, 9)),
        service_time_ms=service_time_ms,
        service_time_distribution=kind,
        service_time_cv=rng.uniform(0.3, 1.0) if shifted else 1.0,
        timeout_s=log_uniform(rng, 4.0, 20.0),
        startup_median_s=log_uniform(rng, 5.0, 120.0),
        startup_sigma=rng.uniform(0.1, 0.6),
        termination_s=rng.uniform(1.0, 15.0),
        cpu_per_capacity=rng.uniform(0.9, 1.1),
        memory_base=rng.uniform(0.2, 0.6),
    )
    return service, SloModel(latency_ms=service_time_ms * rng.uniform(6.5, 10.0))


def _cluster(
    rng: np.random.Generator, mean_pods: float, peak_pods: float, *, tight: bool
) -> ClusterModel:
    min_replicas = int(rng.integers(1, 4))
    room = rng.uniform(0.9, 1.3) if tight else rng.uniform(1.5, 2.5)
    max_replicas = max(min_replicas + 2, math.ceil(peak_pods * room))
    initial: int | None = None
    if rng.random() < _ODD_START_SHARE:
        initial = round(mean_pods * log_uniform(rng, 0.5, 2.5))
        initial = min(max(initial, min_replicas), max_replicas)
    if rng.random() >= _LIMITED_NODES_SHARE:
        return ClusterModel(
            min_replicas=min_replicas, max_replicas=max_replicas, initial_replicas=initial
        )
    pods_per_node = int(rng.integers(4, 17))
    return ClusterModel(
        min_replicas=min_replicas,
        max_replicas=max_replicas,
        initial_replicas=initial,
        pods_per_node=pods_per_node,
        nodes=math.ceil(max(1.3 * mean_pods, initial or 1) / pods_per_node),
        node_provisioning_s=log_uniform(rng, 30.0, 180.0),
    )


def _faults(rng: np.random.Generator, cluster: ClusterModel) -> tuple[Fault, ...]:
    makers: list[Callable[[float, float], Fault]] = [
        lambda at_s, _: PodCrashFault(at_s=at_s, count=int(rng.integers(1, 6))),
        lambda at_s, long_s: SlowStartFault(
            at_s=at_s, duration_s=long_s, factor=log_uniform(rng, 1.5, 5.0)
        ),
        lambda at_s, long_s: DependencyLatencyFault(
            at_s=at_s, duration_s=long_s, added_ms=log_uniform(rng, 5.0, 40.0)
        ),
        lambda at_s, long_s: MetricsGapFault(at_s=at_s, duration_s=min(long_s, 300.0)),
        lambda at_s, long_s: ScaleRejectedFault(at_s=at_s, duration_s=min(long_s, 300.0)),
    ]
    if cluster.pods_per_node is not None:
        # Few clusters have limited nodes; those that do lose some of them often enough to matter.
        makers += 3 * [lambda at_s, long_s: NodeLossFault(at_s=at_s, duration_s=long_s)]
    return tuple(
        makers[int(rng.integers(len(makers)))](
            rng.uniform(300.0, EPISODE_S - 600.0), log_uniform(rng, 60.0, 1200.0)
        )
        for _ in range(int(rng.integers(1, 3)))
    )
