"""One simulated cluster behind the `Cluster` protocol."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from core.cluster.base import ScaleOutcome
from core.cluster.columns import duplicate
from core.cluster.simulator import SimulatorBatch, SimulatorSnapshot
from core.cluster.totals import SimulatorTotals
from core.state import ClusterState, DeploymentFacts
from core.traffic.scenario import Scenario


class SimulatedCluster:
    """A scenario played in the simulator.

    Args:
        scenario: What happens.
        seed: Seed of the first episode; the scenario's own by default.

    Raises:
        InputError: If a trace of the scenario cannot be read.
    """

    def __init__(self, scenario: Scenario, seed: int | None = None) -> None:
        self.scenario = scenario
        self._batch = SimulatorBatch(1, scenario.interval_s)
        self._batch.load(0, scenario, scenario.seed if seed is None else seed)

    @property
    def facts(self) -> DeploymentFacts:
        """What is known about the Deployment beforehand."""
        return self.scenario.facts

    @property
    def finished(self) -> bool:
        """True when the scenario has ended."""
        return bool(self._batch.finished[0])

    @property
    def totals(self) -> SimulatorTotals:
        """Exact counters since the start."""
        return self._batch.totals(0)

    @property
    def batch(self) -> SimulatorBatch:
        """The batch of one behind this cluster, to fork it."""
        return self._batch

    def reset(self, seed: int) -> ClusterState:
        """Start over and return the first state; everything random follows from `seed`."""
        self._batch.load(0, self.scenario, seed)
        return self._batch.states().state(0)

    def scale(self, target: int) -> ScaleOutcome:
        """Ask for `target` replicas, clipped to 0 … the scenario's max_replicas."""
        if self._batch.scale(np.array([target], dtype=np.int64))[0]:
            return ScaleOutcome(accepted=True)
        if self.finished:
            return ScaleOutcome(accepted=False, message="the scenario has ended")
        return ScaleOutcome(accepted=False, message="the cluster rejects scaling at the moment")

    def advance(self) -> ClusterState:
        """Let one decision interval pass and return the state measured over it."""
        return self._batch.advance().state(0)

    def snapshot(self) -> SimulatorSnapshot:
        """Everything that the future depends on, to return to this moment."""
        return self._batch.snapshot()

    def restore(self, snapshot: SimulatorSnapshot) -> ClusterState:
        """Return to the moment of `snapshot`; returns the newest state then."""
        self._batch.restore(snapshot)
        return self._batch.states().state(0)

    def __deepcopy__(self, memo: dict[int, Any]) -> SimulatedCluster:
        """A cluster that goes its own way from this moment on; what never changes is shared."""
        twin = copy.copy(self)
        twin._batch = duplicate(self._batch)
        return twin

    def close(self) -> None:
        """Nothing to let go of."""
