"""How much each feature of an observation contributed to preferring one action to another.

Integrated gradients (Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks", 2017):
the gradient of what is explained, integrated along the straight line from a baseline observation
to the observation, times the distance. The contributions add up to the difference between the
two ends ("completeness"). The network is small enough to do this exactly rather than by a sum over
equal steps: a ReLU network is linear between the points of the line at which a unit switches, and
those are found; between them, and for tanh, Gauss-Legendre quadrature integrates what is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from core.agents.network import Network

Floats = NDArray[np.float64]

_NODES: Final = 8
"""Of the quadrature in each piece of the line."""
_PIECES: Final = 64
"""Equal pieces of the line, which switching points divide further."""


class Head(Protocol):
    """A number made of an action's scores."""

    @property
    def is_linear(self) -> bool:
        """Whether its gradient is the same everywhere."""

    def __call__(self, scores: Floats) -> tuple[Floats, Floats]:
        """The number for n observations, shape (n,), and its gradient, shape (n, actions).

        Args:
            scores: Shape (n, actions).
        """


@dataclass(frozen=True, slots=True)
class Preference:
    """The score of one action minus that of another."""

    chosen: int
    rival: int
    unit: float = 1.0
    """What a score of 1 stands for."""

    @property
    def is_linear(self) -> bool:
        """See `Head`."""
        return True

    def __call__(self, scores: Floats) -> tuple[Floats, Floats]:
        """See `Head`."""
        gradient = np.zeros(scores.shape)
        gradient[:, self.chosen] += self.unit
        gradient[:, self.rival] -= self.unit
        return self.unit * (scores[:, self.chosen] - scores[:, self.rival]), gradient


@dataclass(frozen=True, slots=True)
class MeanTarget:
    """The logarithm of the mean target: what decides under mean-target inference.

    The targets of the actions are held fixed, so that only the weighing is explained.
    """

    targets: tuple[int, ...]
    """Replicas that each action asks for."""
    temperature: float = 1.0

    @property
    def is_linear(self) -> bool:
        """See `Head`."""
        return False

    def __call__(self, scores: Floats) -> tuple[Floats, Floats]:
        """See `Head`."""
        logs = np.log(np.maximum(np.array(self.targets, dtype=np.float64), 1.0))
        scaled = scores / self.temperature
        weights = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        mean: Floats = weights @ logs
        return mean, weights * (logs - mean[:, None]) / self.temperature


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """What each feature contributed, compared with a baseline."""

    contributions: Floats
    """Shape (features,)."""
    here: float
    """What is explained, at the observation."""
    there: float
    """The same at the baseline."""

    @property
    def difference(self) -> float:
        """What the contributions must add up to."""
        return self.here - self.there

    @property
    def error(self) -> float:
        """By how much they miss it."""
        return float(self.contributions.sum()) - self.difference


def attribute(
    network: Network, head: Head, observation: Sequence[float], baseline: Floats
) -> Attribution:
    """Contributions of the features to what `head` makes of the scores.

    Args:
        network: Scores the actions.
        head: What is explained.
        observation: Shape (features,).
        baseline: What it is compared with, shape (features,).
    """
    layers = [
        (weight.astype(np.float64), bias.astype(np.float64))
        for weight, bias in network.scoring_layers
    ]
    is_relu = network.activation == "relu"
    start = np.asarray(baseline, dtype=np.float64)
    way = np.asarray(observation, dtype=np.float64) - start
    # Between two switches the gradient is constant: one node is exact.
    constant = is_relu and head.is_linear
    edges = np.linspace(0.0, 1.0, 2 if constant else _PIECES + 1)
    if is_relu:
        edges = np.union1d(edges, _switching_points(layers, start, way))
    nodes, weights = np.polynomial.legendre.leggauss(1 if constant else _NODES)
    lengths = np.diff(edges)
    places = (edges[:-1, None] + lengths[:, None] * (nodes + 1.0) / 2.0).ravel()
    shares = (lengths[:, None] * weights / 2.0).ravel()
    _, slopes = _value_and_gradient(layers, is_relu, head, start + places[:, None] * way)
    ends, _ = _value_and_gradient(layers, is_relu, head, np.stack([start + way, start]))
    return Attribution(way * (shares @ slopes), float(ends[0]), float(ends[1]))


def _value_and_gradient(
    layers: list[tuple[Floats, Floats]], is_relu: bool, head: Head, inputs: Floats
) -> tuple[Floats, Floats]:
    """What `head` makes of n inputs, and its gradient with respect to them, shape (n, features)."""
    slopes: list[Floats] = []
    hidden = inputs
    for weight, bias in layers[:-1]:
        before = hidden @ weight + bias
        if is_relu:
            hidden, slope = np.maximum(before, 0.0), (before > 0.0).astype(np.float64)
        else:
            hidden = np.tanh(before)
            slope = 1.0 - hidden * hidden
        slopes.append(slope)
    weight, bias = layers[-1]
    values, gradient = head(hidden @ weight + bias)
    gradient = gradient @ weight.T
    for (weight, _), slope in zip(layers[-2::-1], reversed(slopes), strict=True):
        gradient = (gradient * slope) @ weight.T
    return values, gradient


def _switching_points(layers: list[tuple[Floats, Floats]], start: Floats, way: Floats) -> Floats:
    """Where on the line from 0 to 1 a ReLU switches on or off, both ends included, ascending.

    Between the switches of the layers before, what enters a unit is a straight line, so that it
    crosses zero where the values at both ends of the piece say.
    """
    places = np.array([0.0, 1.0])
    for depth in range(1, len(layers)):
        hidden = start + places[:, None] * way
        for weight, bias in layers[: depth - 1]:
            hidden = np.maximum(hidden @ weight + bias, 0.0)
        weight, bias = layers[depth - 1]
        entering = hidden @ weight + bias
        left, right = entering[:-1], entering[1:]
        piece, unit = np.nonzero(left * right < 0.0)
        before, after = left[piece, unit], right[piece, unit]
        share = before / (before - after)
        crossings = places[piece] + share * (places[piece + 1] - places[piece])
        places = np.unique(np.concatenate([places, crossings]))
    return places
