"""A history's columns, for those who decide for some of the clusters only."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from core.envs.coverage import Coverage
from core.envs.hindsight import Hindsight
from core.envs.history import Ring, StateHistory


def history_part(history: StateHistory, columns: slice) -> StateHistory:
    """A history of some clusters that shares the arrays of the whole one, without copying them.

    It shows the moment at which it was made: make another after the next push, and never push to
    it.

    Args:
        history: Of n clusters.
        columns: Which of them; adjacent ones.
    """
    return _Part(history, columns)


class _Part(StateHistory):
    """Cuts out each attribute when it is first asked for: most policies look at few of them."""

    def __init__(self, whole: StateHistory, columns: slice) -> None:
        self._whole = whole
        self._columns = columns
        self.size = len(range(*columns.indices(whole.size)))

    def __getattr__(self, name: str) -> Any:
        if name in ("_whole", "_columns") or name.startswith("__"):
            raise AttributeError(name)
        value = _part(getattr(self._whole, name), self._columns)
        setattr(self, name, value)
        return value


def _part(value: Any, columns: slice) -> Any:
    if isinstance(value, np.ndarray):
        return value[..., columns]
    if isinstance(value, Ring | Coverage | Hindsight):
        part = copy.copy(value)
        for name, inner in vars(value).items():
            setattr(part, name, _part(inner, columns))
        return part
    if isinstance(value, dict):
        return {name: _part(inner, columns) for name, inner in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(*(getattr(value, item.name)[columns] for item in fields(value)))
    return value
