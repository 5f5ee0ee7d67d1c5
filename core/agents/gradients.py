"""Gradients of small networks by hand, without the bookkeeping of automatic differentiation.

With networks this small, recording every operation costs as much as computing it. The gradients are
the textbook's, and equal to those of torch's autograd to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import torch
from torch import Tensor, nn

_Slope = Callable[[Tensor, Tensor], Tensor]


def _through_relu(gradient: Tensor, output: Tensor) -> Tensor:
    through: Tensor = torch.ops.aten.threshold_backward(gradient, output, 0)
    return through


def _through_tanh(gradient: Tensor, output: Tensor) -> Tensor:
    through: Tensor = torch.ops.aten.tanh_backward(gradient, output)
    return through


_ACTIVATIONS: dict[type[nn.Module], tuple[Callable[[Tensor], Tensor], _Slope]] = {
    nn.ReLU: (torch.relu_, _through_relu),
    nn.Tanh: (torch.tanh_, _through_tanh),
}


class Chain:
    """Linear layers with an activation after each but the last.

    Args:
        modules: Linear layers and activations in turn, a linear layer first and last.
    """

    def __init__(self, modules: Iterable[nn.Module]) -> None:
        chain = list(modules)
        self._layers: list[nn.Linear] = []
        for module in chain[::2]:
            assert isinstance(module, nn.Linear)
            self._layers.append(module)
        self._activations = [_ACTIVATIONS[type(module)] for module in chain[1::2]]
        self._inputs: list[Tensor] = []

    @property
    def inputs(self) -> int:
        """Length of an input."""
        return self._layers[0].in_features

    @property
    def parameters(self) -> list[Tensor]:
        """Weights and biases, layer by layer."""
        return [one for layer in self._layers for one in (layer.weight, layer.bias)]

    def forward(self, inputs: Tensor) -> Tensor:
        """The outputs, shape (batch, outputs); what `backward` needs is kept."""
        self._inputs = [inputs]
        for layer, (activation, _) in zip(self._layers[:-1], self._activations, strict=True):
            inputs = activation(torch.addmm(layer.bias, inputs, layer.weight.t()))
            self._inputs.append(inputs)
        head = self._layers[-1]
        return torch.addmm(head.bias, inputs, head.weight.t())

    def backward(self, gradient: Tensor) -> None:
        """Write the gradients of all parameters into their `grad`.

        Args:
            gradient: Of the loss by the newest outputs, shape (batch, outputs).
        """
        for number in range(len(self._layers) - 1, -1, -1):
            layer, inputs = self._layers[number], self._inputs[number]
            torch.mm(gradient.t(), inputs, out=layer.weight.grad)
            torch.sum(gradient, 0, out=layer.bias.grad)
            if number:
                slope = self._activations[number - 1][1]
                gradient = slope(torch.mm(gradient, layer.weight), inputs)


class Gradients:
    """The gradients of some parameters side by side in one tensor.

    Args:
        parameters: Whose `grad` becomes a view of that tensor.
    """

    def __init__(self, parameters: Sequence[Tensor]) -> None:
        self._parameters = parameters
        self._all = torch.zeros(sum(one.numel() for one in parameters))
        first = 0
        for one in parameters:
            one.grad = self._all[first : first + one.numel()].view_as(one)
            first += one.numel()

    def forget(self) -> None:
        """Take the gradients away, so that an optimiser leaves the parameters alone."""
        for one in self._parameters:
            one.grad = None

    def clip(self, most: float) -> None:
        """Shorten them to the norm `most` if they are longer; as torch's `clip_grad_norm_`."""
        factor = most / (torch.linalg.vector_norm(self._all) + 1e-6)
        self._all.mul_(factor.clamp_(max=1.0))
