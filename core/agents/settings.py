"""Everything that an algorithm can be tuned by, with the tuned defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal, Self

from core.agents.config import HyperParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """What both algorithms have."""

    environments: int = 512
    """Clusters that are stepped at once; many, since every episode teaches one kind of traffic."""
    batch_size: int = 512
    """Transitions per gradient step."""
    learning_rate: float = 5e-4
    """Step size of Adam at the start of a training."""
    gamma: float = 0.95
    """Discount per decision interval; 0.97 and 0.99 learned worse."""
    hidden: tuple[int, ...] = (64, 64)
    """Units of each hidden layer."""
    activation: Literal["tanh", "relu"] = "relu"
    reward_scale: float = 5.0
    """Factor on the reward, on top of the scale in a scenario's reward weights."""
    temperature: float = 1.0
    """Softmax temperature on Q-values for mean-target inference (DQN)."""
    reward_limit: float = 0.3
    """Rewards are cut to ± this before they are scaled: an outage, up to 0.6 per step, would drown
    the hundredths that headroom costs."""
    foreseeing_hidden: tuple[int, ...] = (128, 128)
    """Hidden layers of the network that is told what lies ahead, in training only."""
    torch_threads: int = 1
    """Threads of torch; with networks this small a second one mostly waits for the first."""

    @classmethod
    def from_overrides(cls, overrides: HyperParameters) -> Self:
        """The defaults with what an operator overrode; what an algorithm lacks is ignored."""
        known = {field.name for field in fields(cls)}
        given = overrides.model_dump(exclude_none=True)
        return replace(cls(), **{name: one for name, one in given.items() if name in known})

    def as_record(self) -> Mapping[str, float | int | bool | str | list[int] | None]:
        """The settings as stored in a bundle."""
        record = asdict(self)
        return {name: list(one) if isinstance(one, tuple) else one for name, one in record.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class PpoSettings(AgentSettings):
    """Proximal policy optimisation, as in Stable-Baselines3."""

    hidden: tuple[int, ...] = (128, 128)
    gamma: float = 0.9
    rollout_steps: int = 32
    """Steps of each cluster between two updates."""
    batch_size: int = 2048
    epochs: int = 3
    """Passes over each rollout."""
    learning_rate: float = 1e-3
    """Decays linearly to 0 over the training."""
    gae_lambda: float = 0.8
    """Trust in the foreseeing critic: 0 rests on it alone, 1 on what happened alone."""
    clip_range: float = 0.2
    entropy: float = 0.01
    """Weight of the entropy bonus; with less, the policy soon takes one action everywhere."""
    value_weight: float = 0.5
    """Weight of the critic's loss."""
    max_gradient_norm: float = 0.5
    activation: Literal["tanh", "relu"] = "relu"
    """As good as tanh, and half as expensive to learn with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DqnSettings(AgentSettings):
    """Deep Q-learning, as in Stable-Baselines3."""

    gamma: float = 0.92
    batch_size: int = 1024
    gradient_steps: int = 8
    """Gradient steps after each step of all clusters."""
    learning_rate: float = 1e-3
    """Decays linearly to 0 over the training."""
    return_steps: int = 1
    """Rewards summed before bootstrapping; 3 and 5 were worse."""
    buffer_size: int = 400_000
    """Transitions remembered, over all clusters."""
    learning_starts: int = 4_096
    """Transitions gathered before the first gradient step."""
    target_update_interval: int = 16_384
    """Environment steps between two copies of the network to the target network."""
    exploration_fraction: float = 0.3
    """Share of the training over which exploration falls from its first to its last value."""
    exploration_first: float = 1.0
    exploration_last: float = 0.05
    max_gradient_norm: float = 10.0
    activation: Literal["tanh", "relu"] = "relu"
    temperature: float = 0.014
