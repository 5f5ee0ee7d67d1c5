"""The agent that learns with proximal policy optimisation."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import gymnasium
import torch
from stable_baselines3.common.utils import LinearSchedule
from stable_baselines3.common.vec_env import VecEnv

from core.agents.acting import LastChoice
from core.agents.agent import Agent
from core.agents.bundle import Tensors, check_tensors
from core.agents.config import Algorithm
from core.agents.lean_ppo import LeanPPO
from core.agents.settings import AgentSettings, PpoSettings
from core.agents.torch_state import array_of
from core.envs.foresight import ForesightVecEnv

_FORESEEING: Final = "foreseeing."
ACTIVATIONS = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


class PPOAgent(Agent[PpoSettings]):
    """PPO with an actor and a critic of the same shape; see `Agent`."""

    algorithm: ClassVar[Algorithm] = Algorithm.PPO
    settings_type: ClassVar[type[AgentSettings]] = PpoSettings
    model: LeanPPO

    def _build(self, env: VecEnv | gymnasium.Env[Any, Any]) -> LeanPPO:
        settings = self.settings
        model = LeanPPO(
            "MlpPolicy",
            env,
            learning_rate=LinearSchedule(settings.learning_rate, 0.0, 1.0),
            n_steps=settings.rollout_steps,
            batch_size=settings.batch_size,
            n_epochs=settings.epochs,
            gamma=settings.gamma,
            gae_lambda=settings.gae_lambda,
            clip_range=settings.clip_range,
            ent_coef=settings.entropy,
            vf_coef=settings.value_weight,
            max_grad_norm=settings.max_gradient_norm,
            policy_kwargs={
                "net_arch": {"pi": list(settings.hidden), "vf": list(settings.hidden)},
                "activation_fn": ACTIVATIONS[settings.activation],
                "optimizer_kwargs": {"eps": 1e-5, "fused": True},
            },
            seed=self.provenance.seed,
            device="cpu",
        )
        model.reward_scale = settings.reward_scale
        model.reward_limit = settings.reward_limit
        if isinstance(model.env, ForesightVecEnv):
            model.foresee(settings.foreseeing_hidden)
        return model

    def _steps_per_update(self) -> int:
        return self.model.n_steps * self.model.n_envs

    def _last_choice(self) -> LastChoice | None:
        return self.model.last_choice

    def _trained_parameters(self) -> dict[str, torch.Tensor]:
        return dict(self.model.policy.named_parameters()) | self._foreseeing()

    def _foreseeing(self) -> dict[str, torch.Tensor]:
        """Parameters of the critic that is told what lies ahead; it is not part of the policy."""
        if self.model.foreseeing is None:
            return {}
        return {
            f"{_FORESEEING}{name}": one for name, one in self.model.foreseeing.named_parameters()
        }

    def _optimizer_tensors(self) -> Tensors:
        """The moments, and the critic that is no part of the bundle."""
        return super()._optimizer_tensors() | {
            name: array_of(one) for name, one in self._foreseeing().items()
        }

    def _set_optimizer_tensors(self, tensors: Tensors, source: str) -> None:
        critic = self._foreseeing()
        moments = {name: one for name, one in tensors.items() if name not in critic}
        super()._set_optimizer_tensors(moments, source)
        own = {name: one for name, one in tensors.items() if name in critic}
        check_tensors(own, {name: tuple(one.shape) for name, one in critic.items()}, source)
        with torch.no_grad():
            for name, one in critic.items():
                one.copy_(torch.from_numpy(own[name]))
