"""Stable-Baselines3's DQN without the work that N clusters in one array program do not need.

The same algorithm and networks. Two things differ on purpose: each cluster explores on its own
(Stable-Baselines3 lets all of them explore in the same step or none), and all minibatches of an
update are drawn at once, since the target network does not move within an update.

One thing is added: in an environment that tells what lies ahead (`ForesightVecEnv`) a second
Q-network, which knows it, learns from the rewards, and teaches the one that acts what every action
is worth. The one that acts never knows what lies ahead, so that it learns the mean over all that
might.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import DQN
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.type_aliases import RolloutReturn, TrainFreq
from stable_baselines3.common.vec_env import VecEnv
from torch.nn import functional

from core.agents.acting import LastChoice
from core.agents.perceptron import perceptron
from core.agents.replay import Transitions, VectorReplay
from core.envs.foresight import FORESIGHT_WIDTH, ForesightVecEnv
from core.state import ValuesKind

_LOG_EVERY_STEPS = 100
"""Steps of all clusters between two rows of the log."""


class LeanDQN(DQN):
    """DQN for flat observations on the CPU, stepping all clusters once between updates.

    Keywords as in `stable_baselines3.DQN`; its own replay buffer stays empty.
    """

    reward_scale: float = 1.0
    """Factor on rewards before they are learned from."""
    reward_limit: float = float("inf")
    """Rewards are cut to ± this before they are scaled."""
    foreseeing: torch.nn.Sequential | None = None
    """The Q-network that is told what lies ahead; None where nothing is told."""
    last_choice: LastChoice | None = None
    """What the policy chose in the newest step of all clusters."""

    def use_replay(self, replay: VectorReplay, rng: np.random.Generator) -> None:
        """Set the memory to learn from, and the generator for exploration and sampling."""
        self.memory = replay
        self.rng = rng
        self._vector_steps = 0

    def foresee(self, hidden: Sequence[int]) -> None:
        """Let a network that is told what lies ahead teach the one that acts.

        Args:
            hidden: Units of its hidden layers.
        """
        inputs, outputs = self.q_net.features_dim + FORESIGHT_WIDTH, int(self.q_net.action_space.n)
        self.foreseeing = perceptron(inputs, hidden, outputs)
        self.foreseeing_target = copy.deepcopy(self.foreseeing)
        self.policy.optimizer.add_param_group({"params": list(self.foreseeing.parameters())})

    def _on_step(self) -> None:
        super()._on_step()
        due = max(self.target_update_interval // self.n_envs, 1)
        if self.foreseeing is not None and self._n_calls % due == 0:
            self.foreseeing_target.load_state_dict(self.foreseeing.state_dict())

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        train_freq: TrainFreq,
        replay_buffer: ReplayBuffer,
        action_noise: ActionNoise | None = None,
        learning_starts: int = 0,
        log_interval: int | None = None,
    ) -> RolloutReturn:
        """Step all clusters once and remember it; see `stable_baselines3`."""
        assert isinstance(self._last_obs, np.ndarray)
        self.policy.set_training_mode(False)
        callback.on_rollout_start()
        observations: NDArray[np.float32] = self._last_obs
        actions = self._explore(observations, learning_starts)
        seen = self._with_foresight(observations)
        new_observations, rewards, dones, infos = env.step(actions)
        assert isinstance(new_observations, np.ndarray)
        self.num_timesteps += env.num_envs
        callback.update_locals(locals())
        if not callback.on_step():
            return RolloutReturn(env.num_envs, 0, continue_training=False)
        next_observations, terminal = new_observations, dones
        if dones.any():
            self._update_info_buffer(infos, dones)
            next_observations, terminal = _before_restart(new_observations, dones, infos)
        limit = np.float32(self.reward_limit)
        scaled = np.clip(rewards, -limit, limit) * np.float32(self.reward_scale)
        following = self._with_foresight(next_observations, dones, infos)
        self.memory.add(seen, following, actions, scaled, dones, terminal)
        self._last_obs = new_observations
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        self._on_step()
        self._episode_num += int(dones.sum())
        self._vector_steps += 1
        if self._vector_steps % _LOG_EVERY_STEPS == 0:
            self.dump_logs()
        callback.on_rollout_end()
        return RolloutReturn(env.num_envs, int(dones.sum()), continue_training=True)

    def _with_foresight(
        self,
        observations: NDArray[np.float32],
        dones: NDArray[np.bool_] | None = None,
        infos: Sequence[dict[str, Any]] = (),
    ) -> NDArray[np.float32]:
        """Observations with what lies ahead of them beside them, as the memory keeps them.

        Args:
            observations: Shape (n, features), the newest.
            dones: Where they are the last ones of an episode and another has begun since.
            infos: What the environment said of that.
        """
        if self.foreseeing is None:
            return observations
        assert isinstance(self.env, ForesightVecEnv)
        ahead = self.env.foresight()
        if dones is not None and dones.any():
            ahead = ahead.copy()
            for index in np.flatnonzero(dones).tolist():
                ahead[index] = infos[index]["terminal_foresight"]
        return np.concatenate([observations, ahead], axis=1)

    def _explore(
        self, observations: NDArray[np.float32], learning_starts: int
    ) -> NDArray[np.int64]:
        """Greedy actions, replaced by random ones with the probability of exploration."""
        with torch.inference_mode():
            q_values = self.q_net.q_net(torch.from_numpy(observations)).numpy()
        count, choices = q_values.shape
        actions: NDArray[np.int64] = q_values.argmax(axis=1)
        exploration = 1.0 if self.num_timesteps < learning_starts else self.exploration_rate
        random = self.rng.random(count) < exploration
        actions[random] = self.rng.integers(choices, size=int(random.sum()))
        self.last_choice = LastChoice(actions, q_values, ValuesKind.Q_VALUES, None)
        return actions

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Update the Q-network; see `stable_baselines3`.

        After a resumption the memory is empty, and learning waits until it is filled again.
        """
        if self.memory.transitions < self.learning_starts:
            return
        policy, optimizer = self.policy, self.policy.optimizer
        policy.set_training_mode(True)
        self._update_learning_rate(optimizer)
        sample = self.memory.sample(gradient_steps * batch_size, self.rng)
        targets = self._targets(sample)
        parameters = [one for group in optimizer.param_groups for one in group["params"]]
        losses = torch.zeros(())
        for inputs, actions, wanted in zip(
            torch.split(sample.observations, batch_size),
            torch.split(sample.actions, batch_size),
            torch.split(targets, batch_size),
            strict=True,
        ):
            loss = self._loss(inputs, actions, wanted)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(parameters, self.max_grad_norm)
            optimizer.step()
            losses += loss.detach()
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record_mean("train/loss", float(losses) / gradient_steps)

    def _targets(self, sample: Transitions) -> torch.Tensor:
        """What the actions taken turned out to be worth, shape (batch,)."""
        following = sample.next_observations
        with torch.no_grad():
            if self.foreseeing is None:
                worth = self.q_net_target.q_net(following).amax(dim=1)
            else:
                # Who acts next does not know what lies ahead; only its worth is told with it.
                features = following.shape[1] - FORESIGHT_WIDTH
                best = self.q_net.q_net(following[:, :features]).argmax(dim=1, keepdim=True)
                worth = self.foreseeing_target(following).gather(1, best).flatten()
            wanted: torch.Tensor = sample.returns + sample.discounts * worth
            return wanted

    def _loss(
        self, inputs: torch.Tensor, actions: torch.Tensor, wanted: torch.Tensor
    ) -> torch.Tensor:
        """The loss of one minibatch."""
        if self.foreseeing is None:
            current = self.q_net.q_net(inputs).gather(1, actions[:, None]).flatten()
            return functional.smooth_l1_loss(current, wanted)
        told = self.foreseeing(inputs)
        loss = functional.smooth_l1_loss(told.gather(1, actions[:, None]).flatten(), wanted)
        untold = self.q_net.q_net(inputs[:, : inputs.shape[1] - FORESIGHT_WIDTH])
        total: torch.Tensor = loss + functional.mse_loss(untold, told.detach())
        return total


def _before_restart(
    observations: NDArray[np.float32],
    dones: NDArray[np.bool_],
    infos: list[dict[str, Any]],
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Observations before new episodes began, and which episodes truly ended."""
    last, terminal = observations.copy(), dones.copy()
    for index in np.flatnonzero(dones):
        if infos[index].get("terminal_observation") is not None:
            last[index] = infos[index]["terminal_observation"]
        terminal[index] = not infos[index].get("TimeLimit.truncated", False)
    return last, terminal
