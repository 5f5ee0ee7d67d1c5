"""A replay memory for n clusters that are stepped together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Transitions:
    """A batch to learn from; n-step returns are already summed."""

    observations: torch.Tensor
    """Shape (batch, features)."""
    actions: torch.Tensor
    """Shape (batch,), int64."""
    returns: torch.Tensor
    """Shape (batch,): discounted rewards of up to n steps."""
    next_observations: torch.Tensor
    """Shape (batch, features): where those steps led."""
    discounts: torch.Tensor
    """Shape (batch,): factor on the value of the next observation; 0 where an episode ended."""


class VectorReplay:
    """The newest transitions of n clusters, in arrays of shape (rows, n, …).

    A sample's return sums the rewards of up to `return_steps` rows and stops early at the end of
    an episode or at the newest row. An episode that a time limit cut off is bootstrapped from its
    last observation, one that truly ended is not. The same as `NStepReplayBuffer` of
    Stable-Baselines3, without a Python loop over the clusters.

    Args:
        rows: Steps of all clusters that are remembered.
        size: Number of clusters.
        features: Length of an observation.
        return_steps: The n of n-step returns.
        gamma: Discount per step.
    """

    def __init__(
        self, rows: int, size: int, features: int, return_steps: int, gamma: float
    ) -> None:
        self._rows = rows
        self._size = size
        self._return_steps = return_steps
        self._gamma = np.float32(gamma)
        self._observations = np.zeros((rows, size, features), dtype=np.float32)
        self._next_observations = np.zeros((rows, size, features), dtype=np.float32)
        self._actions = np.zeros((rows, size), dtype=np.int64)
        self._rewards = np.zeros((rows, size), dtype=np.float32)
        self._ended = np.zeros((rows, size), dtype=np.bool_)
        self._terminal = np.zeros((rows, size), dtype=np.bool_)
        self._position = 0
        self._filled = 0

    @property
    def transitions(self) -> int:
        """How many are remembered."""
        return self._filled * self._size

    def add(
        self,
        observations: NDArray[np.float32],
        next_observations: NDArray[np.float32],
        actions: NDArray[np.int64],
        rewards: NDArray[np.float32],
        ended: NDArray[np.bool_],
        terminal: NDArray[np.bool_],
    ) -> None:
        """Remember one step of every cluster.

        Args:
            observations: Shape (n, features), before the step.
            next_observations: Shape (n, features), after it and before any new episode.
            actions: Shape (n,).
            rewards: Shape (n,).
            ended: Shape (n,): the episode ended with this step, for whatever reason.
            terminal: Shape (n,): it truly ended, and nothing of worth comes after.
        """
        row = self._position
        self._observations[row] = observations
        self._next_observations[row] = next_observations
        self._actions[row] = actions
        self._rewards[row] = rewards
        self._ended[row] = ended
        self._terminal[row] = terminal
        self._position = (row + 1) % self._rows
        self._filled = min(self._filled + 1, self._rows)

    def sample(self, count: int, rng: np.random.Generator) -> Transitions:
        """Draw transitions uniformly, with replacement."""
        drawn = rng.integers(self._filled * self._size, size=count)
        return self.gather(*np.divmod(drawn, self._size))

    def gather(self, rows: NDArray[np.int64], slots: NDArray[np.int64]) -> Transitions:
        """The transitions of given rows and clusters, shape (batch,) each."""
        newest = (self._position - 1) % self._rows
        first = rows * self._size + slots
        returns = self._rewards.ravel()[first]
        ended, rewards = self._ended.ravel(), self._rewards.ravel()
        last_rows, last = rows, first
        discounts = np.full(len(rows), self._gamma, dtype=np.float32)
        goes_on = ~ended[first] & (rows != newest)
        for _ in range(1, self._return_steps):
            last_rows = np.where(goes_on, (last_rows + 1) % self._rows, last_rows)
            last = last_rows * self._size + slots
            returns += np.where(goes_on, discounts * rewards[last], np.float32(0.0))
            discounts[goes_on] *= self._gamma
            goes_on &= ~ended[last] & (last_rows != newest)
        discounts[self._terminal.ravel()[last]] = 0.0
        features = self._observations.shape[2]
        return Transitions(
            observations=_take(self._observations.reshape(-1, features), first),
            actions=_take(self._actions.ravel(), first),
            returns=torch.from_numpy(returns),
            next_observations=_take(self._next_observations.reshape(-1, features), last),
            discounts=torch.from_numpy(discounts),
        )


def _take(array: NDArray[np.generic], indices: NDArray[np.int64]) -> torch.Tensor:
    """Rows of an array, as a tensor of their own."""
    return torch.from_numpy(array.take(indices, axis=0))
