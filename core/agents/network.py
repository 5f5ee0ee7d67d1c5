"""The forward pass of a small network in NumPy, so that a policy acts without torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.agents.bundle import PolicyBundle
from core.agents.config import Algorithm

Array = NDArray[np.float32]


def _tanh(values: Array) -> Array:
    return np.tanh(values)


def _relu(values: Array) -> Array:
    return np.maximum(values, np.float32(0.0))


_ACTIVATIONS: Final[dict[str, Callable[[Array], Array]]] = {"tanh": _tanh, "relu": _relu}


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """What a network says about n observations."""

    scores: Array
    """Shape (n, actions): logits (PPO) or Q-values (DQN)."""
    values: Array | None
    """Shape (n,): the critic's estimate of the return, in scaled rewards; None without critic."""


class Network:
    """The network of a bundle: an actor and a critic (PPO), or a Q-network (DQN).

    Args:
        bundle: A checked bundle.
    """

    def __init__(self, bundle: PolicyBundle) -> None:
        layout = bundle.manifest.network
        self.activation = layout.activation
        """The function after each hidden layer: tanh or relu."""
        self._activation = _ACTIVATIONS[layout.activation]
        depth = len(layout.hidden)
        weights = bundle.weights

        def stack(prefix: str, head: str) -> list[tuple[Array, Array]]:
            names = [f"{prefix}.{2 * index}" for index in range(depth)] + [head]
            return [
                (np.ascontiguousarray(weights[f"{name}.weight"].T), weights[f"{name}.bias"])
                for name in names
            ]

        self._critic: list[tuple[Array, Array]] | None
        if bundle.manifest.algorithm is Algorithm.PPO:
            self._actor = stack("mlp_extractor.policy_net", "action_net")
            self._critic = stack("mlp_extractor.value_net", "value_net")
        else:
            self._actor = stack("q_net.q_net", f"q_net.q_net.{2 * depth}")
            self._critic = None

    @property
    def scoring_layers(self) -> tuple[tuple[Array, Array], ...]:
        """Weights of shape (inputs, outputs) and biases of the layers that score the actions."""
        return tuple(self._actor)

    def forward(self, observations: Array) -> NetworkOutput:
        """Evaluate the network.

        Args:
            observations: Shape (n, features).
        """
        values = self._run(self._critic, observations)[:, 0] if self._critic else None
        return NetworkOutput(self._run(self._actor, observations), values)

    def scores(self, observations: Array) -> Array:
        """Logits or Q-values alone, shape (n, actions)."""
        return self._run(self._actor, observations)

    def _run(self, layers: list[tuple[Array, Array]], inputs: Array) -> Array:
        hidden = inputs
        for weight, bias in layers[:-1]:
            hidden = self._activation(hidden @ weight + bias)
        weight, bias = layers[-1]
        return hidden @ weight + bias


def softmax(scores: Array, temperature: float = 1.0) -> NDArray[np.float64]:
    """Probabilities proportional to exp(score / temperature), shape (n, actions).

    Args:
        scores: Logits or Q-values, shape (n, actions).
        temperature: Above 0; larger is more even.
    """
    scaled = scores.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    scaled /= scaled.sum(axis=1, keepdims=True)
    return scaled
