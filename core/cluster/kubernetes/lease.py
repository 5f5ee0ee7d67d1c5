"""One engine per Deployment: a Kubernetes Lease, taken before any write and renewed in a thread.

The rules are those of client-go's leader election. Somebody else's lease is taken over only after
it has stood unchanged for its whole duration by our own clock, so that clocks may differ; and our
own counts as held only for a part of its duration since the last renewal that we know of, so that
we have stopped before anybody else may begin.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from core.clock import Clock
from core.cluster.kubernetes.connection import Connection
from core.cluster.kubernetes.target import Target
from core.errors import ClusterError, ClusterProblem, RunError

DURATION_S: Final = 15.0
"""How long a lease lasts without renewal."""
RENEWALS: Final = 4
"""Renewals per duration."""
HELD_SHARE: Final = 2 / 3
"""Share of the duration for which a renewal lets us act; the rest is for calls under way."""
_LONGEST_NAME: Final = 63
_LOOK_AGAIN_S: Final = 1.0

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Seen:
    """Somebody else's lease as we last saw it change."""

    mark: tuple[object, ...]
    at_s: float
    """By our own clock, when it was first seen like this."""


class DeploymentLease:
    """The right to scale one Deployment; shared by threads.

    Args:
        connection: To the cluster.
        target: The Deployment; the lease lives in its namespace.
        holder: Who we are: unique for every engine, and readable.
        clock: Paces renewals.
        duration_s: How long the lease lasts without renewal.
    """

    def __init__(
        self,
        connection: Connection,
        target: Target,
        holder: str,
        clock: Clock,
        duration_s: float = DURATION_S,
    ) -> None:
        from kubernetes.client import CoordinationV1Api

        self._connection = connection
        self._api = CoordinationV1Api(connection.client)
        self._namespace = target.namespace
        self.name = lease_name(target.deployment)
        self._what = f"Lease {target.namespace}/{self.name}"
        self._target = target
        self._holder = holder
        self._clock = clock
        self._duration_s = duration_s
        self._guard = threading.Lock()
        self._seen: _Seen | None = None
        self._renewed_at_s: float | None = None
        self._taken_by = ""
        self._refusal = ("", "")
        self._thread: threading.Thread | None = None
        self._wake = threading.Event()
        self._ended = False

    @property
    def held(self) -> bool:
        """Whether we may act, now."""
        renewed_at_s = self._renewed_at_s
        if renewed_at_s is None:
            return False
        return self._clock.monotonic() - renewed_at_s < self._duration_s * HELD_SHARE

    @property
    def wanted(self) -> bool:
        """Whether it was acquired and not released or lost since, though it may be overdue."""
        return self._renewed_at_s is not None

    @property
    def taken_by(self) -> str:
        """Who took the lease while we believed to hold it; empty if nobody did."""
        return self._taken_by

    def acquire(self, *, patient: bool = False) -> None:
        """Take the lease and keep it from now on.

        A lease that its holder no longer renews can be taken over once it has been seen unchanged
        for its whole duration: by a later call, or by a patient one.

        Args:
            patient: Wait for a lease to run out, unless its holder shows a sign of life.

        Raises:
            RunError: Somebody else holds it.
            ClusterError: It cannot be read or written.
        """
        first: _Seen | None = None
        while not self._acquired():
            first = first or self._seen
            if not patient or self._seen is None or first is None or self._seen.mark != first.mark:
                raise RunError(*self._refusal)
            self._clock.wait(min(_LOOK_AGAIN_S, self._duration_s / RENEWALS))
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
            self._thread.start()

    def _acquired(self) -> bool:
        with self._guard:
            self._taken_by = ""
            try:
                self._take()
            except RunError as error:
                self._refusal = (error.message, error.hint)
                return False
            return True

    def release(self) -> None:
        """Give the lease back, so that the next engine need not wait; never raises."""
        with self._guard:
            if self._renewed_at_s is None:
                return
            self._renewed_at_s = None
            try:
                lease = self._read()
                if lease is not None and _spec(lease).get("holderIdentity") == self._holder:
                    spec = {**_spec(lease), "holderIdentity": "", "leaseDurationSeconds": 1}
                    self._replace(lease, spec)
            except ClusterError:
                # It runs out by itself.
                return

    def close(self) -> None:
        """Release it, and end the thread."""
        self._ended = True
        self._wake.set()
        self.release()
        if self._thread is not None:
            self._thread.join(timeout=2 * self._call_timeout_s)

    # -- renewing -----------------------------------------------------------------------------

    @property
    def _call_timeout_s(self) -> float:
        # A call that is sent while the lease counts as held has ended before it runs out.
        return max(0.5, self._duration_s * (1 - HELD_SHARE) * 0.9)

    def _keep(self) -> None:
        while not self._ended:
            self._clock.wait(self._duration_s / RENEWALS, self._wake)
            with self._guard:
                if self._ended or self._renewed_at_s is None:
                    continue
                try:
                    self._take()
                except RunError as error:
                    self._renewed_at_s = None
                    self._taken_by = str(error)
                except ClusterError:
                    # `held` turns false by itself if this goes on.
                    continue

    def _take(self) -> None:
        try:
            self._take_once()
        except ClusterError as error:
            if error.problem is not ClusterProblem.CONFLICT:
                raise
            # Somebody touched it meanwhile; who holds it now is what counts.
            self._take_once()

    def _take_once(self) -> None:
        started_at_s = self._clock.monotonic()
        lease = self._read()
        if lease is None:
            self._create()
        else:
            spec = _spec(lease)
            holder = spec.get("holderIdentity") or ""
            if holder and holder != self._holder:
                self._judge(spec, holder, started_at_s)
            self._replace(lease, self._own(spec, took_over=holder != self._holder))
        self._seen = None
        self._renewed_at_s = started_at_s

    def _judge(self, spec: Json, holder: str, now_s: float) -> None:
        """Let pass only if the holder has not renewed for as long as its lease lasts."""
        mark = (holder, spec.get("renewTime"), spec.get("leaseTransitions"))
        if self._seen is None or self._seen.mark != mark:
            self._seen = _Seen(mark, now_s)
        lasts_s = float(spec.get("leaseDurationSeconds") or self._duration_s)
        left_s = self._seen.at_s + lasts_s - now_s
        if left_s > 0:
            raise RunError(
                f"expected nobody else to control {self._target}, found {holder}, "
                f"which renewed its lease at {spec.get('renewTime')}.",
                f"Stop that engine; if it is gone already, try again in {left_s:.0f} s.",
            )

    def _own(self, spec: Json, *, took_over: bool) -> dict[str, Any]:
        now = _micro_time(self._clock.now())
        transitions = int(spec.get("leaseTransitions") or 0)
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": max(1, round(self._duration_s)),
            "acquireTime": now if took_over else spec.get("acquireTime", now),
            "renewTime": now,
            "leaseTransitions": transitions + 1 if took_over else transitions,
        }

    # -- calls --------------------------------------------------------------------------------

    def _read(self) -> Json | None:
        try:
            return self._connection.read(
                f"read {self._what}",
                self._api.read_namespaced_lease,
                self.name,
                self._namespace,
                timeout_s=self._call_timeout_s,
            )
        except ClusterError as error:
            if error.problem is ClusterProblem.NOT_FOUND:
                return None
            raise

    def _create(self) -> None:
        body = {
            "metadata": {
                "name": self.name,
                "namespace": self._namespace,
                "labels": {"app.kubernetes.io/managed-by": "rlscale-console"},
            },
            "spec": self._own({}, took_over=True),
        }
        self._write(self._api.create_namespaced_lease, self._namespace, body)

    def _replace(self, lease: Json, spec: Json) -> None:
        # The resource version comes along: if somebody was quicker, this is a conflict.
        body = {"metadata": lease["metadata"], "spec": spec}
        self._write(self._api.replace_namespaced_lease, self.name, self._namespace, body)

    def _write(self, function: Any, *arguments: Any) -> None:
        self._connection.read(
            f"write {self._what}", function, *arguments, timeout_s=self._call_timeout_s
        )


def lease_name(deployment: str) -> str:
    """Name of the lease that belongs to a Deployment."""
    name = f"rlscale-{deployment}"
    if len(name) <= _LONGEST_NAME:
        return name
    mark = hashlib.sha256(deployment.encode()).hexdigest()[:8]
    return f"{name[: _LONGEST_NAME - 9].rstrip('-.')}-{mark}"


def _spec(lease: Json) -> Json:
    spec: Json = lease.get("spec") or {}
    return spec


def _micro_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
