"""What a run is asked to do, stored as JSON in its file."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.agents.config import Algorithm, TrainingConfig
from core.cluster.kubernetes.settings import KubernetesSettings
from core.errors import InputError
from core.runs.records import RunKind
from core.state import ControlMode

__all__ = [
    "BranchPoint",
    "EnvironmentKind",
    "InferenceConfig",
    "RunConfig",
    "TrainingConfig",
    "checked",
    "parse_config",
]


class EnvironmentKind(StrEnum):
    """Where a policy acts."""

    SIMULATOR = "sim"
    KUBERNETES = "k8s"


_Config = TypeVar("_Config", bound=BaseModel)
_WRITING = (ControlMode.AUTO, ControlMode.MANUAL)


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
    """As `core.traffic.library.load_scenario` takes it: a shipped name, a YAML or CSV file. On a
    cluster the twin that was fitted to the service; empty if there is none."""
    environment: EnvironmentKind = EnvironmentKind.SIMULATOR
    """Where the policy acts."""
    kubernetes: KubernetesSettings | None = None
    """The Deployment; given if and only if the environment is a cluster."""
    write: bool = False
    """Whether the cluster may ever be written to during this run."""
    confirmation: str = ""
    """context/namespace/deployment, with which the operator confirmed that it may be scaled."""
    duration_s: float | None = Field(default=None, gt=0)
    """When a run on a cluster ends; None: when it is stopped."""
    peak_rps: float | None = Field(default=None, gt=0)
    """The 99.5th percentile to which a trace is scaled; None leaves it as recorded."""
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    """Source of all randomness of the simulation; None takes the scenario's own."""
    speed: float | None = Field(default=1.0, gt=0, le=1e6)
    """Simulated seconds per second; None runs as fast as possible."""
    mode: ControlMode = ControlMode.AUTO
    """The control mode at the start; on a cluster SHADOW unless another is given."""
    override_replicas: int | None = Field(default=None, ge=0)
    """Replicas pinned from the start; given if and only if the mode is MANUAL."""
    paused: bool = False
    """Start paused, once the first decision is taken."""
    branch: BranchPoint | None = None
    """Repeat another simulator run up to a step first; None starts from the beginning."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in_for_clusters(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("environment") == EnvironmentKind.KUBERNETES:
            return {"mode": ControlMode.SHADOW, "scenario": "", "speed": 1.0} | values
        return values

    @property
    def on_cluster(self) -> bool:
        """Whether the policy acts on a real cluster."""
        return self.environment is EnvironmentKind.KUBERNETES

    @model_validator(mode="after")
    def _check_environment(self) -> Self:
        if not self.on_cluster:
            if self.kubernetes is not None or self.write or self.confirmation or self.duration_s:
                raise ValueError(
                    "expected kubernetes, write, confirmation and duration_s with environment "
                    "k8s only"
                )
            return self
        if self.kubernetes is None:
            raise ValueError("expected kubernetes settings with environment k8s, found none")
        if self.speed != 1.0:
            raise ValueError(f"expected speed 1 on a cluster, found {self.speed}")
        if self.confirmation and not self.write:
            raise ValueError("expected write beside a confirmation, found none")
        if self.mode in _WRITING and not self.confirmation:
            raise ValueError(
                f"expected write and a confirmation of the Deployment for mode {self.mode}, "
                "found none"
            )
        return self

    @model_validator(mode="after")
    def _check_override(self) -> Self:
        if self.override_replicas is not None and self.mode is not ControlMode.MANUAL:
            raise ValueError(f"expected mode MANUAL with override_replicas, found {self.mode}")
        if self.override_replicas is None and self.mode is ControlMode.MANUAL:
            raise ValueError("expected override_replicas with mode MANUAL, found none")
        return self


class OnlineTrainingConfig(TrainingConfig):
    """A policy that goes on learning on a real cluster, one decision per interval."""

    kubernetes: KubernetesSettings
    """The Deployment."""
    start_from: str
    """Directory of the DQN bundle that it starts from."""
    twin: str = ""
    """The scenario that was fitted to the service; empty if there is none."""
    write: bool = False
    """Whether the cluster may ever be written to; without, it learns from what others do."""
    confirmation: str = ""
    """context/namespace/deployment, with which the operator confirmed that it may be scaled."""
    mode: ControlMode = ControlMode.SHADOW
    """The control mode at the start of the first session; a resumed one begins in SHADOW."""

    @model_validator(mode="after")
    def _check_permission(self) -> Self:
        if self.algo is not Algorithm.DQN:
            raise ValueError(f"expected algo dqn on a cluster, found {self.algo}")
        if self.confirmation and not self.write:
            raise ValueError("expected write beside a confirmation, found none")
        if self.mode is ControlMode.MANUAL:
            raise ValueError("expected mode AUTO, SHADOW or HOLD to begin with, found MANUAL")
        if self.mode is ControlMode.AUTO and not self.confirmation:
            raise ValueError("expected write and a confirmation of the Deployment for mode AUTO")
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
    model: type[RunConfig] = InferenceConfig
    if kind is RunKind.TRAINING:
        online = isinstance(found := _object(text), dict) and "kubernetes" in found
        model = OnlineTrainingConfig if online else TrainingConfig
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise _invalid(error) from error


def checked(model: type[_Config], **values: Any) -> _Config:
    """A config of these values.

    Raises:
        InputError: They do not fit, or not together.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise _invalid(error) from error


def _invalid(error: ValidationError) -> InputError:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    words = first["msg"].removeprefix("Value error, ").rstrip(".")
    return InputError(f"expected a valid config: {place}: {words}." if place else f"{words}.")


def _object(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        # What is wrong with it is said where it is validated.
        return None


def slug(text: str) -> str:
    """A short form for run names: lower case letters, digits and single dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:24].strip("-") or "run"
