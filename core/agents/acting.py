"""What an agent in training chose in its newest step, for those who look on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.state import ValuesKind


@dataclass(frozen=True, slots=True)
class LastChoice:
    """Choices for n clusters."""

    actions: NDArray[np.int64]
    """Shape (n,)."""
    numbers: NDArray[np.float32]
    """Shape (n, actions): what `kind` says; NaN where the network was not asked."""
    kind: ValuesKind
    values: NDArray[np.float32] | None
    """Shape (n,): the critic's estimates in scaled rewards; None without a critic."""
