"""What `policy.json` says: all that is needed to use, judge and reproduce a policy."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.agents.config import Algorithm, InferenceRule

FORMAT_VERSION: Final = 1

_Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Number = float | int | bool | str | None


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NetworkLayout(_Model):
    """The shape of a multilayer perceptron; a PPO policy has two of the same shape."""

    inputs: int = Field(ge=1, le=10_000)
    """Features of the observation."""
    hidden: tuple[Annotated[int, Field(ge=1, le=4096)], ...] = Field(min_length=1, max_length=8)
    """Units of each hidden layer."""
    outputs: int = Field(ge=2, le=10_000)
    """Actions."""
    activation: Literal["tanh", "relu"]
    """The function after each hidden layer."""


class ObservationSpec(_Model):
    """Which observation the policy was trained on."""

    version: int = Field(ge=1)
    hash: _Name
    features: tuple[_Name, ...] = Field(min_length=1, max_length=10_000)


class Manifest(_Model):
    """The content of `policy.json`."""

    format_version: Literal[1] = FORMAT_VERSION
    algorithm: Algorithm
    network: NetworkLayout
    observation: ObservationSpec
    action_set: _Name
    action_labels: tuple[_Name, ...] = Field(min_length=2, max_length=10_000)
    inference: InferenceRule
    temperature: float = Field(default=1.0, gt=0)
    """Softmax temperature on Q-values for mean-target inference (DQN)."""
    reward_scale: float = Field(default=1.0, gt=0)
    """Factor on the reward that the network learned from; its values are in these units."""
    reward_weights: dict[str, float]
    hyper_parameters: dict[str, _Number | list[int]]
    scenarios: tuple[str, ...]
    """What it was trained on."""
    seed: int
    timesteps: int = Field(ge=0)
    """Environment steps of training behind these weights."""
    libraries: dict[str, str]
    """Versions of what trained it."""
    evaluation: dict[str, _Number] = Field(default_factory=dict)
    """Figures on validation traffic; empty if never evaluated."""
    created: str
    """ISO 8601, UTC."""
    weights_sha256: _Digest
    """SHA-256 of `policy.safetensors`."""
    optimizer_sha256: _Digest | None = None
    """SHA-256 of `optimizer.safetensors`, if it is there for resuming."""


def tensor_shapes(algorithm: Algorithm, layout: NetworkLayout) -> dict[str, tuple[int, ...]]:
    """Names and shapes of exactly the tensors that such a policy has.

    The names are those of Stable-Baselines3's state dictionaries, so that weights move between
    the two without translation.
    """
    shapes: dict[str, tuple[int, ...]] = {}

    def linear(name: str, inputs: int, outputs: int) -> None:
        shapes[f"{name}.weight"] = (outputs, inputs)
        shapes[f"{name}.bias"] = (outputs,)

    def stack(prefix: str) -> int:
        width = layout.inputs
        for index, units in enumerate(layout.hidden):
            linear(f"{prefix}.{2 * index}", width, units)
            width = units
        return width

    if algorithm is Algorithm.PPO:
        linear("action_net", stack("mlp_extractor.policy_net"), layout.outputs)
        linear("value_net", stack("mlp_extractor.value_net"), 1)
    else:
        linear(f"q_net.q_net.{2 * len(layout.hidden)}", stack("q_net.q_net"), layout.outputs)
    return shapes
