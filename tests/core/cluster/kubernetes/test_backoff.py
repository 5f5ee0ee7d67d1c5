from __future__ import annotations

import numpy as np

from core.cluster.kubernetes.backoff import Backoff
from core.errors import ClusterError, ClusterProblem


def _error(retry_after_s: float | None = None) -> ClusterError:
    return ClusterError("no", problem=ClusterProblem.SERVER, retry_after_s=retry_after_s)


def test_waits_double_up_to_a_limit_and_are_spread() -> None:
    backoff = Backoff(np.random.default_rng(0), first_s=0.5, longest_s=8.0)
    waits = [backoff.next_s(_error()) for _ in range(200)]
    limits = [min(0.5 * 2.0**index, 8.0) for index in range(200)]
    assert all(limit / 2 <= wait <= limit for wait, limit in zip(waits, limits, strict=True))
    assert len({round(wait, 6) for wait in waits[10:]}) > 150


def test_success_starts_over() -> None:
    backoff = Backoff(np.random.default_rng(0), first_s=0.5)
    for _ in range(10):
        backoff.next_s(_error())
    backoff.reset()
    assert backoff.next_s(_error()) <= 0.5


def test_never_sooner_than_the_server_wants() -> None:
    backoff = Backoff(np.random.default_rng(0), longest_s=1.0)
    assert backoff.next_s(_error(retry_after_s=20.0)) == 20.0
    assert backoff.next_s(_error(retry_after_s=0.0)) > 0.0
