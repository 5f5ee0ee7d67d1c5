"""Faults: what goes wrong during a scenario, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from core.traffic.model import PositiveSeconds, ScenarioModel, Seconds


class PodCrashFault(ScenarioModel):
    """Some ready pods die at once; their requests are lost and they start again."""

    kind: Literal["pod-crash"] = "pod-crash"
    at_s: Seconds
    count: Annotated[int, Field(ge=1, description="Pods that crash.")] = 1
    restart_s: Annotated[
        PositiveSeconds | None,
        Field(description="Time until they are ready again; by default a usual start-up time."),
    ] = None


class NodeLossFault(ScenarioModel):
    """One node fails with all its pods and comes back after a while."""

    kind: Literal["node-loss"] = "node-loss"
    at_s: Seconds
    duration_s: Annotated[PositiveSeconds, Field(description="Until the node is back.")]


class SlowStartFault(ScenarioModel):
    """Pods that are created meanwhile take longer to start (slow registry, cold caches)."""

    kind: Literal["slow-start"] = "slow-start"
    at_s: Seconds
    duration_s: PositiveSeconds
    factor: Annotated[float, Field(gt=1, description="Start-up times are multiplied by this.")]


class DependencyLatencyFault(ScenarioModel):
    """Something the service calls gets slower, so every request holds its worker longer."""

    kind: Literal["dependency-latency"] = "dependency-latency"
    at_s: Seconds
    duration_s: PositiveSeconds
    added_ms: Annotated[float, Field(gt=0, description="Added to the mean service time.")]


class MetricsGapFault(ScenarioModel):
    """No new metrics arrive; the newest sample grows old."""

    kind: Literal["metrics-gap"] = "metrics-gap"
    at_s: Seconds
    duration_s: PositiveSeconds


class ScaleRejectedFault(ScenarioModel):
    """The cluster refuses every request to scale (quota, API server down)."""

    kind: Literal["scale-rejected"] = "scale-rejected"
    at_s: Seconds
    duration_s: PositiveSeconds


Fault = Annotated[
    PodCrashFault
    | NodeLossFault
    | SlowStartFault
    | DependencyLatencyFault
    | MetricsGapFault
    | ScaleRejectedFault,
    Field(discriminator="kind"),
]
"""Any fault, told apart by its `kind`."""
