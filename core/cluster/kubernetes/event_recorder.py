"""Kubernetes Events on the Deployment, so that `kubectl describe` tells who scaled it and why."""

from __future__ import annotations

import queue
import socket
import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from core.clock import Clock
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.target import Target
from core.errors import ClusterError

COMPONENT: Final = "rlscale-console"
_LONGEST_MESSAGE: Final = 1024
_MOST_WAITING: Final = 100
_CLOSING_S: Final = 3.0


class NoRecorder:
    """Of an engine that may only look: what it sees is not its to tell."""

    def post(self, reason: str, message: str, uid: str, *, warning: bool = False) -> None:
        """Post nothing."""

    def close(self) -> None:
        """There is nothing to close."""


class EventRecorder:
    """Posts events from a thread of its own; what cannot be posted never holds up a scaling.

    Args:
        connection: To the cluster.
        target: The Deployment that the events are about.
        clock: For their times.
    """

    def __init__(self, connection: Connection, target: Target, clock: Clock) -> None:
        from kubernetes.client import CoreV1Api

        self._connection = connection
        self._api = CoreV1Api(connection.client)
        self._target = target
        self._clock = clock
        self._waiting: queue.Queue[dict[str, Any] | None] = queue.Queue(_MOST_WAITING)
        self._thread: threading.Thread | None = None

    def post(self, reason: str, message: str, uid: str, *, warning: bool = False) -> None:
        """Hand in an event; returns at once.

        Args:
            reason: One word in camel case.
            message: In words.
            uid: Of the Deployment.
            warning: Whether people should look at it.
        """
        now = datetime.fromtimestamp(self._clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        namespace, name = self._target.namespace, self._target.deployment
        event = {
            "metadata": {"generateName": f"{name[:200]}.", "namespace": namespace},
            "involvedObject": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": name,
                "namespace": namespace,
                "uid": uid,
            },
            "reason": reason,
            "message": message[:_LONGEST_MESSAGE],
            "type": "Warning" if warning else "Normal",
            "source": {"component": COMPONENT},
            "reportingComponent": COMPONENT,
            "reportingInstance": socket.gethostname()[:128],
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
        }
        try:
            self._waiting.put_nowait(event)
        except queue.Full:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="events", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Post what waits, but not for long."""
        if self._thread is None:
            return
        try:
            self._waiting.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(_CLOSING_S)

    def _run(self) -> None:
        while (event := self._waiting.get()) is not None:
            with suppress(ClusterError):
                self._connection.read(
                    f"post an event on {self._target.namespace}/{self._target.deployment}",
                    self._api.create_namespaced_event,
                    self._target.namespace,
                    event,
                    timeout_s=_CLOSING_S,
                )
