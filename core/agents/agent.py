"""What both agents share: training, prediction, evaluation, storing and resuming."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, cast

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import Logger, TensorBoardOutputFormat
from stable_baselines3.common.vec_env import VecEnv

from core.agents.acting import LastChoice
from core.agents.bundle import (
    PolicyBundle,
    Tensors,
    check_tensors,
    load_bundle,
    load_optimizer,
    save_bundle,
)
from core.agents.bundle_files import STATE_FILE
from core.agents.checkpoint import RandomStates, TrainingState, read_state
from core.agents.config import Algorithm
from core.agents.episodes import EpisodeStatistics, live_through
from core.agents.manifest import NetworkLayout, tensor_shapes
from core.agents.papers import Provenance, make_manifest, provenance_of, settings_of
from core.agents.settings import AgentSettings
from core.agents.torch_state import (
    array_of,
    optimizer_tensors,
    random_states,
    set_optimizer_tensors,
    set_random_states,
)
from core.errors import BundleError, InputError
from core.summary import Summary

_SECONDS_LIMIT: Final = 1e9


S = TypeVar("S", bound=AgentSettings)


class Agent(ABC, Generic[S]):
    """An algorithm of Stable-Baselines3, an environment to learn in, and its policy's papers.

    Args:
        env: A `VecEnv`, such as `SimulatorVecEnv`, or any Gymnasium environment with a flat
            float32 observation and discrete actions.
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
        _check_spaces(env)
        torch.set_num_threads(self.settings.torch_threads)
        self.model = self._build(env)
        self.model.set_logger(_logger(log_directory))

    @abstractmethod
    def _build(self, env: VecEnv | gymnasium.Env[Any, Any]) -> BaseAlgorithm:
        """The algorithm, ready to learn."""

    @abstractmethod
    def _trained_parameters(self) -> dict[str, torch.Tensor]:
        """What the optimiser moves, in its order, by Stable-Baselines3's names."""

    def _prepare(self, total_timesteps: int) -> None:
        """Adapt to the length of the training."""

    @abstractmethod
    def _steps_per_update(self) -> int:
        """Steps in all environments between two updates of the policy."""

    @abstractmethod
    def _last_choice(self) -> LastChoice | None:
        """The model's newest choice."""

    @property
    def timesteps(self) -> int:
        """Steps learned from so far, in all environments together."""
        return self.model.num_timesteps

    @property
    def last_choice(self) -> LastChoice:
        """What was chosen in the newest step of all environments."""
        choice = self._last_choice()
        if choice is None:
            raise RuntimeError("nothing has been chosen yet: train first")
        return choice

    @property
    def env(self) -> VecEnv:
        """The environment that is learned in."""
        env = self.model.get_env()
        assert env is not None
        return env

    def train(self, total_timesteps: int, callbacks: Sequence[BaseCallback] = ()) -> None:
        """Learn until `total_timesteps` steps are done, those before a resumption included.

        Args:
            total_timesteps: In all environments together, rounded up to whole updates; schedules
                end there.
            callbacks: Stable-Baselines3 callbacks; one that returns False ends the training.
        """
        whole = self._steps_per_update()
        total_timesteps = -(-total_timesteps // whole) * whole
        remaining = total_timesteps - self.timesteps
        self._prepare(total_timesteps)
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
        statistics = live_through(self.env, self.predict, episodes)
        self.model._last_obs = None
        return statistics

    def bundle(self, evaluation: Summary | None = None) -> PolicyBundle:
        """The policy as it is now.

        Args:
            evaluation: Its figures on validation traffic, if known.
        """
        layout, state = self._layout(), self.model.policy.state_dict()
        manifest = make_manifest(
            self.algorithm, layout, self.settings, self.provenance, self.timesteps, evaluation
        )
        weights = {name: array_of(state[name]) for name in tensor_shapes(self.algorithm, layout)}
        return PolicyBundle(manifest, weights)

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
        settings = cast(S, settings_of(manifest, cls.settings_type, str(path)))
        agent = cls(env, settings, provenance_of(manifest))
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
        assert observation_space.shape is not None
        assert isinstance(action_space, gymnasium.spaces.Discrete)
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


def _check_spaces(env: VecEnv | gymnasium.Env[Any, Any]) -> None:
    observations, actions = env.observation_space, env.action_space
    flat = isinstance(observations, gymnasium.spaces.Box) and len(observations.shape) == 1
    if not (
        flat and observations.dtype == np.float32 and isinstance(actions, gymnasium.spaces.Discrete)
    ):
        raise InputError(
            "expected an environment with a flat float32 observation and discrete actions, "
            f"found {observations} and {actions}."
        )


def _logger(directory: Path | None) -> Logger:
    if directory is None:
        return Logger(folder=None, output_formats=[])
    directory.mkdir(parents=True, exist_ok=True)
    return Logger(str(directory), [TensorBoardOutputFormat(str(directory))])
