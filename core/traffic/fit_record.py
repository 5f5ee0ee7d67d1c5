"""Where the numbers of a scenario come from, when they were fitted to a real service."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.traffic.model import PositiveSeconds, Ratio, ScenarioModel, Seconds


class FitQuality(ScenarioModel):
    """How near the simulator comes to one measured quantity, on a stretch held out of the fit."""

    median_relative_error: Annotated[
        float, Field(ge=0, description="Median of |simulated - measured| / measured.")
    ]
    r_squared: Annotated[
        float | None,
        Field(le=1, description="Share of the variance explained; none if it hardly varied."),
    ] = None
    points: Annotated[int, Field(ge=1, description="Steps that were compared.")]


class FitRecord(ScenarioModel):
    """What a service model was estimated from, and how good it is."""

    source: Annotated[str, Field(description="namespace/deployment.")]
    recorded_from: Annotated[str, Field(description="Moment of the first second, ISO 8601, UTC.")]
    recorded_s: PositiveSeconds
    step_s: PositiveSeconds
    held_out_s: Annotated[Seconds, Field(description="The end of it, on which it was judged.")]
    highest_load: Annotated[
        float, Field(ge=0, description="Largest measured share of the fitted capacity in use.")
    ]
    capacity_low_rps: Annotated[
        float, Field(gt=0, description="Smallest per-pod capacity that fits about as well.")
    ]
    capacity_high_rps: Annotated[
        float | None,
        Field(gt=0, description="Largest one; none if the data set no upper limit."),
    ] = None
    startup_samples: Annotated[int, Field(ge=0)] = 0
    cpu_cores_per_request: Annotated[
        float | None, Field(ge=0, description="CPU seconds that a request costs, where known.")
    ] = None
    bridged: Annotated[Ratio, Field(description="Share of the traffic that gaps left open.")] = 0.0
    quality: dict[str, FitQuality] = Field(
        default_factory=dict,
        description="By quantity: latency_p50, latency_p95, latency_p99, cpu.",
    )
    warnings: Annotated[
        tuple[str, ...], Field(description="What the data could not tell, one line each.")
    ] = ()
