"""Many clusters out of one: whatever holds one column per cluster, with that column repeated."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from core.cluster.guardrails import Guardrails
from core.envs.history import StateHistory

_Holder = TypeVar("_Holder", StateHistory, Guardrails)


def repeated(one: _Holder, copies: int) -> _Holder:
    """The history or the guardrails of `copies` clusters that all have the past of one.

    Args:
        one: Of one cluster; stays as it is.
        copies: How many.
    """
    twin = _repeated(one, copies)
    if isinstance(twin, StateHistory):
        twin.size = copies
    made: _Holder = twin
    return made


def _repeated(value: Any, copies: int) -> Any:
    if isinstance(value, np.ndarray):
        return np.repeat(value, copies, axis=-1) if value.shape[-1:] == (1,) else value.copy()
    if isinstance(value, list | tuple):
        return type(value)(_repeated(inner, copies) for inner in value)
    if isinstance(value, dict):
        return {name: _repeated(inner, copies) for name, inner in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(
            *(_repeated(getattr(value, item.name), copies) for item in fields(value))
        )
    if hasattr(value, "__dict__") and not isinstance(value, type):
        twin = copy.copy(value)
        for name, inner in vars(value).items():
            setattr(twin, name, _repeated(inner, copies))
        return twin
    return value
