"""Objects that hold one column per cluster: copying them, and picking columns."""

from __future__ import annotations

import copy
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Columns:
    """Marks an object whose attributes are one of these, so that it can be copied column-wise.

    Arrays whose last axis is the cluster; lists with one unchangeable item per cluster; frozen
    dataclasses of arrays, which are replaced and never changed; other such objects; and plain
    values that all clusters share.
    """


_Holder = TypeVar("_Holder", bound=Columns)


def duplicate(holder: _Holder) -> _Holder:
    """A copy that changes independently of `holder`."""
    twin = copy.copy(holder)
    for name, value in vars(holder).items():
        if isinstance(value, np.ndarray | list):
            setattr(twin, name, value.copy())
        elif isinstance(value, Columns):
            setattr(twin, name, duplicate(value))
    return twin


def select(holder: _Holder, columns: Integers) -> _Holder:
    """A copy that holds only `columns`, which may repeat, in that order."""
    twin = copy.copy(holder)
    for name, value in vars(holder).items():
        setattr(twin, name, _selected(value, columns))
    return twin


def _selected(value: Any, columns: Integers) -> Any:
    if isinstance(value, np.ndarray):
        return np.ascontiguousarray(value[..., columns])
    if isinstance(value, list):
        return [value[column] for column in columns]
    if isinstance(value, Columns):
        return select(value, columns)
    if is_dataclass(value) and not isinstance(value, type):
        return type(value)(
            **{item.name: getattr(value, item.name)[columns] for item in fields(value)}
        )
    return value
