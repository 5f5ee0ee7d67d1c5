"""How long to wait before asking a server again that did not do what it was asked."""

from __future__ import annotations

import numpy as np

from core.errors import ClusterError


class Backoff:
    """Exponential, spread at random, and never shorter than the server wants.

    Args:
        rng: Spreads the waits, so that many clients do not come back at the same moment.
        first_s: Longest first wait.
        longest_s: Longest wait of all, unless the server asks for more.
    """

    def __init__(
        self, rng: np.random.Generator, first_s: float = 0.5, longest_s: float = 15.0
    ) -> None:
        self._rng = rng
        self._first_s = first_s
        self._longest_s = longest_s
        self._failures = 0

    def next_s(self, error: ClusterError) -> float:
        """Seconds to wait after one more failure: half to all of a limit that doubles each time."""
        limit = min(self._first_s * 2.0 ** min(self._failures, 30), self._longest_s)
        self._failures += 1
        wait_s = float(limit * self._rng.uniform(0.5, 1.0))
        return max(wait_s, error.retry_after_s or 0.0)

    def reset(self) -> None:
        """It works again."""
        self._failures = 0
