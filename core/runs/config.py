"""What a run is asked to do, stored as JSON in its file."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.agents.config import TrainingConfig
from core.errors import InputError
from core.runs.records import RunKind
from core.state import ControlMode

__all__ = [
    "BranchPoint",
    "EnvironmentKind",
    "InferenceConfig",
    "RunConfig",
    "TrainingConfig",
    "parse_config",
]


class EnvironmentKind(StrEnum):
    """Where a policy acts."""

    SIMULATOR = "sim"


class BranchPoint(BaseModel):
    """Where a run branches off another one, whose past it repeats first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    run: str
    """Directory of the other run."""
    step: int = Field(ge=0)
    """The first step that is decided anew."""
    target: int | None = Field(default=None, ge=0)
    """Replicas wanted at that step; None leaves it to the policy."""
    mode: ControlMode | None = None
    """The control mode from there on; None leaves it as it was then."""


class InferenceConfig(BaseModel):
    """A policy (learned or classical) that controls one deployment."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    policy: str = "ppo"
    """As `core.agents.registry.load_policy` takes it: ppo, hpa:0.6, static:8, a directory …"""
    scenario: str = "flash-crowd"
    """As `core.traffic.library.load_scenario` takes it: a shipped name, a YAML or CSV file."""
    environment: EnvironmentKind = EnvironmentKind.SIMULATOR
    """Where the policy acts."""
    peak_rps: float | None = Field(default=None, gt=0)
    """The 99.5th percentile to which a trace is scaled; None leaves it as recorded."""
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    """Source of all randomness of the simulation; None takes the scenario's own."""
    speed: float | None = Field(default=1.0, gt=0, le=1e6)
    """Simulated seconds per second; None runs as fast as possible."""
    mode: ControlMode = ControlMode.AUTO
    """The control mode at the start."""
    override_replicas: int | None = Field(default=None, ge=0)
    """Replicas pinned from the start; given if and only if the mode is MANUAL."""
    paused: bool = False
    """Start paused, once the first decision is taken."""
    branch: BranchPoint | None = None
    """Repeat another simulator run up to a step first; None starts from the beginning."""

    @model_validator(mode="after")
    def _check_override(self) -> Self:
        if self.override_replicas is not None and self.mode is not ControlMode.MANUAL:
            raise ValueError(f"expected mode MANUAL with override_replicas, found {self.mode}")
        if self.override_replicas is None and self.mode is ControlMode.MANUAL:
            raise ValueError("expected override_replicas with mode MANUAL, found none")
        return self


RunConfig = InferenceConfig | TrainingConfig


def kind_of(config: RunConfig) -> RunKind:
    """Whether a config asks for a training or for inference."""
    return RunKind.TRAINING if isinstance(config, TrainingConfig) else RunKind.INFERENCE


def parse_config(kind: RunKind, text: str) -> RunConfig:
    """Read a config back from the JSON in a run file.

    Raises:
        InputError: The JSON does not fit the model.
    """
    model = TrainingConfig if kind is RunKind.TRAINING else InferenceConfig
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "config"
        raise InputError(f"expected a valid {kind} config: {place}: {first['msg']}.") from error


def slug(text: str) -> str:
    """A short form for run names: lower case letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:24].strip("-") or "run"
