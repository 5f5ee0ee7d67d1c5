"""The stand-in for scheduler and kubelet: what makes pods come and go without machines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from tests.stack import pod_status
from tests.stack.behaviour import PodBehaviour
from tests.stack.loop import LoopThread
from tests.stack.nodes import Nodes
from tests.stack.pod_life import PodLife
from tests.stack.rest import Json, Refused, Rest

NODE_COUNT = 3
_PODS = "/api/v1/pods"
_RETRY_S = 0.2


class Kubelet:
    """Watches all pods and lives their lives; its own methods may be called from any thread."""

    def __init__(self, loop: LoopThread, rest: Rest, seed: int = 0) -> None:
        """Play all nodes, through `rest`; start-up times follow from `seed`."""
        self._loop = loop
        self._rest = rest
        self._nodes = Nodes(rest, NODE_COUNT)
        self._rng = np.random.default_rng(seed)
        self._behaviour: dict[str, PodBehaviour] = {}
        self._pods: dict[str, Json] = {}
        self._lives: dict[str, PodLife] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._listeners: list[Callable[[str], None]] = []

    def configure(self, namespace: str, behaviour: PodBehaviour) -> None:
        """Have the pods of `namespace` behave like this from now on."""
        self._behaviour[namespace] = behaviour

    def behaviour(self, namespace: str) -> PodBehaviour:
        """How the pods of `namespace` behave."""
        return self._behaviour.get(namespace, PodBehaviour())

    def behave_again(self) -> None:
        """Forget every configured behaviour."""
        self._behaviour.clear()

    def crash(self, namespace: str, count: int) -> list[str]:
        """Let `count` of the Ready pods crash-loop; their names."""
        return self._loop.call(self._crash(namespace, count))

    def recover(self, namespace: str) -> None:
        """Let the crash-looping pods of `namespace` run again, and new ones too."""
        self.configure(namespace, replace(self.behaviour(namespace), crash_looping=False))
        self._loop.call(self._recover(namespace))

    def ready_pods(self, namespace: str, name: str) -> list[Json]:
        """The pods of the Deployment `name` that serve, oldest first."""
        found = [
            pod
            for pod in list(self._pods.values())
            if pod["metadata"]["namespace"] == namespace
            and (pod["metadata"].get("labels") or {}).get("app") == name
            and pod_status.is_ready(pod)
        ]
        return sorted(found, key=lambda pod: str(pod["metadata"]["creationTimestamp"]))

    def pods(self, namespace: str) -> list[Json]:
        """All pods of `namespace` that are there, as last seen."""
        return [
            pod for pod in list(self._pods.values()) if pod["metadata"]["namespace"] == namespace
        ]

    def on_change(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the namespace, in the loop, whenever a pod has changed."""
        self._listeners.append(listener)

    async def create_nodes(self) -> None:
        """Register the nodes."""
        await self._nodes.create()

    async def run(self) -> None:
        """Watch and act until cancelled."""
        heart = asyncio.ensure_future(self._nodes.keep_alive())
        try:
            while True:
                try:
                    listing = await self._rest.get(_PODS)
                    self._replace(listing["items"])
                    version = listing["metadata"]["resourceVersion"]
                    async for event in self._rest.watch(_PODS, version):
                        self._see(event)
                except (OSError, Refused):
                    await asyncio.sleep(_RETRY_S)
        finally:
            heart.cancel()
            for task in self._tasks.values():
                task.cancel()

    async def _crash(self, namespace: str, count: int) -> list[str]:
        names: list[str] = []
        for uid, pod in self._pods.items():
            here = pod["metadata"]["namespace"] == namespace
            if here and pod_status.is_ready(pod) and len(names) < count:
                self._lives[uid].crash()
                names.append(str(pod["metadata"]["name"]))
        if len(names) < count:
            raise ValueError(f"expected {count} ready pods in {namespace}, found {len(names)}")
        return names

    async def _recover(self, namespace: str) -> None:
        for life in self._lives.values():
            if life.pod["metadata"]["namespace"] == namespace:
                life.crash(False)

    def _replace(self, pods: list[Json]) -> None:
        there = {pod["metadata"]["uid"] for pod in pods}
        for uid in [uid for uid in self._pods if uid not in there]:
            self._forget(self._pods[uid])
        for pod in pods:
            self._update(pod)

    def _see(self, event: dict[str, Any]) -> None:
        pod = event["object"]
        if event["type"] == "ERROR":
            raise Refused(pod.get("code", 500), pod.get("message", ""))
        if event["type"] == "DELETED":
            self._forget(pod)
        elif event["type"] != "BOOKMARK":
            self._update(pod)

    def _update(self, pod: Json) -> None:
        uid = pod["metadata"]["uid"]
        known = self._pods.get(uid)
        self._pods[uid] = pod
        life = self._lives.get(uid)
        if life is None:
            life = self._lives[uid] = self._begin(pod)
            if not pod["metadata"].get("deletionTimestamp") and not pod_status.is_finished(pod):
                self._tasks[uid] = asyncio.ensure_future(life.run())
        elif not pod["spec"].get("nodeName"):
            # An event from before the binding that is under way.
            pod["spec"]["nodeName"] = life.pod["spec"].get("nodeName")
        life.pod = pod
        was_there = known is not None and not known["metadata"].get("deletionTimestamp")
        if pod["metadata"].get("deletionTimestamp") and (known is None or was_there):
            self._stop(uid)
            self._tasks[uid] = asyncio.ensure_future(life.end())
        self._tell(pod)

    def _begin(self, pod: Json) -> PodLife:
        namespace = pod["metadata"]["namespace"]

        def behaviour() -> PodBehaviour:
            return self.behaviour(namespace)

        def place() -> str | None:
            room = behaviour().schedulable_pods
            bound = [
                other
                for other in self.pods(namespace)
                if other["spec"].get("nodeName") and not pod_status.is_finished(other)
            ]
            if room is not None and len(bound) >= room:
                return None
            return self._nodes.emptiest(self._pods.values())

        return PodLife(self._rest, pod, behaviour, place, self._rng, NODE_COUNT)

    def _forget(self, pod: Json) -> None:
        uid = pod["metadata"]["uid"]
        self._pods.pop(uid, None)
        self._lives.pop(uid, None)
        self._stop(uid)
        self._tell(pod)

    def _stop(self, uid: str) -> None:
        if task := self._tasks.pop(uid, None):
            task.cancel()

    def _tell(self, pod: Json) -> None:
        for listener in self._listeners:
            listener(pod["metadata"]["namespace"])
