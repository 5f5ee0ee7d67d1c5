"""The scenario schema: traffic, service, cluster, objectives and faults of one experiment."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import Field, model_validator

from core.state import DeploymentFacts
from core.traffic.faults import (
    DependencyLatencyFault,
    Fault,
    MetricsGapFault,
    NodeLossFault,
    PodCrashFault,
    ScaleRejectedFault,
    SlowStartFault,
)
from core.traffic.fit_record import FitRecord
from core.traffic.model import RATE_WINDOW_S, PositiveSeconds, Ratio, ScenarioModel, Seconds
from core.traffic.patterns import ArNoisePattern, Pattern
from core.traffic.service import ServiceModel, ServiceTimeDistribution

__all__ = [
    "ClusterModel",
    "DependencyLatencyFault",
    "Fault",
    "GuardrailSettings",
    "MetricsGapFault",
    "MetricsModel",
    "NodeLossFault",
    "Pattern",
    "PodCrashFault",
    "RewardWeights",
    "ScaleRejectedFault",
    "Scenario",
    "ServiceModel",
    "ServiceTimeDistribution",
    "SloModel",
    "SlowStartFault",
    "scenario_json_schema",
]

INITIAL_UTILIZATION = 0.7
"""Utilisation at which a run starts if the scenario does not give the initial replicas."""

LONGEST_RUN_S = 31 * 86_400
"""A month, second by second, still fits into memory with ease."""

LONGEST_DESCRIPTION = 300

NAME_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""Lower-case words joined by hyphens."""


class ClusterModel(ScenarioModel):
    """Bounds of the Deployment and the nodes below it."""

    min_replicas: Annotated[int, Field(ge=1)] = 2
    max_replicas: Annotated[int, Field(ge=1)] = 60
    initial_replicas: Annotated[
        int | None, Field(ge=1, description="By default enough for the first rate at 70 %.")
    ] = None
    pods_per_node: Annotated[
        int | None, Field(ge=1, description="By default nodes are without limit.")
    ] = None
    nodes: Annotated[
        int | None, Field(ge=1, description="Nodes at the start; by default as many as needed.")
    ] = None
    max_nodes: Annotated[int | None, Field(ge=1, description="By default without limit.")] = None
    node_provisioning_s: Annotated[
        Seconds, Field(description="Time until a new node takes pods.")
    ] = 90.0

    @model_validator(mode="after")
    def _bounds_are_consistent(self) -> ClusterModel:
        if self.max_replicas < self.min_replicas:
            raise ValueError(
                f"expected max_replicas of at least min_replicas ({self.min_replicas}), "
                f"found {self.max_replicas}"
            )
        initial = self.initial_replicas
        if initial is not None and not self.min_replicas <= initial <= self.max_replicas:
            raise ValueError(
                f"expected initial_replicas within {self.min_replicas}…{self.max_replicas}, "
                f"found {initial}"
            )
        if self.pods_per_node is None:
            if self.nodes is not None or self.max_nodes is not None:
                raise ValueError("expected pods_per_node beside nodes or max_nodes, found none")
            return self
        if self.max_nodes is not None:
            if self.nodes is not None and self.max_nodes < self.nodes:
                raise ValueError(
                    f"expected max_nodes of at least nodes ({self.nodes}), found {self.max_nodes}"
                )
            if self.max_nodes * self.pods_per_node < self.min_replicas:
                raise ValueError(
                    f"expected room for min_replicas ({self.min_replicas}) on max_nodes, "
                    f"found {self.max_nodes} × {self.pods_per_node} pods"
                )
        return self


class SloModel(ScenarioModel):
    """The service level objective."""

    latency_ms: Annotated[
        float, Field(gt=0, description="A request that takes longer, or fails, violates the SLO.")
    ] = 250.0


class RewardWeights(ScenarioModel):
    """Weights of the named reward components; `core.envs.reward` documents the formulas."""

    slo: Annotated[float, Field(ge=0)] = 30.0
    cost: Annotated[float, Field(ge=0)] = 1.0
    churn: Annotated[float, Field(ge=0)] = 0.02
    error: Annotated[float, Field(ge=0)] = 0.0
    scale: Annotated[float, Field(gt=0, description="Multiplies every component.")] = 0.02


class MetricsModel(ScenarioModel):
    """How late and how smooth metrics arrive."""

    delay_s: Annotated[Seconds, Field(le=3600, description="Age of a sample when it arrives.")] = (
        5.0
    )
    window_s: Annotated[
        PositiveSeconds,
        Field(le=86_400, description="Window of rates; at least the decision interval."),
    ] = float(RATE_WINDOW_S)


class GuardrailSettings(ScenarioModel):
    """What stands between a decision and the cluster; None switches a rule off."""

    largest_step_up: Annotated[int | None, Field(ge=1)] = None
    largest_step_up_ratio: Annotated[
        float | None, Field(gt=0, description="1 allows at most doubling in one decision.")
    ] = None
    largest_step_down_ratio: Annotated[
        float | None, Field(gt=0, le=1, description="0.5 allows at most halving in one decision.")
    ] = None
    cooldown_up_s: Seconds = 0.0
    cooldown_down_s: Seconds = 0.0
    stabilization_down_s: Annotated[
        Seconds, Field(description="Scale down only to the highest target of this window.")
    ] = 0.0
    stale_after_intervals: Annotated[
        int, Field(ge=1, description="Older metrics: hold, decide nothing.")
    ] = 4
    fallback_after_intervals: Annotated[
        int, Field(ge=1, description="Still older: the reactive baseline takes over.")
    ] = 12
    veto_down_violation_ratio: Annotated[
        Ratio | None, Field(description="No scaling down while more requests violate the SLO.")
    ] = 0.05

    @model_validator(mode="after")
    def _hold_before_fallback(self) -> GuardrailSettings:
        if self.fallback_after_intervals < self.stale_after_intervals:
            raise ValueError(
                "expected fallback_after_intervals of at least stale_after_intervals "
                f"({self.stale_after_intervals}), found {self.fallback_after_intervals}"
            )
        return self


class Scenario(ScenarioModel):
    """One experiment: what arrives, what serves it, what is wanted and what goes wrong."""

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=80)]
    description: Annotated[
        str, Field(max_length=LONGEST_DESCRIPTION, description="One sentence.")
    ] = ""
    traffic: Annotated[
        tuple[Pattern, ...],
        Field(
            description="Added up; negative sums count as 0; noise multiplies.",
            json_schema_extra={"minItems": 1},
        ),
    ]
    service: ServiceModel = ServiceModel()
    cluster: ClusterModel = ClusterModel()
    slo: SloModel = SloModel()
    reward: RewardWeights = RewardWeights()
    metrics: MetricsModel = MetricsModel()
    guardrails: GuardrailSettings = GuardrailSettings()
    interval_s: Annotated[
        int, Field(ge=1, le=3600, description="Seconds between two decisions.")
    ] = 15
    duration_s: Annotated[int, Field(ge=1, le=LONGEST_RUN_S)] = 3600
    seed: Annotated[int, Field(ge=0, description="Used where no other seed is given.")] = 0
    faults: tuple[Fault, ...] = ()
    fit: Annotated[
        FitRecord | None,
        Field(
            description="Written by `twin fit`; changes nothing in a run.",
            # Scenarios that nobody fitted read and hash as ever.
            exclude_if=lambda value: value is None,
        ),
    ] = None

    @property
    def facts(self) -> DeploymentFacts:
        """What a policy is told beforehand."""
        return DeploymentFacts(
            pod_capacity_rps=self.service.pod_capacity_rps,
            slo_ms=self.slo.latency_ms,
            min_replicas=self.cluster.min_replicas,
            max_replicas=self.cluster.max_replicas,
            interval_s=float(self.interval_s),
            startup_median_s=self.service.startup_median_s,
        )

    def starting_replicas(self, first_rps: float) -> int:
        """Replicas that are ready when the run starts.

        Args:
            first_rps: Traffic of the first seconds, for scenarios that leave the count open.
        """
        if self.cluster.initial_replicas is not None:
            return self.cluster.initial_replicas
        wanted = math.ceil(first_rps / (self.service.pod_capacity_rps * INITIAL_UTILIZATION))
        return min(max(wanted, self.cluster.min_replicas), self.cluster.max_replicas)

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Scenario:
        if all(isinstance(pattern, ArNoisePattern) for pattern in self.traffic):
            raise ValueError("expected a pattern besides ar-noise in traffic, found none")
        if self.duration_s < self.interval_s:
            raise ValueError(
                f"expected duration_s of at least interval_s ({self.interval_s}), "
                f"found {self.duration_s}"
            )
        if self.metrics.window_s < self.interval_s:
            raise ValueError(
                f"expected metrics.window_s of at least interval_s ({self.interval_s}), "
                f"found {self.metrics.window_s:g}"
            )
        if self.service.service_time_ms >= self.slo.latency_ms:
            raise ValueError(
                "expected slo.latency_ms above service.service_time_ms "
                f"({self.service.service_time_ms:g}), found {self.slo.latency_ms:g}"
            )
        if self.service.timeout_s * 1000.0 < self.slo.latency_ms:
            raise ValueError(
                f"expected service.timeout_s of at least the SLO ({self.slo.latency_ms:g} ms), "
                f"found {self.service.timeout_s:g} s"
            )
        for index, fault in enumerate(self.faults):
            if fault.at_s >= self.duration_s:
                raise ValueError(
                    f"expected faults[{index}].at_s before the end ({self.duration_s} s), "
                    f"found {fault.at_s:g}"
                )
            if isinstance(fault, NodeLossFault) and self.cluster.pods_per_node is None:
                raise ValueError(
                    f"expected cluster.pods_per_node for faults[{index}] (node-loss), found none"
                )
        return self


def scenario_json_schema() -> dict[str, Any]:
    """JSON Schema of a scenario file, for editors."""
    schema = Scenario.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "rlscale-console scenario"
    return schema
