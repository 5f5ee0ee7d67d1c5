"""Simulated clusters behind their guardrails: from wanted replicas to the next states.

The one road from a decision to a simulated cluster, for evaluations and for grids of settings: the
control loop of a run in mode AUTO, for many clusters at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.agents.hpa.batch import HpaBatch
from core.cluster.batch import FactsBatch, StateBatch
from core.cluster.columns import select
from core.cluster.guardrails import Guardrails
from core.cluster.simulator import SimulatorBatch
from core.summary import ExactTotals
from core.traffic.scenario import MetricsGapFault, Scenario


class GuardedBatch:
    """Guardrails between decisions and n simulated clusters, with the reactive baseline at hand.

    Args:
        simulator: Loaded, at the beginning of its episodes.
        scenarios: Those of its slots.
    """

    def __init__(self, simulator: SimulatorBatch, scenarios: Sequence[Scenario]) -> None:
        self._simulator = simulator
        self._guardrails = Guardrails([one.guardrails for one in scenarios], simulator.facts)
        late = any(_metrics_may_be_old(one) for one in scenarios)
        self._standby = HpaBatch(simulator.facts) if late else None
        self.states = simulator.states()
        """The newest states."""

    @property
    def facts(self) -> FactsBatch:
        """Facts of the n clusters."""
        return self._simulator.facts

    @property
    def finished(self) -> NDArray[np.bool_]:
        """Clusters whose episode has ended, shape (n,)."""
        return self._simulator.finished

    def step(self, wanted: NDArray[np.int64]) -> StateBatch:
        """Let one interval pass with what the guardrails make of wanted replicas, shape (n,)."""
        old = None
        if self._standby is not None:
            standby = self._standby.decide(self.states)
            old = self._guardrails.needs_fallback(self.states)
            wanted = np.where(old, standby, wanted)
        self._simulator.scale(self._guardrails.rule(wanted, self.states, old).targets)
        self.states = self._simulator.advance()
        return self.states

    def exact(self, index: int) -> ExactTotals:
        """What the simulator counted in a cluster so far."""
        totals = self._simulator.totals(index)
        return ExactTotals(
            requests=totals.arrived_requests,
            violations=totals.violations,
            errors=totals.failed_requests,
            pod_seconds=totals.pod_seconds,
        )


def repeated(simulator: SimulatorBatch, columns: NDArray[np.int64]) -> SimulatorBatch:
    """A batch with the slots `columns` of another, which may repeat; they share what was drawn.

    Args:
        simulator: Stays as it is.
        columns: Which slots, shape (m,).
    """
    batch = select(simulator, columns)
    batch.size = len(columns)
    return batch


def _metrics_may_be_old(scenario: Scenario) -> bool:
    late = scenario.metrics.delay_s >= scenario.interval_s
    return late or any(isinstance(fault, MetricsGapFault) for fault in scenario.faults)
