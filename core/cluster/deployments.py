"""Replicas wanted and what becomes of them: n Deployments with pods, nodes and faults."""

from __future__ import annotations

import numpy as np

from core.cluster.columns import Columns, Flags, Floats, Integers
from core.cluster.faults import FaultPlan
from core.cluster.nodes import NodePool
from core.cluster.pods import PodFleet
from core.traffic.scenario import Scenario


class Deployments(Columns):
    """Desired replicas, pods and nodes of n clusters.

    Ready and starting pods together are always the desired replicas: a pod that dies is created
    again at once.

    Args:
        size: Number of clusters.
    """

    def __init__(self, size: int) -> None:
        self.desired: Floats = np.zeros(size)
        self.pods = PodFleet(size)
        self.nodes = NodePool(size)
        self.faults = FaultPlan(size)
        self._max_replicas: Integers = np.zeros(size, dtype=np.int64)

    def load(self, index: int, scenario: Scenario, replicas: int, startup_s: Floats) -> None:
        """Start one cluster over with `replicas`, ready as far as the nodes have room."""
        self.desired[index] = replicas
        self._max_replicas[index] = scenario.cluster.max_replicas
        self.faults.load(index, scenario.faults)
        ready = self.nodes.load(index, scenario, replicas)
        self.pods.load(index, ready, startup_s, scenario.service.termination_s)
        if ready < replicas:
            self.pods.create_pending(np.array([index]), np.array([replicas - ready]))
            self.nodes.fill(index, self.pods, 0, self._slowness(index, 0))

    def scale(self, targets: Integers, now: Integers, alive: Flags) -> Flags:
        """Ask for replicas; targets are clipped to 0 … the scenario's max_replicas.

        Args:
            targets: Replicas wanted, shape (n,).
            now: Current second, shape (n,).
            alive: Clusters that take requests at all, shape (n,).

        Returns:
            Which clusters accepted, shape (n,).
        """
        accepted = alive.copy()
        if self.faults.scale_rejected.any:
            accepted &= ~self.faults.scale_rejected.active(now)
        wanted = np.minimum(np.maximum(targets, 0), self._max_replicas)
        change = np.where(accepted, wanted - self.desired, 0.0).astype(np.int64)
        changed = change.nonzero()[0]
        if not len(changed):
            return accepted
        self.desired += change
        amount = change[changed]
        down = amount < 0
        if down.any():
            columns = changed[down]
            self.pods.remove(columns, -amount[down], now[columns])
        up = ~down
        crowded = self._crowded(change) if self.nodes.limited.any() else None
        free = up if crowded is None else up & ~crowded[changed]
        if free.any():
            columns = changed[free]
            factor = self._slownesses(now)[columns]
            self.pods.create(columns, amount[free], now[columns], factor)
        if crowded is not None and crowded.any():
            waiting = up & crowded[changed]
            if waiting.any():
                self.pods.create_pending(changed[waiting], amount[waiting])
            for index in (crowded & (change != 0)).nonzero()[0].tolist():
                second = int(now[index])
                self.nodes.fill(index, self.pods, second, self._slowness(index, second))
        return accepted

    def _crowded(self, change: Integers) -> Flags:
        """Clusters where a node has to be found for pods, old ones or the new ones of `change`."""
        pending = self.pods.pending > 0
        return self.nodes.limited & (pending | (change > self.nodes.room(self.pods)))

    def advance(self, now: Integers, ticks: int) -> tuple[Floats, Floats | None]:
        """Let `ticks` seconds pass.

        Args:
            now: First second, shape (n,).
            ticks: How many.

        Returns:
            Ready pods in each tick, shape (ticks, n), and the ready pods that died at the start
            of each tick, same shape, or None if none did.
        """
        ready = self.pods.ready.copy()
        changes: Floats | None = None
        died: Floats | None = None
        eventful = (self.nodes.next_event < now + ticks).nonzero()[0]
        if len(eventful):
            changes = np.zeros((ticks + 1, len(now)))
            died = np.zeros((ticks, len(now)))
            for index in eventful.tolist():
                self._pass_events(index, int(now[index]), changes[:, index], died[:, index])
        joined = self.pods.become_ready(now, ticks)
        if joined is not None:
            changes = joined if changes is None else changes + joined
        if changes is None:
            return np.repeat(ready[None, :], ticks, axis=0), died
        changes[0] += ready
        return np.cumsum(changes[:ticks], axis=0), died  # whole numbers: exact in any order

    def _pass_events(self, index: int, now: int, changes: Floats, died: Floats) -> None:
        pods = self.pods
        while event := self.nodes.upcoming(index, now + len(died)):
            tick = max(event.second - now, 0)
            for second in pods.settle(index, now + tick):
                changes[max(second - now, 0)] += 1.0
            before = float(pods.ready[index])
            self.nodes.happen(index, event, pods, self._slowness(index, event.second))
            lost = before - float(pods.ready[index])
            changes[tick] -= lost
            died[tick] += lost

    def _slownesses(self, now: Integers) -> Floats:
        if not self.faults.slow_start.any:
            return np.ones(len(now))
        return self.faults.slow_start.product(now)

    def _slowness(self, index: int, second: int) -> float:
        """What start-up times of pods created now are multiplied by, in one cluster."""
        return self.faults.slow_start.product_of(index, second)
