"""Stable-Baselines3's PPO without the work that N clusters in one array program do not need.

The same algorithm, the same networks, the same random numbers: with the same seed it gives the
same weights as `stable_baselines3.PPO`, to rounding. What is left out is overhead: distribution
objects, a Python loop over every cluster at every step, and one copy per minibatch and tensor.

One thing is added: in an environment that tells what lies ahead (`ForesightVecEnv`) advantages come
from a second critic, which knows it. The policy and its own critic never do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.policies import ActorCriticPolicy
from stable_baselines3.common.utils import explained_variance
from stable_baselines3.common.vec_env import VecEnv
from torch.nn import functional

from core.agents.acting import LastChoice
from core.agents.gradients import Chain, Gradients
from core.agents.perceptron import perceptron
from core.envs.foresight import FORESIGHT_WIDTH, ForesightVecEnv
from core.state import ValuesKind


class LeanPPO(PPO):
    """PPO for discrete actions and flat observations on the CPU.

    Args and keywords as in `stable_baselines3.PPO`.
    """

    policy: ActorCriticPolicy
    reward_scale: float = 1.0
    """Factor on rewards before they are learned from."""
    reward_limit: float = float("inf")
    """Rewards are cut to ± this before they are scaled."""
    last_choice: LastChoice | None = None
    """What the policy chose in the newest step of all clusters."""
    foreseeing: torch.nn.Sequential | None = None
    """The critic that is told what lies ahead; None where nothing is told."""

    def foresee(self, hidden: Sequence[int]) -> None:
        """Let a critic that is told what lies ahead say what an action was worth.

        Args:
            hidden: Units of its hidden layers.
        """
        features = self.observation_space.shape
        assert features is not None
        self.foreseeing = perceptron(features[0] + FORESIGHT_WIDTH, hidden, 1)
        self.policy.optimizer.add_param_group({"params": list(self.foreseeing.parameters())})
        self._ahead = np.zeros((self.n_steps, self.n_envs, FORESIGHT_WIDTH), dtype=np.float32)

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """Fill the buffer; see `stable_baselines3`. False if a callback ended the training."""
        assert self._last_obs is not None
        assert isinstance(self._last_obs, np.ndarray)
        self.policy.set_training_mode(False)
        rollout_buffer.reset()
        callback.on_rollout_start()
        observations: NDArray[np.float32] = self._last_obs
        dones = self._last_episode_starts
        actor, critic = self._chains()
        for step in range(n_rollout_steps):
            actions, values, log_probs = self._choose(actor, critic, observations)
            if self.foreseeing is not None:
                self._ahead[step] = self._foresight()
                values = self._values(observations, self._ahead[step])
            new_observations, rewards, dones, infos = env.step(actions)
            self.num_timesteps += env.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                # What will not be learned from does not count, so that a resumption is exact.
                self.num_timesteps -= (step + 1) * env.num_envs
                return False
            limit = np.float32(self.reward_limit)
            rewards = np.clip(rewards, -limit, limit) * np.float32(self.reward_scale)
            if dones.any():
                self._update_info_buffer(infos, dones)
                self._bootstrap_truncated(rewards, dones, infos)
            rollout_buffer.observations[step] = observations
            rollout_buffer.actions[step, :, 0] = actions
            rollout_buffer.rewards[step] = rewards
            rollout_buffer.episode_starts[step] = self._last_episode_starts
            rollout_buffer.values[step] = values
            rollout_buffer.log_probs[step] = log_probs
            self._last_obs = observations = new_observations  # type: ignore[assignment]
            self._last_episode_starts = dones
        rollout_buffer.pos, rollout_buffer.full = n_rollout_steps, True
        last_values = torch.from_numpy(self._values(observations, self._foresight()))
        rollout_buffer.compute_returns_and_advantage(last_values, dones)  # type: ignore[arg-type]
        callback.update_locals(locals())
        callback.on_rollout_end()
        return True

    def _chains(self) -> tuple[Chain, Chain]:
        """The layers of actor and critic."""
        policy = self.policy
        return (
            Chain([*policy.mlp_extractor.policy_net, policy.action_net]),
            Chain([*policy.mlp_extractor.value_net, policy.value_net]),
        )

    def _choose(
        self, actor: Chain, critic: Chain, observations: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32]]:
        """Sampled actions, values and log-probabilities, shape (n,) each."""
        with torch.inference_mode():
            inputs = torch.from_numpy(observations)
            log_all = functional.log_softmax(actor.forward(inputs), dim=1)
            probabilities = log_all.exp()
            actions = torch.multinomial(probabilities, 1, replacement=True)
            log_probs = log_all.gather(1, actions)
            values = critic.forward(inputs)
        chosen = actions.flatten().numpy()
        flat_values = values.flatten().numpy()
        self.last_choice = LastChoice(
            chosen, probabilities.numpy(), ValuesKind.PROBABILITIES, flat_values
        )
        return chosen, flat_values, log_probs.flatten().numpy()

    def _foresight(self) -> NDArray[np.float32] | None:
        """What lies ahead of the newest observations; None where nothing is told."""
        if self.foreseeing is None:
            return None
        assert isinstance(self.env, ForesightVecEnv)
        return self.env.foresight()

    def _values(
        self, observations: NDArray[np.float32], ahead: NDArray[np.float32] | None
    ) -> NDArray[np.float32]:
        """Values that advantages are measured against, shape (n,)."""
        with torch.inference_mode():
            if self.foreseeing is None or ahead is None:
                values = self.policy.predict_values(torch.from_numpy(observations))
            else:
                values = self.foreseeing(torch.from_numpy(np.hstack([observations, ahead])))
        flat: NDArray[np.float32] = values.flatten().numpy()
        return flat

    def _bootstrap_truncated(
        self,
        rewards: NDArray[np.float32],
        dones: NDArray[np.bool_],
        infos: list[dict[str, Any]],
    ) -> None:
        """Add the value of the state in which a time limit cut an episode off."""
        cut = [
            index
            for index in np.flatnonzero(dones)
            if infos[index].get("TimeLimit.truncated", False)
            and infos[index].get("terminal_observation") is not None
        ]
        if cut:
            last = np.array(
                [infos[index]["terminal_observation"] for index in cut], dtype=np.float32
            )
            ahead = None
            if self.foreseeing is not None:
                ahead = np.stack([infos[index]["terminal_foresight"] for index in cut])
            rewards[cut] += self.gamma * self._values(last, ahead)

    def train(self) -> None:
        """Update the policy from the rollout; see `stable_baselines3`."""
        policy, optimizer, buffer = self.policy, self.policy.optimizer, self.rollout_buffer
        policy.set_training_mode(True)
        self._update_learning_rate(optimizer)
        assert callable(self.clip_range)
        clip_range = self.clip_range(self._current_progress_remaining)
        actor, critic = self._chains()
        inputs = buffer.observations
        if self.foreseeing is not None:
            critic = Chain(self.foreseeing)
            inputs = np.concatenate([inputs, self._ahead], axis=2)
        gradients = Gradients([*actor.parameters, *critic.parameters])
        total = buffer.buffer_size * buffer.n_envs
        columns = [
            _flat(array)
            for array in (
                inputs,
                buffer.actions[:, :, 0],
                buffer.log_probs,
                buffer.advantages,
                buffer.returns,
            )
        ]
        sums = torch.zeros(5)
        batches = 0
        for _ in range(self.n_epochs):
            order = torch.from_numpy(np.random.permutation(total))
            shuffled = [one.index_select(0, order) for one in columns]
            for batch in zip(*(torch.split(one, self.batch_size) for one in shuffled), strict=True):
                sums += self._differentiate(actor, critic, *batch, clip_range=clip_range)
                gradients.clip(self.max_grad_norm)
                optimizer.step()
                batches += 1
            self._n_updates += 1
        if self.foreseeing is not None:
            gradients.forget()
            self._teach_own_critic(columns[0][:, : actor.inputs], columns[-1])
        self._record(sums / batches, clip_range)

    @torch.no_grad()
    def _teach_own_critic(self, observations: torch.Tensor, returns: torch.Tensor) -> None:
        """One pass for the policy's own critic: it is only shown, nothing is learned from it."""
        _, critic = self._chains()
        gradients = Gradients(critic.parameters)
        order = torch.from_numpy(np.random.permutation(len(returns)))
        for rows in torch.split(order, self.batch_size):
            errors = critic.forward(observations[rows]).flatten() - returns[rows]
            critic.backward((errors * (2.0 * self.vf_coef / len(rows)))[:, None])
            gradients.clip(self.max_grad_norm)
            self.policy.optimizer.step()
        gradients.forget()

    @torch.no_grad()
    def _differentiate(
        self,
        actor: Chain,
        critic: Chain,
        observations: torch.Tensor,
        actions: torch.Tensor,
        old_log_probs: torch.Tensor,
        advantages: torch.Tensor,
        returns: torch.Tensor,
        *,
        clip_range: float,
    ) -> torch.Tensor:
        """Write the gradients of the loss of one minibatch; returns its five figures for the log.

        The loss is that of `stable_baselines3`: the clipped objective, the entropy and the squared
        error of the values, each averaged over the minibatch. What lies ahead stands behind the
        observations, for the critic alone.
        """
        count = len(actions)
        chosen = actions[:, None]
        log_all = functional.log_softmax(actor.forward(observations[:, : actor.inputs]), dim=1)
        errors = critic.forward(observations).flatten() - returns
        if self.normalize_advantage and count > 1:
            advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        log_ratio = log_all.gather(1, chosen).flatten() - old_log_probs
        ratio = log_ratio.exp()
        gain = advantages * ratio
        limited = advantages * ratio.clamp(1.0 - clip_range, 1.0 + clip_range)
        # By the log-probability of the chosen action; none where the clipped objective is less.
        slope = (gain * (gain <= limited) / -count)[:, None]
        probabilities = log_all.exp()
        disorder = torch.linalg.vecdot(probabilities, log_all)
        by_score = (log_all - disorder[:, None]) * (self.ent_coef / count)
        by_score -= slope
        by_score *= probabilities
        by_score.scatter_add_(1, chosen, slope)
        actor.backward(by_score)
        critic.backward((errors * (2.0 * self.vf_coef / count))[:, None])
        moved = ratio - 1.0
        return torch.stack(
            (
                -torch.minimum(gain, limited).mean(),
                errors.square().mean(),
                -disorder.mean(),
                (moved - log_ratio).mean(),
                (moved.abs() > clip_range).float().mean(),
            )
        )

    def _record(self, figures: torch.Tensor, clip_range: float) -> None:
        policy_loss, value_loss, entropy, divergence, clipped = figures.tolist()
        buffer = self.rollout_buffer
        record = self.logger.record
        record("train/policy_gradient_loss", policy_loss)
        record("train/value_loss", value_loss)
        record("train/entropy", entropy)
        record("train/approx_kl", divergence)
        record("train/clip_fraction", clipped)
        record(
            "train/explained_variance",
            explained_variance(buffer.values.flatten(), buffer.returns.flatten()),
        )
        record("train/clip_range", clip_range)
        record("train/n_updates", self._n_updates, exclude="tensorboard")


def _flat(array: NDArray[np.generic]) -> torch.Tensor:
    """(steps, n, …) as one row per transition, in Stable-Baselines3's order."""
    swapped = np.ascontiguousarray(array.swapaxes(0, 1))
    return torch.from_numpy(swapped.reshape(-1, *array.shape[2:]))
