"""Follows the pods of one selector: a list, then a watch from there, again and again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from kubernetes import client

from core.clock import Clock
from core.cluster.kubernetes.backoff import Backoff
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.pods import PodReport, classify
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.translation import translated
from core.errors import ClusterError, ClusterProblem

if TYPE_CHECKING:
    from urllib3 import HTTPResponse

_STREAM_S = 60
"""The server ends each watch after this long, so that a dead connection is found out."""
_SILENCE_S = _STREAM_S + 10.0
_CONNECT_S = 5.0
_HEALTHY_S = 1.0
"""A watch that ends sooner counts as failed, so that it is not taken up again without a pause."""


class PodWatch:
    """Keeps a report on every pod, in a thread of its own.

    Args:
        connection: To the cluster.
        target: Whose pods; for the namespace and for errors.
        selector: Which pods, as list and watch take it.
        clock: Paces retries.
        rng: Spreads retries.
    """

    def __init__(
        self,
        connection: Connection,
        target: Target,
        selector: str,
        clock: Clock,
        rng: np.random.Generator,
    ) -> None:
        self._connection = connection
        self._target = target
        self._selector = selector
        self._clock = clock
        self._backoff = Backoff(rng)
        self._lock = threading.Lock()
        self._reports: dict[str, PodReport] = {}
        self._listed = threading.Event()
        self._closed = threading.Event()
        self._error: ClusterError | None = None
        self._broken_at = clock.monotonic()
        self._stream: HTTPResponse | None = None
        self._thread = threading.Thread(target=self._run, name="pod-watch", daemon=True)
        self._thread.start()

    @property
    def has_listed(self) -> bool:
        """Whether the pods were seen at all."""
        return self._listed.is_set()

    @property
    def reports(self) -> tuple[PodReport, ...]:
        """The newest on every pod."""
        with self._lock:
            return tuple(self._reports.values())

    @property
    def error(self) -> ClusterError | None:
        """What keeps it from following; None while it follows."""
        return self._error

    @property
    def age_s(self) -> float:
        """Seconds since it lost touch; 0 while it follows."""
        with self._lock:
            if self._error is None and self._listed.is_set():
                return 0.0
            return self._clock.monotonic() - self._broken_at

    def close(self) -> None:
        """End the thread; returns within a second or two."""
        self._closed.set()
        stream = self._stream
        if stream is not None:
            # The thread waits for the next event in a system call that only this ends.
            with suppress(OSError, ValueError, RuntimeError):
                stream.shutdown()
        self._thread.join(timeout=2.0)

    def _run(self) -> None:
        try:
            self._keep_following()
        finally:
            # Whatever ended it, nobody may take the reports for fresh any more.
            self._note(
                ClusterError(
                    f"the watch of the pods of {self._target} has ended.",
                    problem=ClusterProblem.SERVER,
                )
            )

    def _keep_following(self) -> None:
        version = ""
        expired, failed = False, False
        while not self._closed.is_set():
            try:
                version = version or self._list()
                version = self._follow(version)
                expired, failed = False, False
            except ClusterError as error:
                if self._closed.is_set():
                    return
                if error.problem is ClusterProblem.EXPIRED or not error.is_transient or failed:
                    # Where watches fail again and again, lists may still answer.
                    version = ""
                failed = True
                if error.problem is ClusterProblem.EXPIRED and not expired:
                    # So a watch ends that was away for long: the next list mends it, and nothing
                    # is wrong unless that expires at once too.
                    expired = True
                    continue
                self._note(error)
                self._clock.wait(self._backoff.next_s(error), self._closed)

    def _list(self) -> str:
        listing = self._connection.read(
            f"list the pods of {self._target}",
            client.CoreV1Api(self._connection.client).list_namespaced_pod,
            self._target.namespace,
            label_selector=self._selector,
        )
        with self._translated():
            reports = {item["metadata"]["uid"]: classify(item) for item in listing["items"]}
            version = str(listing["metadata"]["resourceVersion"])
        with self._lock:
            self._reports = reports
        self._note(None)
        self._listed.set()
        return version

    def _follow(self, version: str) -> str:
        """One watch from `version` to its end; returns from where the next goes on.

        Raises:
            ClusterError: It could not be opened, broke, or the server reported an error.
        """
        began = self._clock.monotonic()
        stream = self._connection.stream(
            f"watch the pods of {self._target}",
            client.CoreV1Api(self._connection.client).list_namespaced_pod,
            self._target.namespace,
            label_selector=self._selector,
            resource_version=version,
            watch=True,
            allow_watch_bookmarks=True,
            timeout_seconds=_STREAM_S,
            timeout_s=(_CONNECT_S, _SILENCE_S),
        )
        self._stream = stream
        self._note(None)
        try:
            # `close` sets the flag before it looks for a stream: one of the two sees the other.
            if self._closed.is_set():
                return version
            with self._translated():
                for event in _events(stream):
                    if self._closed.is_set():
                        break
                    version = self._take(event)
                    self._backoff.reset()
        finally:
            self._stream = None
            with suppress(OSError, ValueError):
                stream.close()
        if self._clock.monotonic() - began < _HEALTHY_S and not self._closed.is_set():
            raise ClusterError(
                f"could not watch the pods of {self._target}: the server ended the watch at once.",
                problem=ClusterProblem.SERVER,
            )
        self._backoff.reset()
        return version

    def _take(self, event: Any) -> str:
        kind, item = event["type"], event["object"]
        if kind == "ERROR":
            # A Status object in place of a pod.
            expired = item.get("code") == 410
            raise ClusterError(
                f"could not watch the pods of {self._target}: "
                f"{item.get('code')} {item.get('message') or item.get('reason')}.",
                problem=ClusterProblem.EXPIRED if expired else ClusterProblem.SERVER,
            )
        metadata = item["metadata"]
        if kind != "BOOKMARK":
            with self._lock:
                if kind == "DELETED":
                    self._reports.pop(metadata["uid"], None)
                else:
                    self._reports[metadata["uid"]] = classify(item)
        return str(metadata["resourceVersion"])

    def _translated(self) -> Any:
        return translated(f"watch the pods of {self._target}", self._connection.server)

    def _note(self, error: ClusterError | None) -> None:
        with self._lock:
            if error is not None and self._error is None:
                self._broken_at = self._clock.monotonic()
            self._error = error


def _events(stream: HTTPResponse) -> Iterator[Any]:
    """The JSON object of every line, as they come."""
    rest = b""
    for chunk in stream.stream():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.strip():
                yield json.loads(line)
    if rest.strip():
        yield json.loads(rest)
