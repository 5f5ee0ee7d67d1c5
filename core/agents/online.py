"""DQN that goes on learning on a live service, one decision at a time, from whatever was done."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from core.agents.bundle import load_bundle
from core.agents.config import Algorithm, HyperParameters
from core.agents.dqn import DQNAgent
from core.agents.papers import provenance_of, settings_of
from core.agents.settings import DqnSettings
from core.envs.autoscale import AutoscaleEnv
from core.errors import BundleError

TARGET_UPDATE_DECISIONS: Final = 100
"""Decisions between two copies of the network to the target network: 25 minutes at 15 s."""

ONLINE: Final = {
    "environments": 1,
    "batch_size": 64,
    "gradient_steps": 4,
    "learning_rate": 1e-4,
    "learning_starts": 64,
    "buffer_size": 50_000,
    "exploration_first": 0.05,
    "exploration_last": 0.05,
}
"""Small, careful steps: the policy is good already, and every mistake is a real one."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One decision interval, as it went."""

    before: NDArray[np.float32]
    """Observation at the decision, shape (features,)."""
    action: int
    """The action that was carried out, whoever wanted it."""
    reward: float
    """Of the interval, unscaled."""
    after: NDArray[np.float32]
    """Observation at its end, shape (features,)."""


class OnlineLearner:
    """A DQN agent with one cluster, taught lesson by lesson.

    Args:
        agent: Of one environment, which is never stepped.
        rng: For exploration.
    """

    def __init__(self, agent: DQNAgent, rng: np.random.Generator) -> None:
        self.agent = agent
        self._rng = rng
        self._exploration = agent.settings.exploration_first

    @property
    def exploration(self) -> float:
        """Probability of an action other than the best."""
        return self._exploration

    @property
    def lessons(self) -> int:
        """How many are remembered."""
        return self.agent.model.memory.transitions

    def q_values(self, observation: NDArray[np.float32]) -> NDArray[np.float32]:
        """What each action is worth, in scaled rewards, shape (actions,)."""
        with torch.inference_mode():
            rows = self.agent.model.q_net.q_net(torch.from_numpy(observation[None, :]))
        values: NDArray[np.float32] = rows.numpy()[0]
        return values

    def explores(self) -> bool:
        """Whether to try something else this time."""
        return bool(self._rng.random() < self._exploration)

    def pick(self, candidates: NDArray[np.int64]) -> int:
        """One of them at random."""
        return int(self._rng.choice(candidates))

    def remember(self, lesson: Lesson) -> None:
        """Keep a lesson without learning from it yet."""
        model = self.agent.model
        reward = min(max(lesson.reward, -model.reward_limit), model.reward_limit)
        model.memory.add(
            lesson.before[None, :],
            lesson.after[None, :],
            np.array([lesson.action], dtype=np.int64),
            np.array([reward * model.reward_scale], dtype=np.float32),
            np.zeros(1, dtype=np.bool_),
            np.zeros(1, dtype=np.bool_),
        )

    def learn(self, lesson: Lesson) -> float | None:
        """Keep a lesson and learn from the memory; returns the loss, None while it is too empty."""
        self.remember(lesson)
        model, settings = self.agent.model, self.agent.settings
        model.num_timesteps += 1
        if self.lessons < settings.learning_starts:
            return None
        model.train(settings.gradient_steps, settings.batch_size)
        if model.num_timesteps % TARGET_UPDATE_DECISIONS == 0:
            model.q_net_target.load_state_dict(model.q_net.state_dict())
        return float(model.logger.name_to_value["train/loss"])


def online_learner(
    source: Path, overrides: HyperParameters, scenarios: tuple[str, ...], seed: int
) -> OnlineLearner:
    """A learner that starts from a trained bundle.

    Args:
        source: Directory of the bundle.
        overrides: What the operator wants to be different.
        scenarios: What the bundle will say that it was trained on, added to what it was.
        seed: For exploration and sampling.

    Raises:
        BundleError: The bundle cannot be trusted, or is not DQN's.
    """
    bundle = load_bundle(source)
    manifest = bundle.manifest
    if manifest.algorithm is not Algorithm.DQN:
        raise BundleError(f"expected a DQN bundle at {source}, found {manifest.algorithm.upper()}.")
    known = settings_of(manifest, DqnSettings, str(source))
    assert isinstance(known, DqnSettings)
    given = {name: one for name, one in overrides.model_dump(exclude_none=True).items()}
    fields = {**ONLINE, **{name: one for name, one in given.items() if hasattr(known, name)}}
    settings = replace(known, **fields)
    before = provenance_of(manifest)
    provenance = replace(before, scenarios=(*before.scenarios, *scenarios), seed=seed)
    agent = DQNAgent(AutoscaleEnv(action_set=manifest.action_set), settings, provenance)
    agent.model.learning_starts = settings.learning_starts
    agent.set_weights(bundle)
    return OnlineLearner(agent, np.random.default_rng([seed, 1]))
