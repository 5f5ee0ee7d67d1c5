"""Grids of settings: every way to set up an HPA or a rate rule, on the same episodes.

A calibrated rival is one of these settings, and a rival in hindsight the best of them, so they are
evaluated by the thousand: all settings of some episodes are stepped at once and nothing is kept
but counts. What an episode comes to is the same as in `core.agents.evaluation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.agents.evaluation import Case
from core.agents.guarded import GuardedBatch, repeated
from core.agents.hpa.batch import HpaBatch
from core.agents.hpa.setting import HpaSetting
from core.agents.rule_batch import RuleBatch, RuleSetting, columns_of
from core.cluster.batch import FactsBatch, Floats, StateBatch
from core.cluster.simulator import SimulatorBatch
from core.summary import VIOLATION_WEIGHT

Setting = HpaSetting | RuleSetting

HPA_SETTINGS: Final[tuple[HpaSetting, ...]] = tuple(
    HpaSetting(percent / 100.0, stabilization_s)
    for stabilization_s in (0.0, 60.0, 300.0)
    for percent in range(30, 96, 5)
)
"""Targets of 30 to 95 %, each with three windows of scaling down."""

RULE_SETTINGS: Final[tuple[RuleSetting, ...]] = tuple(
    RuleSetting(window_s, percent / 100.0)
    for window_s in (15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 120.0, 180.0, 300.0, 600.0)
    for percent in range(40, 96, 5)
)
"""Windows of 15 s to 10 min, each with utilisations of 40 to 95 %."""

_MOST_SLOTS: Final = 640
"""Clusters stepped at once; more do not fit into the processor's caches."""


@dataclass(frozen=True, slots=True)
class GridFigures:
    """What every setting came to in every episode; arrays have shape (settings, episodes)."""

    settings: tuple[Setting, ...]
    requests: Floats
    violations: Floats
    """Requests that were slower than the SLO or failed."""
    pod_hours: Floats
    needed_pod_hours: Floats
    churn: Floats

    @property
    def violation_ratios(self) -> Floats:
        """Share of the requests that violated the SLO; 0 without requests."""
        ratios: Floats = self.violations / np.maximum(self.requests, 1e-300)
        return ratios

    @property
    def scores(self) -> Floats:
        """See `core.summary.score`; NaN without any traffic."""
        needed = np.where(self.needed_pod_hours > 0.0, self.needed_pod_hours, np.nan)
        scores: Floats = self.pod_hours / needed + VIOLATION_WEIGHT * self.violation_ratios
        return scores

    @property
    def mean_scores(self) -> Floats:
        """Of each setting over the episodes with traffic, shape (settings,); NaN without any."""
        scores = self.scores
        judged = ~np.isnan(scores)
        counts = np.where(judged.any(axis=1), judged.sum(axis=1), np.nan)
        means: Floats = np.where(judged, scores, 0.0).sum(axis=1) / counts
        return means


def evaluate_grid(
    settings: Sequence[Setting],
    cases: Sequence[Case],
    on_steps: Callable[[int], None] = lambda steps: None,
) -> GridFigures:
    """Let every setting control every episode.

    Args:
        settings: Settings of HPAs and rules, in any order.
        cases: The episodes.
        on_steps: Called once per interval with the number of episodes that lived through it.
    """
    figures = np.zeros((5, len(settings), len(cases)))
    for rows, columns in _pieces(settings, cases):
        piece = _Piece([settings[row] for row in rows], [cases[column] for column in columns])
        figures[np.ix_(range(5), rows, columns)] = piece.run(on_steps)
    return GridFigures(tuple(settings), *figures)


def _pieces(
    settings: Sequence[Setting], cases: Sequence[Case]
) -> Iterator[tuple[list[int], list[int]]]:
    """Rows and columns that are stepped together: episodes of equal length, not too many."""
    kinds: dict[tuple[int, int], list[int]] = {}
    for column, case in enumerate(cases):
        kinds.setdefault((case.scenario.interval_s, case.scenario.duration_s), []).append(column)
    # HPAs beside HPAs: what has no rule in it needs no history.
    rows = sorted(range(len(settings)), key=lambda row: isinstance(settings[row], RuleSetting))
    for columns in kinds.values():
        for first in range(0, len(columns), _MOST_SLOTS):
            chosen = columns[first : first + _MOST_SLOTS]
            step = max(1, _MOST_SLOTS // len(chosen))
            for start in range(0, len(rows), step):
                yield rows[start : start + step], chosen


class _Piece:
    """Some settings on some episodes of equal length, with the HPAs first."""

    def __init__(self, settings: Sequence[Setting], cases: Sequence[Case]) -> None:
        self._shape = (len(settings), len(cases))
        single = SimulatorBatch(len(cases), cases[0].scenario.interval_s)
        for index, case in enumerate(cases):
            single.load(index, case.scenario, case.seed)
        columns = np.tile(np.arange(len(cases)), len(settings))
        scenarios = [cases[index].scenario for index in columns.tolist()]
        simulator = repeated(single, columns)
        self._clusters = GuardedBatch(simulator, scenarios)
        hpas = [one for one in settings if isinstance(one, HpaSetting)]
        rules = [one for one in settings if isinstance(one, RuleSetting)]
        self._split = len(hpas) * len(cases)
        self._hpas = self._rules = None
        if hpas:
            facts = _facts_of(simulator.facts, slice(0, self._split))
            self._hpas = HpaBatch(
                facts,
                np.repeat([one.target for one in hpas], len(cases)),
                np.repeat([one.stabilization_s for one in hpas], len(cases)),
            )
        if rules:
            facts = _facts_of(simulator.facts, slice(self._split, None))
            self._rules = RuleBatch(
                facts,
                np.repeat([one.window_s for one in rules], len(cases)),
                np.repeat([one.utilization for one in rules], len(cases)),
            )

    def run(self, on_steps: Callable[[int], None]) -> Floats:
        """Live through all episodes; figures of shape (5, settings, episodes)."""
        clusters = self._clusters
        churn = np.zeros(clusters.facts.size)
        desired = clusters.states.replicas_desired
        while not clusters.finished.all():
            states = clusters.step(self._wanted(clusters.states))
            churn += np.abs(states.replicas_desired - desired)
            desired = states.replicas_desired
            on_steps(len(churn))
        totals = [clusters.exact(index) for index in range(len(churn))]
        requests = np.array([one.requests for one in totals])
        figures = np.array(
            [
                requests,
                [one.violations for one in totals],
                [one.pod_seconds / 3600.0 for one in totals],
                requests / clusters.facts.pod_capacity_rps / 3600.0,
                churn,
            ]
        )
        return figures.reshape(5, *self._shape)

    def _wanted(self, states: StateBatch) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        wanted = np.empty(states.size, dtype=np.int64)
        left, right = slice(0, self._split), slice(self._split, None)
        if self._hpas is not None:
            wanted[left] = self._hpas.decide(columns_of(states, left))
        if self._rules is not None:
            wanted[right] = self._rules.decide(columns_of(states, right))
        return wanted


def _facts_of(facts: FactsBatch, columns: slice) -> FactsBatch:
    return FactsBatch(
        facts.pod_capacity_rps[columns],
        facts.slo_ms[columns],
        facts.min_replicas[columns],
        facts.max_replicas[columns],
        facts.interval_s[columns],
        facts.startup_median_s[columns],
    )
