"""What all models of the scenario schema have in common."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0)]
"""A moment or a duration in seconds, counted from the start of the run; may be 0."""

PositiveSeconds = Annotated[float, Field(gt=0)]
"""A duration in seconds that cannot be 0."""

Rate = Annotated[float, Field(ge=0)]
"""Requests per second, not negative."""

Ratio = Annotated[float, Field(ge=0, le=1)]
"""A share in 0…1."""

RATE_WINDOW_S: Final = 60
"""Window of request rates and CPU in seconds, unless told otherwise. It is that of the queries to
the Prometheus of a real cluster, so that the simulator's measurements are as smooth."""


class ScenarioModel(BaseModel):
    """A part of a scenario: immutable, without unknown fields, NaN or infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
