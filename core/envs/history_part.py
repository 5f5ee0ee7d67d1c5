"""A history's columns, for those who decide for some of the clusters only."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from core.envs.coverage import Coverage
from core.envs.history import Ring, StateHistory


def history_part(history: StateHistory, columns: slice) -> StateHistory:
    """A history of some clusters that shares the arrays of the whole one, without copying them.

    It shows the moment at which it was made: make another after the next push, and never push to
    it.

    Args:
        history: Of n clusters.
        columns: Which of them; adjacent ones.
    """
    part = copy.copy(history)
    for name, value in vars(history).items():
        setattr(part, name, _part(value, columns))
    part.size = len(range(*columns.indices(history.size)))
    return part


def _part(value: Any, columns: slice) -> Any:
    if isinstance(value, np.ndarray):
        return value[..., columns]
    if isinstance(value, Ring | Coverage):
        part = copy.copy(value)
        for name, inner in vars(value).items():
            setattr(part, name, _part(inner, columns))
        return part
    if isinstance(value, dict):
        return {name: _part(inner, columns) for name, inner in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(*(getattr(value, item.name)[columns] for item in fields(value)))
    return value
