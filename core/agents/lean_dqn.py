"""Stable-Baselines3's DQN without the work that N clusters in one array program do not need.

The same algorithm and networks. Two things differ on purpose: each cluster explores on its own
(Stable-Baselines3 lets all of them explore in the same step or none), and all minibatches of an
update are drawn at once, since the target network does not move within an update.
"""

from __future__ import annotations

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
from core.agents.replay import VectorReplay
from core.state import ValuesKind

_LOG_EVERY_STEPS = 100
"""Steps of all clusters between two rows of the log."""


class LeanDQN(DQN):
    """DQN for flat observations on the CPU, stepping all clusters once between updates.

    Keywords as in `stable_baselines3.DQN`; its own replay buffer stays empty.
    """

    reward_scale: float = 1.0
    """Factor on rewards before they are learned from."""
    last_choice: LastChoice | None = None
    """What the policy chose in the newest step of all clusters."""

    def use_replay(self, replay: VectorReplay, rng: np.random.Generator) -> None:
        """Set the memory to learn from, and the generator for exploration and sampling."""
        self.memory = replay
        self.rng = rng
        self._vector_steps = 0

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
        scaled = rewards * np.float32(self.reward_scale)
        self.memory.add(observations, next_observations, actions, scaled, dones, terminal)
        self._last_obs = new_observations
        self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
        self._on_step()
        self._episode_num += int(dones.sum())
        self._vector_steps += 1
        if self._vector_steps % _LOG_EVERY_STEPS == 0:
            self.dump_logs()
        callback.on_rollout_end()
        return RolloutReturn(env.num_envs, int(dones.sum()), continue_training=True)

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
        with torch.no_grad():
            best_next = self.q_net_target.q_net(sample.next_observations).amax(dim=1)
            targets = sample.returns + sample.discounts * best_next
        parameters = list(self.q_net.parameters())
        losses = torch.zeros(())
        for inputs, actions, wanted in zip(
            torch.split(sample.observations, batch_size),
            torch.split(sample.actions, batch_size),
            torch.split(targets, batch_size),
            strict=True,
        ):
            current = self.q_net.q_net(inputs).gather(1, actions[:, None]).flatten()
            loss = functional.smooth_l1_loss(current, wanted)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(parameters, self.max_grad_norm)
            optimizer.step()
            losses += loss.detach()
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record_mean("train/loss", float(losses) / gradient_steps)


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
