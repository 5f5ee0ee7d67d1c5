"""State of torch's optimiser and of the global random generators, as plain numbers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from core.agents.bundle import Tensors, check_tensors
from core.agents.checkpoint import LegacyGenerator, RandomStates
from core.errors import BundleError

_MOMENTS: Final = ("step", "exp_avg", "exp_avg_sq")


def array_of(tensor: torch.Tensor) -> NDArray[np.float32]:
    """A copy of a tensor."""
    return tensor.detach().cpu().numpy().astype(np.float32, copy=True)


def optimizer_tensors(
    optimizer: torch.optim.Optimizer, parameters: Mapping[str, torch.Tensor]
) -> Tensors:
    """Adam's moments by parameter; none before the first update.

    Args:
        optimizer: Adam.
        parameters: What it moves, in its order, by name.
    """
    moments = optimizer.state_dict()["state"]
    return {
        f"{name}.{moment}": array_of(moments[index][moment])
        for index, name in enumerate(parameters)
        if index in moments
        for moment in _MOMENTS
    }


def set_optimizer_tensors(
    optimizer: torch.optim.Optimizer,
    parameters: Mapping[str, torch.Tensor],
    tensors: Tensors,
    source: str,
) -> None:
    """Put back what `optimizer_tensors` gave.

    Raises:
        BundleError: The tensors are not those of these parameters.
    """
    if not tensors:
        return
    shapes: dict[str, tuple[int, ...]] = {}
    for name, parameter in parameters.items():
        for moment in _MOMENTS:
            shapes[f"{name}.{moment}"] = () if moment == "step" else tuple(parameter.shape)
    check_tensors(tensors, shapes, source, limit=None)
    content = optimizer.state_dict()
    content["state"] = {
        index: {moment: torch.from_numpy(tensors[f"{name}.{moment}"].copy()) for moment in _MOMENTS}
        for index, name in enumerate(parameters)
    }
    optimizer.load_state_dict(content)


def random_states() -> RandomStates:
    """Where torch's and NumPy's global generators stand; Stable-Baselines3 draws from both."""
    _, key, position, has_gauss, cached = np.random.get_state(legacy=True)
    return RandomStates(
        torch=base64.b64encode(torch.get_rng_state().numpy().tobytes()).decode(),
        numpy=LegacyGenerator(
            key=tuple(int(word) for word in key),
            position=position,
            has_gauss=1 if has_gauss else 0,
            cached_gaussian=cached,
        ),
    )


def set_random_states(states: RandomStates, source: str) -> None:
    """Put back what `random_states` gave.

    Raises:
        BundleError: It is not the state of torch's generator.
    """
    legacy = states.numpy
    try:
        content = np.frombuffer(base64.b64decode(states.torch), dtype=np.uint8)
        torch.set_rng_state(torch.from_numpy(content.copy()))
    except (ValueError, RuntimeError, TypeError):
        raise BundleError(
            f"expected the state of torch's generator in {source}, found something else.",
            "Delete the checkpoint to start the training over.",
        ) from None
    key = np.array(legacy.key, dtype=np.uint32)
    np.random.set_state(("MT19937", key, legacy.position, legacy.has_gauss, legacy.cached_gaussian))
