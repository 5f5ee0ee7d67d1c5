"""Nodes below the pods: room, provisioning and loss. Only clusters that limit pods per node."""

from __future__ import annotations

import math
from bisect import insort
from typing import Final

import numpy as np

from core.cluster.columns import Columns, Flags, Floats, Integers
from core.cluster.faults import NEVER, Event, EventKind, events_of
from core.cluster.pods import PodFleet
from core.traffic.scenario import Scenario

_UNLIMITED: Final = 2**30


class NodePool(Columns):
    """Nodes of n clusters, and everything that happens to pods and nodes at one moment.

    Pods that no node has room for are pending. As long as pods are pending, nodes are ordered,
    which take pods after the provisioning time; a lost node takes none until it is back. Nodes
    are not removed while a run lasts.

    Args:
        size: Number of clusters.
    """

    def __init__(self, size: int) -> None:
        self.nodes: Floats = np.ones(size)
        self.limited: Flags = np.zeros(size, dtype=np.bool_)
        """Clusters that limit the pods per node."""
        self.next_event: Integers = np.full(size, NEVER, dtype=np.int64)
        """Second of the next event, shape (n,)."""
        self._pods_per_node: Integers = np.full(size, _UNLIMITED, dtype=np.int64)
        self._max_nodes: Integers = np.full(size, _UNLIMITED, dtype=np.int64)
        self._provisioning_s: Integers = np.zeros(size, dtype=np.int64)
        self._ordered: Integers = np.zeros(size, dtype=np.int64)
        self._lost: Integers = np.zeros(size, dtype=np.int64)
        self._events: list[tuple[Event, ...]] = [()] * size

    def load(self, index: int, scenario: Scenario, replicas: int) -> int:
        """Start over in one cluster.

        Returns:
            How many of the `replicas` have room on the first nodes.
        """
        cluster = scenario.cluster
        limit = cluster.pods_per_node
        self.limited[index] = limit is not None
        self._pods_per_node[index] = _UNLIMITED if limit is None else limit
        self._max_nodes[index] = _UNLIMITED if cluster.max_nodes is None else cluster.max_nodes
        self._provisioning_s[index] = math.ceil(cluster.node_provisioning_s)
        nodes = 1
        if limit is not None:
            needed = min(math.ceil(replicas / limit), int(self._max_nodes[index]))
            nodes = needed if cluster.nodes is None else cluster.nodes
        self.nodes[index] = nodes
        self._ordered[index] = 0
        self._lost[index] = 0
        self._set_events(index, events_of(scenario.faults))
        return replicas if limit is None else min(replicas, nodes * limit)

    def room(self, pods: PodFleet) -> Integers:
        """Pods that each cluster has room for besides its own, shape (n,)."""
        used = (pods.ready + pods.starting).astype(np.int64) - pods.pending
        places = self.nodes.astype(np.int64) * self._pods_per_node
        return places - used

    def fill(self, index: int, pods: PodFleet, now: int, factor: float) -> None:
        """Let pending pods start where there is room, and order nodes for the others."""
        pending = int(pods.pending[index])
        if not pending:
            return
        limit = int(self._pods_per_node[index])
        used = int(pods.ready[index] + pods.starting[index]) - pending
        room = max(int(self.nodes[index]) * limit - used, 0)
        pods.schedule(index, min(room, pending), now, factor)
        waiting = pending - min(room, pending)
        wanted = math.ceil(waiting / limit) - int(self._ordered[index])
        allowed = int(
            self._max_nodes[index] - self.nodes[index] - self._ordered[index] - self._lost[index]
        )
        order = min(wanted, allowed)
        if order > 0:
            self._ordered[index] += order
            arrival = Event(now + int(self._provisioning_s[index]), EventKind.NODE_READY, order)
            self._insert(index, arrival)

    def happen(self, index: int, event: Event, pods: PodFleet, factor: float) -> None:
        """Let the next event of one cluster happen; earlier starts must have been settled."""
        self._set_events(index, self._events[index][1:])
        if event.kind is EventKind.CRASH:
            self._crash(index, event, pods, factor)
        elif event.kind is EventKind.NODE_LOST:
            self._lose_node(index, pods)
        elif event.kind is EventKind.NODE_BACK:
            self.nodes[index] += self._lost[index] > 0
            self._lost[index] = max(int(self._lost[index]) - 1, 0)
        else:
            self._ordered[index] -= event.count
            self.nodes[index] += event.count
        self.fill(index, pods, event.second, factor)

    def upcoming(self, index: int, before: int) -> Event | None:
        """The next event of one cluster, if it happens before the second `before`."""
        events = self._events[index]
        return events[0] if events and events[0].second < before else None

    def _crash(self, index: int, event: Event, pods: PodFleet, factor: float) -> None:
        crashed = min(event.count, int(pods.ready[index]))
        if not crashed:
            return
        pods.lose(index, crashed, 0)
        if event.restart_s >= 0:
            pods.restart(index, crashed, event.second + event.restart_s)
            return
        # The node keeps the place of a crashed pod.
        pods.create(
            np.array([index]), np.array([crashed]), np.array([event.second]), np.array([factor])
        )

    def _lose_node(self, index: int, pods: PodFleet) -> None:
        nodes = int(self.nodes[index])
        if not nodes:
            return
        # Pods are spread evenly; the fullest node fails.
        scheduled = int(pods.starting[index]) - int(pods.pending[index])
        ready = math.ceil(int(pods.ready[index]) / nodes)
        starting = math.ceil(scheduled / nodes)
        pods.lose(index, ready, starting)
        self.nodes[index] -= 1
        self._lost[index] += 1
        if ready + starting:
            pods.create_pending(np.array([index]), np.array([ready + starting]))

    def _insert(self, index: int, event: Event) -> None:
        events = list(self._events[index])
        insort(events, event)
        self._set_events(index, tuple(events))

    def _set_events(self, index: int, events: tuple[Event, ...]) -> None:
        self._events[index] = events
        self.next_event[index] = events[0].second if events else NEVER
