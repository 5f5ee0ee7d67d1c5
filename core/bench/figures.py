"""The figures of the benchmark, each defined here once.

Several seeds of one workload are pooled as if they were one long run: violations, requests, pods
and needed pods are added up before anything is divided. Every function takes weights of shape
(draws, seeds) and answers for each draw, so that a single seed (one weight of 1), all seeds (all 1)
and a bootstrap resample (how often each seed was picked) go through the same formula.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.agents.grid import GridFigures
from core.cluster.batch import Floats
from core.summary import VIOLATION_WEIGHT

VIOLATION_FLOOR: Final = 0.001
"""Nobody is asked to violate less than this share of requests: who does, gets no credit for it."""
_ONE_REQUEST: Final = 1.0
_ALIKE: Final = 0.01
"""Points of a front whose violations differ by no more than this share are as good as one."""


@dataclass(frozen=True, slots=True)
class Episodes:
    """What episodes came to; arrays have shape (seeds,), or (settings, seeds) for a grid."""

    requests: Floats
    violations: Floats
    pod_hours: Floats
    needed_pod_hours: Floats
    churn: Floats

    @classmethod
    def of_grid(cls, figures: GridFigures) -> Episodes:
        """All settings of a grid, episodes as seeds."""
        return cls(
            figures.requests,
            figures.violations,
            figures.pod_hours,
            figures.needed_pod_hours,
            figures.churn,
        )

    def row(self, index: int) -> Episodes:
        """One setting of a grid."""
        return Episodes(
            self.requests[index],
            self.violations[index],
            self.pod_hours[index],
            self.needed_pod_hours[index],
            self.churn[index],
        )

    def only(self, seeds: Sequence[int]) -> Episodes:
        """Some of the seeds, by position."""
        columns = list(seeds)
        return Episodes(
            self.requests[..., columns],
            self.violations[..., columns],
            self.pod_hours[..., columns],
            self.needed_pod_hours[..., columns],
            self.churn[..., columns],
        )

    def violation_ratio(self, weights: Floats) -> Floats:
        """Share of the pooled requests that violated the SLO, shape (…, draws)."""
        requests = self.requests @ weights.T
        ratio: Floats = self.violations @ weights.T / np.maximum(requests, 1e-300)
        return ratio

    def mean(self, name: str, weights: Floats) -> Floats:
        """Mean of a field over the draws' seeds, shape (…, draws)."""
        values: Floats = getattr(self, name) @ weights.T / weights.sum(axis=1)
        return values

    def score(self, weights: Floats) -> Floats:
        """See `core.summary.score`, of the pooled seeds, shape (…, draws); NaN without traffic."""
        needed = self.needed_pod_hours @ weights.T
        needed = np.where(needed > 0.0, needed, np.nan)
        score: Floats = self.pod_hours @ weights.T / needed
        return score + VIOLATION_WEIGHT * self.violation_ratio(weights)


@dataclass(frozen=True, slots=True)
class Hindsight:
    """The cheapest setting that violates no more than a bound, per draw; shape (draws,) each."""

    setting: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    """Its position in the grid."""
    pod_hours: Floats
    """Its mean over seeds."""
    reached: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    """False where no setting is within the bound: then this is the least violating one."""


def violation_bound(violation_ratio: Floats) -> Floats:
    """How much a rival in hindsight may violate."""
    return np.maximum(violation_ratio, VIOLATION_FLOOR)


def hindsight(grid: Episodes, bound: Floats, weights: Floats) -> Hindsight:
    """The cheapest setting of a grid within a bound.

    Args:
        grid: All settings on one workload.
        bound: Violation ratio of each draw, shape (draws,).
        weights: Of the seeds, shape (draws, seeds).
    """
    ratio, pod_hours = grid.violation_ratio(weights), grid.mean("pod_hours", weights)
    within = ratio <= bound
    reached = np.any(within, axis=0, keepdims=True)[0]
    cheapest = np.where(within, pod_hours, np.inf).argmin(axis=0)
    least = ratio.min(axis=0)
    # Of several that violate least, such as not at all, the cheapest.
    calmest = np.where(ratio <= least, pod_hours, np.inf).argmin(axis=0)
    setting = np.where(reached, cheapest, calmest)
    draws = np.arange(len(setting))
    return Hindsight(setting, pod_hours[setting, draws], reached)


def gap_closed(pod_hours: float, hindsight_hours: float, oracle_hours: float) -> float | None:
    """How much of the room between the rival in hindsight and the oracle a policy takes.

    1 is the oracle, 0 the rival in hindsight, below 0 dearer than that.

    Returns:
        The share; None where the oracle is no cheaper than the rival, so that there is no room.
    """
    room = hindsight_hours - oracle_hours
    return (hindsight_hours - pod_hours) / room if room > 0.0 else None


Front = Sequence[tuple[float, float]]
"""Points (violation ratio, pod-hours) of one episode, by growing violations and falling hours."""


def pooled_front(fronts: Sequence[Front], requests: Sequence[float]) -> Front:
    """What an oracle can reach over several seeds together, when it may choose where it violates.

    All combinations of one point per seed, of which none is kept that another beats in both; and
    of those that violate about equally (within 1 %), the cheapest. Every point that is left can
    be reached.

    Args:
        fronts: One per seed, none empty.
        requests: Requests of each seed.

    Returns:
        Points (share of all requests, mean pod-hours per seed).
    """
    violations, hours = np.zeros(1), np.zeros(1)
    for front, count in zip(fronts, requests, strict=True):
        points = np.array(front)
        violations = np.add.outer(violations, points[:, 0] * count).ravel()
        hours = np.add.outer(hours, points[:, 1]).ravel()
        order = np.lexsort((hours, violations))
        violations, hours = violations[order], hours[order]
        least = np.minimum.accumulate(hours)
        better = np.concatenate([[True], hours[1:] < least[:-1]])
        violations, hours = violations[better], hours[better]
        alike = np.floor(np.log(np.maximum(violations, _ONE_REQUEST)) / _ALIKE)
        last = np.append(alike[1:] != alike[:-1], True)
        violations, hours = violations[last], hours[last]
    ratios = violations / max(sum(requests), _ONE_REQUEST)
    means = hours / len(fronts)
    return list(zip(ratios.tolist(), means.tolist(), strict=True))
