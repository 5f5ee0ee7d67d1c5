"""The agent that learns with deep Q-learning."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import gymnasium
import numpy as np
import torch
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv

from core.agents.acting import LastChoice
from core.agents.agent import Agent
from core.agents.bundle import Tensors, check_tensors
from core.agents.checkpoint import Pcg64Generator, RandomStates
from core.agents.config import Algorithm
from core.agents.lean_dqn import LeanDQN
from core.agents.ppo import ACTIVATIONS
from core.agents.replay import VectorReplay
from core.agents.settings import AgentSettings, DqnSettings
from core.envs.foresight import FORESIGHT_WIDTH, ForesightVecEnv

_TARGET: Final = "q_net_target."
_ONLINE: Final = "q_net."


class DQNAgent(Agent[DqnSettings]):
    """DQN with n-step returns; see `Agent`."""

    algorithm: ClassVar[Algorithm] = Algorithm.DQN
    settings_type: ClassVar[type[AgentSettings]] = DqnSettings
    model: LeanDQN

    def _build(self, env: VecEnv | gymnasium.Env[Any, Any]) -> LeanDQN:
        settings = self.settings
        model = LeanDQN(
            "MlpPolicy",
            env,
            learning_rate=LinearSchedule(settings.learning_rate, 0.0, 1.0),
            buffer_size=1,
            learning_starts=settings.learning_starts,
            batch_size=settings.batch_size,
            gamma=settings.gamma,
            train_freq=1,
            gradient_steps=settings.gradient_steps,
            target_update_interval=settings.target_update_interval,
            exploration_fraction=settings.exploration_fraction,
            exploration_initial_eps=settings.exploration_first,
            exploration_final_eps=settings.exploration_last,
            max_grad_norm=settings.max_gradient_norm,
            policy_kwargs={
                "net_arch": list(settings.hidden),
                "activation_fn": ACTIVATIONS[settings.activation],
                "optimizer_kwargs": {"fused": True},
            },
            seed=self.provenance.seed,
            device="cpu",
        )
        model.reward_scale = settings.reward_scale
        model.reward_limit = settings.reward_limit
        shape = model.observation_space.shape
        assert shape is not None
        told = 0
        if isinstance(model.env, ForesightVecEnv):
            model.foresee(settings.foreseeing_hidden)
            told = FORESIGHT_WIDTH
        replay = VectorReplay(
            rows=max(1, settings.buffer_size // model.n_envs),
            size=model.n_envs,
            features=shape[0] + told,
            return_steps=settings.return_steps,
            gamma=settings.gamma,
        )
        model.use_replay(replay, np.random.default_rng(self.provenance.seed))
        return model

    def _prepare(self, total_timesteps: int) -> None:
        # A short training would otherwise end before it has begun to learn.
        wanted = self.settings.learning_starts
        self.model.learning_starts = min(wanted, total_timesteps // 10)

    def _steps_per_update(self) -> int:
        return self.model.n_envs

    def _last_choice(self) -> LastChoice | None:
        return self.model.last_choice

    def _trained_parameters(self) -> dict[str, torch.Tensor]:
        return {f"{_ONLINE}{name}": one for name, one in self.model.q_net.named_parameters()}

    def _put(self, weights: Tensors) -> None:
        """Set the network, and the target network to the same."""
        super()._put(weights)
        super()._put({_target_name(name): array for name, array in weights.items()})

    def _optimizer_tensors(self) -> Tensors:
        """The moments, and the target network, which lags behind the one that acts."""
        state = self.model.policy.state_dict()
        target = {name: one.numpy().copy() for name, one in state.items() if _is_target(name)}
        return super()._optimizer_tensors() | target

    def _set_optimizer_tensors(self, tensors: Tensors, source: str) -> None:
        moments = {name: one for name, one in tensors.items() if not _is_target(name)}
        super()._set_optimizer_tensors(moments, source)
        self._set_target({name: one for name, one in tensors.items() if _is_target(name)}, source)

    def _set_target(self, tensors: Tensors, source: str) -> None:
        shapes = {_target_name(name): shape for name, shape in self._shapes().items()}
        check_tensors(tensors, shapes, source)
        super()._put(tensors)

    def _random_states(self) -> RandomStates:
        content = self.model.rng.bit_generator.state
        own = Pcg64Generator(
            state=content["state"]["state"],
            increment=content["state"]["inc"],
            has_uint32=content["has_uint32"],
            uinteger=content["uinteger"],
        )
        return super()._random_states().model_copy(update={"own": own})

    def _set_random_states(self, states: RandomStates, source: str) -> None:
        super()._set_random_states(states, source)
        if states.own is not None:
            self.model.rng.bit_generator.state = {
                "bit_generator": "PCG64",
                "state": {"state": states.own.state, "inc": states.own.increment},
                "has_uint32": states.own.has_uint32,
                "uinteger": states.own.uinteger,
            }


def _is_target(name: str) -> bool:
    return name.startswith(_TARGET)


def _target_name(name: str) -> str:
    return _TARGET + name.removeprefix(_ONLINE)
