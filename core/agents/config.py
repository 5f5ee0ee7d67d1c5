"""What a training is asked to do: shared by the command line, the console and the engine."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

RANDOM_TRAFFIC: Final = "random"
"""The scenario name that stands for the broad distribution of random training traffic."""


class Algorithm(StrEnum):
    """Which algorithm learns."""

    PPO = "ppo"
    DQN = "dqn"


class InferenceRule(StrEnum):
    """How a network's numbers become a replica count."""

    ARGMAX = "argmax"
    """The target of the best action."""
    MEAN_TARGET = "mean-target"
    """The geometric mean of all actions' targets under the action probabilities, rounded."""


DEFAULT_STEPS: Final = {Algorithm.PPO: 2_000_000, Algorithm.DQN: 1_500_000}
"""Environment steps of a training that nobody gave a length."""


class HyperParameters(BaseModel):
    """The handful that matters; None means the tuned default of the algorithm."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    learning_rate: float | None = Field(default=None, gt=0, le=1)
    """Step size of Adam at the start; it decays linearly to 0."""
    gamma: float | None = Field(default=None, ge=0, le=1)
    """Discount per decision interval."""
    entropy: float | None = Field(default=None, ge=0, le=1)
    """Weight of the entropy bonus (PPO only)."""
    batch_size: int | None = Field(default=None, ge=8, le=1_000_000)
    """Transitions per gradient step."""
    environments: int | None = Field(default=None, ge=1, le=4096)
    """Simulated clusters that are stepped at once."""
    reward_scale: float | None = Field(default=None, gt=0, le=1000)
    """Factor on the reward before the algorithm sees it; records stay unscaled."""
    rollout_steps: int | None = Field(default=None, ge=2, le=10_000)
    """Steps of each cluster between two updates (PPO only)."""
    epochs: int | None = Field(default=None, ge=1, le=100)
    """Passes over each rollout (PPO only)."""
    gradient_steps: int | None = Field(default=None, ge=1, le=1000)
    """Gradient steps after each step of all clusters (DQN only)."""
    return_steps: int | None = Field(default=None, ge=1, le=20)
    """Rewards summed before bootstrapping, the n of n-step returns (DQN only)."""
    temperature: float | None = Field(default=None, gt=0, le=100)
    """Softmax temperature on Q-values for mean-target inference (DQN only)."""


class TrainingConfig(BaseModel):
    """One training, complete: the same config and seed train the same policy."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    algo: Algorithm = Algorithm.PPO
    """Which algorithm learns."""
    scenarios: tuple[str, ...] = Field(default=(RANDOM_TRAFFIC,), min_length=1)
    """Scenario names or files to train on, or "random" for broad random traffic."""
    steps: int = Field(ge=1, le=10_000_000_000)
    """Decisions taken in all clusters together; the default depends on `algo`."""
    seed: int = Field(default=0, ge=0, le=2**32 - 1)
    """Where all randomness of the training comes from."""
    out: Path | None = None
    """Where a copy of the finished bundle goes; None leaves it in the run's directory only."""
    action_set: str = "headroom"
    """Name of the action set, see `core.envs.actions`."""
    inference: InferenceRule = InferenceRule.MEAN_TARGET
    """How the finished policy chooses."""
    peak_rps: float | None = Field(default=None, gt=0)
    """Peak that traces given as scenarios are scaled to."""
    hyper_parameters: HyperParameters = Field(default_factory=HyperParameters)
    """Overrides of the algorithm's defaults."""
    evaluation_every: int | None = Field(default=None, ge=1)
    """Steps between evaluations on validation traffic; None means two to ten over the training,
    fewer if the traffic is long."""
    checkpoint_every: int | None = Field(default=None, ge=1)
    """Steps between checkpoints; None means ten over the training."""

    @model_validator(mode="before")
    @classmethod
    def _fill_steps(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("steps") is None:
            try:
                algorithm = Algorithm(values.get("algo", Algorithm.PPO))
            except ValueError:
                return values
            return {**values, "steps": DEFAULT_STEPS[algorithm]}
        return values

    @property
    def checkpoint_interval_steps(self) -> int:
        """Steps between checkpoints, with the default filled in."""
        return self.checkpoint_every or max(1, self.steps // 10)
