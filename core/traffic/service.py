"""The model of one pod: how it serves requests, starts, stops and uses resources."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from core.traffic.model import PositiveSeconds, ScenarioModel, Seconds


class ServiceTimeDistribution(StrEnum):
    """Shape of the time that one request occupies a worker."""

    EXPONENTIAL = "exponential"
    SHIFTED_EXPONENTIAL = "shifted-exponential"
    """A fixed part and an exponential part: less variable than exponential."""


class ServiceModel(ScenarioModel):
    """How one pod serves requests, starts and stops."""

    workers: Annotated[int, Field(ge=1, le=1000, description="Requests served at once.")] = 2
    service_time_ms: Annotated[float, Field(gt=0, description="Mean time of one request.")] = 35.0
    service_time_distribution: ServiceTimeDistribution = ServiceTimeDistribution.EXPONENTIAL
    service_time_cv: Annotated[
        float,
        Field(gt=0, le=1, description="Standard deviation over mean; below 1 only if shifted."),
    ] = 1.0
    timeout_s: Annotated[PositiveSeconds, Field(description="Slower requests fail.")] = 10.0
    startup_median_s: Annotated[
        float, Field(ge=0, description="Median time from creation until a pod serves.")
    ] = 20.0
    startup_sigma: Annotated[
        float, Field(ge=0, le=2, description="Sigma of the lognormal start-up time.")
    ] = 0.4
    termination_s: Annotated[
        Seconds, Field(description="A pod being removed serves nothing new but is still paid for.")
    ] = 5.0
    cpu_per_capacity: Annotated[
        float, Field(gt=0, description="CPU utilisation (of the request) of a fully busy pod.")
    ] = 1.0
    cpu_idle: Annotated[float, Field(ge=0, description="CPU utilisation of an idle pod.")] = 0.02
    memory_base: Annotated[float, Field(ge=0, description="Memory utilisation when idle.")] = 0.35
    memory_per_queued_request: Annotated[
        float, Field(ge=0, description="Memory utilisation added by each request queued at a pod.")
    ] = 0.001

    @property
    def pod_capacity_rps(self) -> float:
        """Requests per second that one ready pod serves at full utilisation."""
        return self.workers * 1000.0 / self.service_time_ms

    @model_validator(mode="after")
    def _variation_fits_distribution(self) -> ServiceModel:
        exponential = self.service_time_distribution is ServiceTimeDistribution.EXPONENTIAL
        if exponential and self.service_time_cv != 1.0:
            raise ValueError(
                "expected service_time_cv 1 for an exponential service time, "
                f"found {self.service_time_cv:g}; "
                "set service_time_distribution to shifted-exponential"
            )
        return self
