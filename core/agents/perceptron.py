"""The networks that are told what lies ahead; they teach, and are no part of a policy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch


def perceptron(inputs: int, hidden: Sequence[int], outputs: int) -> torch.nn.Sequential:
    """A network with ReLUs, initialised as Stable-Baselines3 initialises critics.

    Args:
        inputs: Length of an input.
        hidden: Units of each hidden layer.
        outputs: Length of an output.
    """
    layers: list[torch.nn.Module] = []
    for units in hidden:
        layers += [torch.nn.Linear(inputs, units), torch.nn.ReLU()]
        inputs = units
    layers.append(torch.nn.Linear(inputs, outputs))
    for layer in layers:
        if isinstance(layer, torch.nn.Linear):
            gain = 1.0 if layer is layers[-1] else float(np.sqrt(2.0))
            torch.nn.init.orthogonal_(layer.weight, gain=gain)
            torch.nn.init.zeros_(layer.bias)
    return torch.nn.Sequential(*layers)
