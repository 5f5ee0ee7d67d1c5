"""What both agents share: training, prediction, evaluation, storing and resuming."""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, cast

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat
from stable_baselines3.common.vec_env import VecEnv

from core.agents.bundle import (
    PolicyBundle,
    Tensors,
    check_tensors,
    load_bundle,
    load_optimizer,
    save_bundle,
)
from core.agents.checkpoint import (
    STATE_FILE,
    RandomStates,
    TrainingState,
    read_state,
)
from core.agents.config import Algorithm, InferenceRule
from core.agents.manifest import Manifest, NetworkLayout, ObservationSpec, tensor_shapes
from core.agents.settings import AgentSettings
from core.agents.torch_state import (
    array_of,
    optimizer_tensors,
    random_states,
    set_optimizer_tensors,
    set_random_states,
)
from core.envs.actions import action_set
from core.envs.observation import FEATURE_NAMES, OBSERVATION_VERSION, observation_hash
from core.errors import BundleError, InputError
from core.summary import Summary
from core.traffic.scenario import RewardWeights

_LIBRARIES: Final = ("torch", "stable-baselines3", "numpy", "gymnasium")
_SECONDS_LIMIT: Final = 1e9


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a policy comes from and what it is for; stored in its bundle."""

    action_set: str = "headroom"
    inference: InferenceRule = InferenceRule.MEAN_TARGET
    scenarios: tuple[str, ...] = ()
    seed: int = 0
    reward_weights: Mapping[str, float] = field(
        default_factory=lambda: RewardWeights().model_dump()
    )


@dataclass(frozen=True, slots=True)
class EpisodeStatistics:
    """How whole episodes went, in unscaled rewards."""

    episodes: int
    mean_reward: float
    std_reward: float
    mean_length: float
    """In decisions."""


S = TypeVar("S", bound=AgentSettings)


class Agent(ABC, Generic[S]):
    """An algorithm of Stable-Baselines3, an environment to learn in, and its policy's papers.

    Args:
        env: A `VecEnv`, such as `SimulatorVecEnv`, or any Gymnasium environment with a flat
            observation and discrete actions.
        settings: What the algorithm is tuned by; the tuned defaults if None.
        provenance: What goes into the bundle.
        log_directory: Where TensorBoard files go; None for none.
    """

    algorithm: ClassVar[Algorithm]
    settings_type: ClassVar[type[AgentSettings]]

    def __init__(
        self,
        env: VecEnv | gymnasium.Env[Any, Any],
        settings: S | None = None,
        provenance: Provenance | None = None,
        *,
        log_directory: Path | None = None,
    ) -> None:
        self.settings: S = settings or cast(S, self.settings_type())
        self.provenance = provenance or Provenance()
        torch.set_num_threads(self.settings.torch_threads)
        self.model = self._build(env)
        self.model.set_logger(_logger(log_directory))

    @abstractmethod
    def _build(self, env: VecEnv | gymnasium.Env[Any, Any]) -> BaseAlgorithm:
        """The algorithm, ready to learn."""

    @abstractmethod
    def _trained_parameters(self) -> dict[str, torch.Tensor]:
        """What the optimiser moves, in its order, by Stable-Baselines3's names."""

    @property
    def timesteps(self) -> int:
        """Steps learned from so far, in all environments together."""
        return self.model.num_timesteps

    @property
    def env(self) -> VecEnv:
        """The environment that is learned in."""
        env = self.model.get_env()
        assert env is not None
        return env

    def train(self, total_timesteps: int, callbacks: Sequence[BaseCallback] = ()) -> None:
        """Learn until `total_timesteps` steps are done, those before a resumption included.

        Args:
            total_timesteps: In all environments together; schedules end there.
            callbacks: Stable-Baselines3 callbacks; one that returns False ends the training.
        """
        remaining = total_timesteps - self.timesteps
        if remaining > 0:
            self.model.learn(
                remaining,
                callback=CallbackList(list(callbacks)),
                log_interval=1,
                reset_num_timesteps=False,
            )

    def predict(
        self, observation: NDArray[np.float32], deterministic: bool = True
    ) -> NDArray[np.int64]:
        """Choose actions.

        Args:
            observation: Shape (features,) or (n, features).
            deterministic: Take the best action; else sample (PPO) or explore (DQN).

        Returns:
            Shape () or (n,).
        """
        actions, _ = self.model.predict(observation, deterministic=deterministic)
        return np.asarray(actions, dtype=np.int64)

    def evaluate(self, episodes: int) -> EpisodeStatistics:
        """Live through whole episodes of the own environment with the best actions.

        Episodes that a training had begun are dropped.
        """
        env = self.env
        observations = env.reset()
        running, lengths = np.zeros(env.num_envs), np.zeros(env.num_envs)
        ended: list[tuple[float, float]] = []
        while len(ended) < episodes:
            assert isinstance(observations, np.ndarray)
            observations, rewards, dones, _ = env.step(self.predict(observations))
            running += rewards
            lengths += 1
            ended += list(zip(running[dones], lengths[dones], strict=True))
            running[dones] = lengths[dones] = 0
        self.model._last_obs = None
        figures = np.array(ended[:episodes])
        return EpisodeStatistics(
            episodes=episodes,
            mean_reward=float(figures[:, 0].mean()),
            std_reward=float(figures[:, 0].std()),
            mean_length=float(figures[:, 1].mean()),
        )

    def bundle(self, evaluation: Summary | None = None) -> PolicyBundle:
        """The policy as it is now.

        Args:
            evaluation: Its figures on validation traffic, if known.
        """
        settings, provenance = self.settings, self.provenance
        observation_space, action_space = self.env.observation_space, self.env.action_space
        assert observation_space.shape is not None
        assert isinstance(action_space, gymnasium.spaces.Discrete)
        shapes = self._shapes()
        state = self.model.policy.state_dict()
        manifest = Manifest(
            algorithm=self.algorithm,
            network=self._layout(),
            observation=ObservationSpec(
                version=OBSERVATION_VERSION, hash=observation_hash(), features=FEATURE_NAMES
            ),
            action_set=provenance.action_set,
            action_labels=action_set(provenance.action_set).labels,
            inference=provenance.inference,
            temperature=settings.temperature,
            reward_scale=settings.reward_scale,
            reward_weights=dict(provenance.reward_weights),
            hyper_parameters=dict(settings.as_record()),
            scenarios=provenance.scenarios,
            seed=provenance.seed,
            timesteps=self.timesteps,
            libraries={name: importlib.metadata.version(name) for name in _LIBRARIES},
            evaluation={} if evaluation is None else evaluation.as_dict(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            weights_sha256="0" * 64,
        )
        return PolicyBundle(manifest, {name: array_of(state[name]) for name in shapes})

    def save(self, path: Path, evaluation: Summary | None = None) -> PolicyBundle:
        """Write the policy as a bundle, atomically; see `bundle`.

        Raises:
            BundleError: The environment is not one of ours, or the place cannot be written to.
        """
        return save_bundle(path, self.bundle(evaluation))

    @classmethod
    def load(cls, path: Path, env: VecEnv | gymnasium.Env[Any, Any]) -> Self:
        """An agent with the policy of a bundle, to go on learning in `env`.

        Raises:
            BundleError: The bundle cannot be trusted, or is another algorithm's.
        """
        bundle = load_bundle(path)
        manifest = bundle.manifest
        if manifest.algorithm is not cls.algorithm:
            raise BundleError(
                f"expected a {cls.algorithm} bundle at {path}, found {manifest.algorithm}."
            )
        provenance = Provenance(
            manifest.action_set,
            manifest.inference,
            manifest.scenarios,
            manifest.seed,
            manifest.reward_weights,
        )
        agent = cls(env, cast(S, _settings_of(cls.settings_type, manifest, path)), provenance)
        agent.set_weights(bundle)
        return agent

    def set_weights(self, bundle: PolicyBundle) -> None:
        """Take over the weights of a bundle of the same shape.

        Raises:
            BundleError: The network is another.
        """
        check_tensors(bundle.weights, self._shapes(), "the bundle")
        self._put(bundle.weights)

    def _put(self, weights: Tensors) -> None:
        state = self.model.policy.state_dict()
        for name, array in weights.items():
            state[name].copy_(torch.from_numpy(array))

    def save_checkpoint(
        self,
        path: Path,
        *,
        wall_s: float,
        best_score: float | None = None,
        baseline_score: float | None = None,
    ) -> None:
        """Write all that `resume` needs, atomically.

        Args:
            path: A directory that does not exist yet.
            wall_s: Seconds of training so far.
            best_score: Best evaluation so far.
            baseline_score: The baseline's score.
        """
        state = TrainingState(
            timesteps=self.timesteps,
            updates=self.model._n_updates,
            episodes=self.model._episode_num,
            wall_s=min(wall_s, _SECONDS_LIMIT),
            best_score=best_score,
            baseline_score=baseline_score,
            random=self._random_states(),
        )
        save_bundle(
            path,
            self.bundle(),
            optimizer=self._optimizer_tensors(),
            others={STATE_FILE: state.model_dump_json().encode()},
        )

    def resume(self, path: Path) -> TrainingState:
        """Go on where a checkpoint was written, with new episodes in all environments.

        Raises:
            BundleError: The checkpoint cannot be used.
        """
        bundle = load_bundle(path)
        state = read_state(path)
        if bundle.manifest.algorithm is not self.algorithm:
            raise BundleError(
                f"expected a {self.algorithm} checkpoint at {path}, "
                f"found {bundle.manifest.algorithm}."
            )
        tensors = load_optimizer(path, bundle.manifest)
        self.set_weights(bundle)
        self._set_optimizer_tensors(tensors, str(path))
        self.model.num_timesteps = state.timesteps
        self.model._n_updates = state.updates
        self.model._episode_num = state.episodes
        self._set_random_states(state.random, str(path))
        self.env.seed((self.provenance.seed * 1_000_003 + state.timesteps) % 2**32)
        self.model._last_obs = None
        return state

    def _layout(self) -> NetworkLayout:
        observation_space, action_space = self.env.observation_space, self.env.action_space
        if (
            not isinstance(action_space, gymnasium.spaces.Discrete)
            or observation_space.shape is None
            or len(observation_space.shape) != 1
        ):
            raise InputError(
                "expected an environment with a flat observation and discrete actions, "
                f"found {observation_space} and {action_space}."
            )
        return NetworkLayout(
            inputs=observation_space.shape[0],
            hidden=self.settings.hidden,
            outputs=int(action_space.n),
            activation=self.settings.activation,
        )

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        return tensor_shapes(self.algorithm, self._layout())

    def _optimizer_tensors(self) -> Tensors:
        """All tensors beside the policy's that learning goes on from."""
        return optimizer_tensors(self.model.policy.optimizer, self._trained_parameters())

    def _set_optimizer_tensors(self, tensors: Tensors, source: str) -> None:
        parameters = self._trained_parameters()
        set_optimizer_tensors(self.model.policy.optimizer, parameters, tensors, source)

    def _random_states(self) -> RandomStates:
        return random_states()

    def _set_random_states(self, states: RandomStates, source: str) -> None:
        set_random_states(states, source)


def _settings_of(kind: type[AgentSettings], manifest: Manifest, path: Path) -> AgentSettings:
    try:
        return TypeAdapter(kind).validate_python(manifest.hyper_parameters)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(
            f"expected a valid hyper-parameter {place!r} in {path}, found: {first['msg']}.",
            "Train the policy again with this version.",
        ) from None


def _logger(directory: Path | None) -> Logger:
    if directory is None:
        return Logger(folder=None, output_formats=[])
    directory.mkdir(parents=True, exist_ok=True)
    return Logger(str(directory), [TensorBoardOutputFormat(str(directory))])
