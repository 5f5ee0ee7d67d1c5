"""Several networks that decide together, as one network.

Networks of one shape that were trained from different seeds err in different ways. Side by side
they make one wider network, whose layers are block-diagonal and whose scores are the mean of
theirs: it is stored, explained and run like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.agents.bundle import PolicyBundle
from core.agents.manifest import Manifest, tensor_shapes
from core.errors import InputError


def merge_bundles(bundles: Sequence[PolicyBundle]) -> PolicyBundle:
    """The policy whose scores and values are the means of those of the bundles.

    Its papers are those of the first one, with the steps of all and without an evaluation.

    Args:
        bundles: At least one; all with the same papers but for seed, steps and figures.

    Raises:
        InputError: They do not fit together.
    """
    first = bundles[0].manifest
    for bundle in bundles[1:]:
        if _kind(bundle.manifest) != _kind(first):
            raise InputError(
                "expected policies of one algorithm, shape, action set and training, "
                f"found others: {_kind(first)} and {_kind(bundle.manifest)}."
            )
    count = len(bundles)
    layout = first.network.model_copy(
        update={"hidden": tuple(units * count for units in first.network.hidden)}
    )
    manifest = first.model_copy(
        update={
            "network": layout,
            "hyper_parameters": {**first.hyper_parameters, "hidden": list(layout.hidden)},
            "timesteps": sum(bundle.manifest.timesteps for bundle in bundles),
            "evaluation": {},
            "optimizer_sha256": None,
        }
    )
    shapes = tensor_shapes(first.algorithm, layout)
    weights = {
        name: _merged([bundle.weights[name] for bundle in bundles], shape)
        for name, shape in shapes.items()
    }
    return PolicyBundle(manifest, weights)


def _kind(manifest: Manifest) -> tuple[object, ...]:
    return (
        manifest.algorithm,
        manifest.network,
        manifest.observation,
        manifest.action_set,
        manifest.inference,
        manifest.temperature,
        manifest.reward_scale,
        manifest.reward_weights,
        manifest.scenarios,
    )


def _merged(parts: Sequence[NDArray[np.float32]], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """One tensor of the wide network out of those of the narrow ones.

    What grew on the side of the outputs only is a first layer, what grew on both an inner one, and
    what grew on the side of the inputs only a last one, which takes the mean.
    """
    old = parts[0].shape
    if shape == old:
        middle: NDArray[np.float32] = np.mean(parts, axis=0, dtype=np.float32)
        return middle
    if len(shape) == 1 or shape[1] == old[1]:
        return np.concatenate(parts)
    if shape[0] == old[0]:
        mean: NDArray[np.float32] = np.hstack(parts) / np.float32(len(parts))
        return mean
    merged = np.zeros(shape, dtype=np.float32)
    for index, array in enumerate(parts):
        rows, columns = index * old[0], index * old[1]
        merged[rows : rows + old[0], columns : columns + old[1]] = array
    return merged
