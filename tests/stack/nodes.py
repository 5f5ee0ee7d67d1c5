"""The nodes that the pods are bound to."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

from tests.stack import pod_status
from tests.stack.rest import STRATEGIC_PATCH, Json, Refused, Rest

_HEARTBEAT_S = 10.0
_ROOM_PODS = 500


class Nodes:
    """Nodes without machines: created, reported healthy, and chosen from."""

    def __init__(self, rest: Rest, count: int) -> None:
        """Play `count` nodes."""
        self._rest = rest
        self.names = tuple(f"node-{number + 1}" for number in range(count))

    async def create(self) -> None:
        """Register every node with a Ready status and a lease."""
        for name in self.names:
            node: Json = {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
            }
            await self._rest.send("POST", "/api/v1/nodes", node)
            await self._report(name)
            await self._lease(name)

    async def _report(self, name: str) -> None:
        # The node controller taints a new node until its status is there; a node without the
        # taint is what a cluster that has been up for a while shows.
        status = {"status": pod_status.node_status(_ROOM_PODS)}
        await self._rest.send("PATCH", f"/api/v1/nodes/{name}/status", status, STRATEGIC_PATCH)

    async def _lease(self, name: str) -> None:
        leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
        spec: Json = {
            "holderIdentity": name,
            "leaseDurationSeconds": 40,
            "renewTime": pod_status.timestamp(micro=True),
        }
        lease: Json = {"metadata": {"name": name}, "spec": spec}
        try:
            await self._rest.send("PATCH", f"{leases}/{name}", {"spec": spec}, STRATEGIC_PATCH)
        except Refused as refusal:
            if refusal.status != 404:
                raise
            await self._rest.send("POST", leases, lease)

    async def keep_alive(self) -> None:
        """Renew leases and statuses for ever; what the API server refuses is tried again later."""
        while True:
            await asyncio.sleep(_HEARTBEAT_S)
            for name in self.names:
                try:
                    await self._lease(name)
                    await self._report(name)
                except (OSError, Refused):
                    continue

    def emptiest(self, pods: Iterable[Json]) -> str:
        """The node with the fewest of `pods`."""
        load = Counter(dict.fromkeys(self.names, 0))
        load.update(node for pod in pods if (node := pod["spec"].get("nodeName")) in load)
        return min(self.names, key=lambda name: load[name])
