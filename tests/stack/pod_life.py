"""The life of one pod, from binding to its end, as scheduler and kubelet give it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

import numpy as np

from tests.stack import pod_status
from tests.stack.behaviour import PodBehaviour
from tests.stack.rest import STRATEGIC_PATCH, Json, Refused, Rest

_RETRY_S = 0.3
_TRIES = 400  # two minutes without an API server
_LOOK_FOR_ROOM_S = 0.2
_FINAL = frozenset({404, 409, 422})


class PodLife:
    """What happens to one pod. Its task is cancelled when the pod is deleted."""

    def __init__(
        self,
        rest: Rest,
        pod: Json,
        behaviour: Callable[[], PodBehaviour],
        place: Callable[[], str | None],
        rng: np.random.Generator,
        nodes: int,
    ) -> None:
        """`behaviour` and `place` are asked when they matter; `place` gives a node or None."""
        self._rest = rest
        self.pod = pod
        self._behaviour = behaviour
        self._place = place
        self._rng = rng
        self._nodes = nodes
        self._crashing = False
        self._woken = asyncio.Event()

    def crash(self, crashing: bool = True) -> None:
        """Begin (or end) to crash again and again."""
        self._crashing = crashing
        self._woken.set()

    @property
    def _path(self) -> str:
        about = self.pod["metadata"]
        return f"/api/v1/namespaces/{about['namespace']}/pods/{about['name']}"

    async def run(self) -> None:
        """Live until cancelled."""
        if not self.pod["spec"].get("nodeName"):
            await self._bind()
        await self._report(pod_status.starting(self.pod))
        await asyncio.sleep(self._behaviour().startup_s(self._rng))
        self._crashing = self._behaviour().crash_looping
        ready = self._behaviour().becomes_ready
        restarts = 0
        while True:
            self._woken.clear()
            if self._crashing:
                restarts += 1
                await self._report(pod_status.crash_looping(self.pod, restarts))
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), self._behaviour().restart_every_s)
            else:
                await self._report(pod_status.running(self.pod, ready, restarts))
                await self._woken.wait()

    async def end(self) -> None:
        """Finish a deletion that was asked for."""
        await asyncio.sleep(self._behaviour().termination_s)
        options: Json = {
            "gracePeriodSeconds": 0,
            "preconditions": {"uid": self.pod["metadata"]["uid"]},
        }
        await self._insist("DELETE", self._path, options)

    async def _bind(self) -> None:
        told = False
        while (node := self._place()) is None:
            if not told:
                await self._report(pod_status.unschedulable(self.pod, self._nodes))
                told = True
            await asyncio.sleep(_LOOK_FOR_ROOM_S)
        target = {"apiVersion": "v1", "kind": "Node", "name": node}
        name = {"name": self.pod["metadata"]["name"]}
        binding: Json = {"metadata": name, "target": target}
        # Seen at once by whoever counts the room, before the watch tells.
        self.pod["spec"]["nodeName"] = node
        await self._insist("POST", f"{self._path}/binding", binding)

    async def _report(self, status: Json) -> None:
        await self._insist("PATCH", f"{self._path}/status", {"status": status}, STRATEGIC_PATCH)

    async def _insist(
        self, method: str, path: str, body: Json, content_type: str = "application/json"
    ) -> None:
        """Send until it is answered; that the pod is gone or has changed is an answer."""
        for _ in range(_TRIES):
            try:
                await self._rest.send(method, path, body, content_type)
            except Refused as refusal:
                if refusal.status in _FINAL:
                    return
            except OSError:
                pass
            else:
                return
            await asyncio.sleep(_RETRY_S)
