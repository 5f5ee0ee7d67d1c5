"""Follows a Deployment and its pods in the background, and keeps the newest view."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from kubernetes import client

from core.clock import Clock
from core.cluster.kubernetes.backoff import Backoff
from core.cluster.kubernetes.connection import Connection, Json
from core.cluster.kubernetes.pod_watch import PodWatch
from core.cluster.kubernetes.pods import PodCondition, count, label_selector, pods_problem
from core.cluster.kubernetes.rollout import deployment_problem, rollout_in_progress
from core.cluster.kubernetes.target import Target
from core.cluster.kubernetes.translation import translated
from core.cluster.kubernetes.view import DeploymentView
from core.errors import ClusterError, ClusterProblem

_FIRST_LOOK_S = 0.02
"""How often `start` looks whether there is a first view."""
_WITH_NODE = (PodCondition.READY, PodCondition.STARTING, PodCondition.CRASH_LOOPING)


@dataclass(frozen=True, slots=True)
class _Deployment:
    """What one look at the Deployment gave."""

    desired: int
    selector: str
    rollout_in_progress: bool
    uid: str
    problem: str


class DeploymentWatcher:
    """Polls the Deployment and watches its pods.

    The Deployment is polled, not watched, so that the right to get this one object is enough; a
    poll also proves that the server still answers, which a silent watch does not.

    Args:
        connection: To the cluster; not closed by this.
        target: Which Deployment.
        clock: Paces polls and retries.
        rng: Spreads retries.
        poll_s: Seconds between two looks at the Deployment.
    """

    def __init__(
        self,
        connection: Connection,
        target: Target,
        clock: Clock,
        rng: np.random.Generator,
        poll_s: float = 5.0,
    ) -> None:
        self._connection = connection
        self._target = target
        self._clock = clock
        self._rng = rng
        self._poll_s = poll_s
        self._backoff = Backoff(rng, longest_s=max(poll_s, 5.0))
        self._lock = threading.Lock()
        self._deployment: _Deployment | None = None
        self._seen_at = clock.monotonic()
        self._error: ClusterError | None = None
        self._pods: PodWatch | None = None
        self._wake = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, timeout_s: float) -> DeploymentView:
        """Begin, and return the first view.

        Raises:
            ClusterError: There was none within `timeout_s`: why.
        """
        self._thread = threading.Thread(target=self._run, name="deployment-poll", daemon=True)
        self._thread.start()
        deadline = self._clock.monotonic() + timeout_s
        while not self._is_complete():
            error = self.problem
            # A wrong name or a missing right does not get better by waiting.
            hopeless = error is not None and not error.is_transient
            if hopeless or self._clock.monotonic() >= deadline:
                self.close()
                raise error or ClusterError(
                    f"could not observe {self._target}: no answer within {timeout_s:g} s.",
                    problem=ClusterProblem.TIMEOUT,
                )
            self._clock.wait(_FIRST_LOOK_S)
        return self.view

    def _is_complete(self) -> bool:
        with self._lock:
            pods = self._pods
            return self._deployment is not None and pods is not None and pods.has_listed

    @property
    def view(self) -> DeploymentView:
        """The newest view, however old.

        Raises:
            ClusterError: There was none yet.
        """
        with self._lock:
            deployment, pods = self._deployment, self._pods
        if deployment is None or pods is None:
            raise ClusterError(
                f"expected a view of {self._target}, found it not yet observed.",
                problem=ClusterProblem.UNREACHABLE,
            )
        reports = pods.reports
        problems = (deployment.problem, pods_problem(reports))
        return DeploymentView(
            desired=deployment.desired,
            pods=count(reports),
            rollout_in_progress=deployment.rollout_in_progress,
            uid=deployment.uid,
            pod_problem="; ".join(filter(None, problems)),
            startup_s=tuple(report.startup_s for report in reports if report.startup_s is not None),
            nodes=len(
                {item.node for item in reports if item.node and item.condition in _WITH_NODE}
            ),
        )

    @property
    def age_s(self) -> float:
        """Seconds for which the view may have been out of date."""
        with self._lock:
            deployment_s = self._clock.monotonic() - self._seen_at
            pods = self._pods
        return max(deployment_s, pods.age_s if pods is not None else 0.0)

    @property
    def problem(self) -> ClusterError | None:
        """What keeps the view from being fresh; None if it is."""
        with self._lock:
            error, pods = self._error, self._pods
        return error or (pods.error if pods is not None else None)

    def refresh(self) -> None:
        """Look at the Deployment again now rather than at the next poll; does not wait for it."""
        self._wake.set()

    def close(self) -> None:
        """End the threads; returns within a few seconds."""
        self._closed.set()
        self._wake.set()
        with self._lock:
            pods = self._pods
        if pods is not None:
            pods.close()
        if self._thread is not None:
            self._thread.join(timeout=2.0)

    def _run(self) -> None:
        while not self._closed.is_set():
            # Cleared before looking: a refresh asked for meanwhile is served by the next look.
            self._wake.clear()
            try:
                self._look()
            except ClusterError as error:
                with self._lock:
                    self._error = error
                # A refresh must not cut this short, or a broken server would be asked all the time.
                self._clock.wait(self._backoff.next_s(error), self._closed)
            else:
                self._backoff.reset()
                self._clock.wait(self._poll_s, self._wake)

    def _look(self) -> None:
        began = self._clock.monotonic()
        what = f"read Deployment {self._target}"
        content = self._connection.read(
            what,
            client.AppsV1Api(self._connection.client).read_namespaced_deployment,
            self._target.deployment,
            self._target.namespace,
        )
        with translated(what, self._connection.server):
            deployment = _parse(content)
        with self._lock:
            former = self._deployment
            self._deployment = deployment
            # What the server said may have been true when it was asked, not when it arrived.
            self._seen_at = began
            self._error = None
        if former is None or former.uid != deployment.uid or former.selector != deployment.selector:
            self._watch_pods(deployment.selector)

    def _watch_pods(self, selector: str) -> None:
        """(Re)start the watch: the Deployment is new, or another one of the same name."""
        if self._pods is not None:
            self._pods.close()
        if self._closed.is_set():
            return
        rng = self._rng.spawn(1)[0]
        pods = PodWatch(self._connection, self._target, selector, self._clock, rng)
        with self._lock:
            self._pods = pods
        if self._closed.is_set():
            # `close` may have looked just before.
            pods.close()


def _parse(content: Json) -> _Deployment:
    spec = content["spec"]
    return _Deployment(
        desired=int(spec.get("replicas", 1)),
        selector=label_selector(spec["selector"]),
        rollout_in_progress=rollout_in_progress(content),
        uid=str(content["metadata"]["uid"]),
        problem=deployment_problem(content),
    )
